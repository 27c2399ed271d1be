// SIGHUP: take up certificate files that have changed.

import type { Dock } from "../../dock/serve.ts";
import type { RunningServer } from "../../core/running_server.ts";

/** Listens for the signal until disposed. Where nothing can be reloaded it keeps its usual meaning:
 * the terminal was closed, so end. Windows has no such signal; there, as everywhere, changed files
 * are noticed without one. */
export class ReloadSignal implements Disposable {
  #handler: (() => void) | null = null;
  #servers: readonly RunningServer[] = [];
  /** It came before there were servers. */
  #early = false;

  /** From here on the signal does not end the process, which it would between the moment when a
   * server says that it listens and the moment when it is known here. */
  constructor() {
    if (Deno.build.os === "windows") return;
    this.#handler = () => {
      this.#early = true;
      for (const server of this.#servers) void server.reload?.();
    };
    Deno.addSignalListener("SIGHUP", this.#handler);
  }

  /** The servers have started.
   * @param finish ends them, if that is what an early signal meant */
  concerns(docks: readonly Dock[], finish: () => void): void {
    this.#servers = docks.flatMap((dock) => dock.servers).filter(({ reload }) => reload);
    if (this.#servers.length > 0) {
      if (this.#early) this.#handler?.();
      return;
    }
    this[Symbol.dispose]();
    if (this.#early) finish();
  }

  [Symbol.dispose](): void {
    if (this.#handler !== null) Deno.removeSignalListener("SIGHUP", this.#handler);
    this.#handler = null;
  }
}
