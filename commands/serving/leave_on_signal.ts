// Leaving in order on Ctrl-C and SIGTERM. When a program with a connection dies, its system tells the
// peer; on datagrams nobody does, and the peer would wait for as long as it waits for the silent.

import type { DialledSession } from "../../core/client_kind.ts";
import { StopSignals } from "../terminal/stop_signals.ts";

/** Runs what a command does with a session. A signal closes the session and ends the command, where the
 * session is one of datagrams; elsewhere it ends the program as usual.
 *
 * @returns the exit code */
export async function leaveOnSignal(
  session: DialledSession,
  run: () => Promise<number>,
): Promise<number> {
  const { transport } = session.peer;
  if (transport !== "udp" && transport !== "unixgram") return await run();
  using signals = new StopSignals();
  const signalled = Promise.withResolvers<undefined>();
  signals.drain.addEventListener("abort", () => signalled.resolve(undefined), { once: true });
  const running = run();
  const code = await Promise.race([running, signalled.promise]);
  if (code !== undefined) return code;
  // What it was about to say or hear is of no interest any more.
  running.catch(() => {});
  session.close("interrupted");
  // The farewell is sent before the program ends.
  await new Promise((resolve) => setTimeout(resolve, 0));
  return signals.exitCode;
}
