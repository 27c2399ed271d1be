// Ctrl-C and SIGTERM: the first signal asks to finish, the second stops at once.

import type { DialledSession } from "../../core/client_kind.ts";
import { exitCodes } from "../exit_code.ts";
import { whenLauncherIsGone } from "./launcher.ts";

/** Listens for signals until disposed. Without the launcher that passes them on, stops at once. */
export class StopSignals implements Disposable {
  /** Aborted by the first signal. */
  readonly drain: AbortSignal;
  /** Aborted by the second. */
  readonly now: AbortSignal;
  /** The exit code for the signal; 0 when there was none. */
  exitCode: number = exitCodes.ok;

  /** Starts to finish as the first signal does. */
  readonly finish: () => void;

  /** Stops at once, as the second signal does. */
  readonly stop: () => void;

  readonly #handlers: (readonly [Deno.Signal, () => void])[] = [];
  readonly #launcher: Disposable;

  constructor() {
    const drain = new AbortController();
    const now = new AbortController();
    this.drain = drain.signal;
    this.now = now.signal;
    this.finish = () => drain.abort();
    this.stop = () => {
      drain.abort();
      now.abort();
    };
    this.#launcher = whenLauncherIsGone(this.stop);
    const names: readonly Deno.Signal[] = Deno.build.os === "windows"
      ? ["SIGINT", "SIGBREAK"]
      : ["SIGINT", "SIGTERM"];
    for (const name of names) {
      const handler = () => {
        this.exitCode = name === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
        (drain.signal.aborted ? now : drain).abort();
      };
      Deno.addSignalListener(name, handler);
      this.#handlers.push([name, handler]);
    }
  }

  [Symbol.dispose](): void {
    this.#launcher[Symbol.dispose]();
    for (const [name, handler] of this.#handlers.splice(0)) {
      Deno.removeSignalListener(name, handler);
    }
  }
}

/** Runs a session's work and resolves to the exit code. A signal closes a datagram session, because
 * no system tells its peer that the program has died, and the peer would wait until the session
 * counts as idle. Elsewhere a signal ends the program as usual, unless the caller has something to
 * put in order.
 * @param always whether it has */
export async function leaveOnSignal(
  session: DialledSession,
  run: () => Promise<number>,
  always = false,
): Promise<number> {
  const { transport } = session.peer;
  if (!always && transport !== "udp" && transport !== "unixgram") return await run();
  using signals = new StopSignals();
  const signalled = Promise.withResolvers<undefined>();
  signals.drain.addEventListener("abort", () => signalled.resolve(undefined), { once: true });
  const running = run();
  const code = await Promise.race([running, signalled.promise]);
  if (code !== undefined) return code;
  // After a signal the result is of no interest.
  running.catch(() => {});
  session.close("interrupted");
  // The farewell is sent before the program ends.
  await new Promise((resolve) => setTimeout(resolve, 0));
  return signals.exitCode;
}
