// SIGHUP, which makes servers load certificate files that have changed.

import type { Dock } from "../../dock/serve.ts";
import type { RunningServer } from "../../core/running_server.ts";

/** Listens for the signal until disposed. When no server can reload, the signal keeps its default
 * meaning: the terminal was closed, and the program ends. Windows has no such signal; changed
 * files are noticed without it on every system. */
export class ReloadSignal implements Disposable {
  #handler: (() => void) | null = null;
  #servers: readonly RunningServer[] = [];
  /** Whether the signal came before the servers had started. */
  #early = false;

  /** Handles the signal from here on, because it would end the process if it came between a
   * server's `listening` and the call of `concerns`. */
  constructor() {
    if (Deno.build.os === "windows") return;
    this.#handler = () => {
      this.#early = true;
      for (const server of this.#servers) void server.reload?.();
    };
    Deno.addSignalListener("SIGHUP", this.#handler);
  }

  /** To be called once the servers have started.
   * @param finish ends them; called when the signal came early and none of them can reload */
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
