// The launcher of the npm package passes signals on to this program. After SIGKILL it cannot, and would
// leave a server behind that nobody stops, so the program notices that its parent has gone.

import { permittedVariable } from "../../core/environment.ts";

const EVERY_MS = 1000;

/** Calls `gone` once the launcher that started this program has ended; never where there was none. On
 * Windows a process does not learn of it. */
export function whenLauncherIsGone(gone: () => void): Disposable {
  // Only the launcher says how it was called itself.
  if (permittedVariable("SOCKDOCK_CALLED_AS") === undefined) return { [Symbol.dispose]() {} };
  const parent = Deno.ppid;
  const timer = setInterval(() => {
    if (Deno.ppid === parent) return;
    clearInterval(timer);
    gone();
  }, EVERY_MS);
  Deno.unrefTimer(timer);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
