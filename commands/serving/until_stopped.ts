// The life cycle of a command that serves: it runs until its servers stop or a signal stops them.

import type { Dock } from "../../dock/serve.ts";
import type { StopSignals } from "../terminal/stop_signals.ts";
import type { ServiceManager } from "./service_manager.ts";

/** Waits until all docks have stopped, by themselves or by a signal, and returns the exit
 * code.
 * @throws {Error} when one of them broke */
export async function untilStopped(
  docks: readonly Dock[],
  signals: StopSignals,
  manager: ServiceManager | null,
): Promise<number> {
  let told: Promise<void> | undefined;
  const drain = () => {
    told = manager?.stopping();
    docks.forEach((dock) => void dock.shutdown().catch(() => {}));
  };
  const stopNow = () => docks.forEach((dock) => void dock.shutdown({ graceMs: 0 }).catch(() => {}));
  signals.drain.addEventListener("abort", drain, { once: true });
  signals.now.addEventListener("abort", stopNow, { once: true });
  if (signals.drain.aborted) drain();
  if (signals.now.aborted) stopNow();
  const ends = await Promise.allSettled(docks.map((dock) => dock.finished));
  await told;
  const broken = ends.find((end) => end.status === "rejected");
  if (broken !== undefined) throw broken.reason;
  return signals.exitCode;
}
