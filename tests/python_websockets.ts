/** Python with the packages `websockets` and `wsproto`, which not every Python of a machine has. */

import { RunningProcess } from "./running_process.ts";

/** A package of Python, and how it is installed. */
type Package = "websockets" | "wsproto";

const found = new Map<Package, string | undefined>();

/** The Python that has it. */
function pythonWith(name: Package): string | undefined {
  if (!found.has(name)) {
    found.set(
      name,
      ["python3", "/usr/bin/python3"].find((python) => {
        try {
          const args = ["-c", `import ${name}`];
          const command = new Deno.Command(python, { args, stdout: "null", stderr: "null" });
          return command.outputSync().success;
        } catch {
          return false;
        }
      }),
    );
  }
  return found.get(name);
}

/** Registers a test that needs a package. Where it is missing the test is ignored and a line says
 * why. */
function packageTest(needed: Package, name: string, body: () => Promise<void>): void {
  const ignore = pythonWith(needed) === undefined;
  if (ignore) console.log(`skipped: ${name}: needs ${needed} (apt-get install python3-${needed})`);
  Deno.test({ name, ignore, fn: body });
}

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
  const python = pythonWith(needed);
  if (python === undefined) throw new Error(`Cannot run ${program}: ${needed} is missing`);
  return new RunningProcess(python, ["-B", `${import.meta.dirname}/peers/${program}`, ...args]);
}
