// Ctrl-C and SIGTERM: the first asks to finish, the second to stop now.

import { exitCodes } from "../exit_code.ts";

/** Listens for signals until disposed. */
export class StopSignals implements Disposable {
  /** Aborted by the first signal. */
  readonly drain: AbortSignal;
  /** Aborted by the second. */
  readonly now: AbortSignal;
  /** The exit code that the signal asks for; 0 when there was none. */
  exitCode: number = exitCodes.ok;

  /** Asks to finish as the first signal does, without a signal. */
  readonly finish: () => void;

  readonly #handlers: (readonly [Deno.Signal, () => void])[] = [];

  constructor() {
    const drain = new AbortController();
    const now = new AbortController();
    this.drain = drain.signal;
    this.now = now.signal;
    this.finish = () => drain.abort();
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
    for (const [name, handler] of this.#handlers.splice(0)) {
      Deno.removeSignalListener(name, handler);
    }
  }
}
