// SIGHUP, which makes servers load certificate files that have changed.

import type { Dock } from "../../dock/serve.ts";
import type { RunningServer } from "../../core/running_server.ts";
import type { ServiceManager } from "./service_manager.ts";

/** Listens for the signal until disposed. When no server can reload, and no service manager sends it,
 * the signal keeps its default meaning: the terminal was closed, and the program ends. Windows has
 * no such signal; changed files are noticed without it on every system. */
export class ReloadSignal implements Disposable {
  #handler: (() => void) | null = null;
  readonly #manager: ServiceManager | null;
  #servers: readonly RunningServer[] = [];
  /** Whether the signal came before the servers had started. */
  #early = false;
  #isStarted = false;

  /** Handles the signal from here on, because it would end the process if it came between a
   * server's `listening` and the call of `concerns`. */
  constructor(manager: ServiceManager | null = null) {
    this.#manager = manager;
    if (Deno.build.os === "windows") return;
    this.#handler = () => {
      this.#early = true;
      // Before the servers have started, the manager has not been told either that they are ready.
      if (this.#isStarted) void this.#reload();
    };
    Deno.addSignalListener("SIGHUP", this.#handler);
  }

  /** To be called once the servers have started.
   * @param finish ends them; called when the signal came early and none of them can reload */
  concerns(docks: readonly Dock[], finish: () => void): void {
    this.#servers = docks.flatMap((dock) => dock.servers).filter(({ reload }) => reload);
    this.#isStarted = true;
    if (this.#servers.length > 0 || this.#manager !== null) {
      if (this.#early) this.#handler?.();
      return;
    }
    this[Symbol.dispose]();
    if (this.#early) finish();
  }

  async #reload(): Promise<void> {
    const reload = () => Promise.all(this.#servers.map((server) => server.reload?.()));
    await (this.#manager?.reloading(reload) ?? reload());
  }

  [Symbol.dispose](): void {
    if (this.#handler !== null) Deno.removeSignalListener("SIGHUP", this.#handler);
    this.#handler = null;
  }
}
