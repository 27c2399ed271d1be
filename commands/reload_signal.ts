// SIGHUP: take up certificate files that have changed.

import type { Dock } from "../dock/serve.ts";

/** Reloads the docks on each signal, until disposed. Where nothing can be reloaded the signal keeps
 * its usual meaning: the terminal was closed, so end. Windows has no such signal; there, as
 * everywhere, changed files are noticed without one. */
export class ReloadSignal implements Disposable {
  readonly #handler: (() => void) | null = null;

  constructor(docks: readonly Dock[]) {
    const servers = docks.flatMap((dock) => dock.servers).filter(({ reload }) => reload);
    if (Deno.build.os === "windows" || servers.length === 0) return;
    this.#handler = () => servers.forEach((server) => void server.reload?.());
    Deno.addSignalListener("SIGHUP", this.#handler);
  }

  [Symbol.dispose](): void {
    if (this.#handler !== null) Deno.removeSignalListener("SIGHUP", this.#handler);
  }
}
