/** Python with packages that not every Python of a machine has. */

import { RunningProcess } from "./running_process.ts";

/** A package of Python that tests speak with. */
export type PythonPackage =
  | "cryptography"
  | "httpbin"
  | "pytest"
  | "websockets"
  | "wheel"
  | "wsproto";

const found = new Map<PythonPackage, string | undefined>();

/** The Python that has it; undefined where none does. */
export function pythonWith(name: PythonPackage): string | undefined {
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
export function packageTest(
  needed: PythonPackage,
  name: string,
  body: (t: Deno.TestContext) => Promise<void>,
): void {
  const ignore = pythonWith(needed) === undefined;
  if (ignore) console.log(`skipped: ${name}: needs ${needed} (apt-get install python3-${needed})`);
  Deno.test({ name, ignore, fn: body });
}

/** Starts one of our programs in `tests/peers` on the Python that has its package. */
export function startPackageProgram(
  needed: PythonPackage,
  program: string,
  args: readonly string[] = [],
): RunningProcess {
  const python = pythonWith(needed);
  if (python === undefined) throw new Error(`Cannot run ${program}: ${needed} is missing`);
  return new RunningProcess(python, ["-B", `${import.meta.dirname}/peers/${program}`, ...args]);
}
