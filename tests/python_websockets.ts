/** WebSockets of Python: the packages `websockets` and `wsproto`. */

import { packageTest, startPackageProgram } from "./python_package.ts";
import type { RunningProcess } from "./running_process.ts";

/** Registers a test that needs `websockets`. */
export function pythonWebSocketsTest(name: string, body: () => Promise<void>): void {
  packageTest("websockets", name, body);
}

/** Registers a test that needs `wsproto`. */
export function wsprotoTest(name: string, body: () => Promise<void>): void {
  packageTest("wsproto", name, body);
}

/** Starts one of our programs in `tests/peers` on the package it is named for. */
export function startWebSocketsProgram(program: string, args: readonly string[]): RunningProcess {
  const needed = program.startsWith("wsproto") ? "wsproto" : "websockets";
  return startPackageProgram(needed, program, args);
}
