/** Python with the package `websockets`, which not every Python of a machine has. */

import { RunningProcess } from "./running_process.ts";

const found = ["python3", "/usr/bin/python3"].find((python) => {
  try {
    const args = ["-c", "import websockets"];
    return new Deno.Command(python, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
});

/** Registers a test that needs it. Where it is missing the test is ignored and a line says why. */
export function pythonWebSocketsTest(name: string, body: () => Promise<void>): void {
  if (found === undefined) {
    console.log(`skipped: ${name}: needs websockets (apt-get install python3-websockets)`);
  }
  Deno.test({ name, ignore: found === undefined, fn: body });
}

/** Starts one of our programs in `tests/peers` on it. */
export function startWebSocketsProgram(program: string, args: readonly string[]): RunningProcess {
  if (found === undefined) throw new Error(`Cannot run ${program}: websockets is missing`);
  return new RunningProcess(found, ["-B", `${import.meta.dirname}/peers/${program}`, ...args]);
}
