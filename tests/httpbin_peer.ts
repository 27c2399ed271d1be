/** httpbin, on a Python that has it, which not every Python of a machine does. */

import { RunningProcess } from "./running_process.ts";

const found = ["/usr/bin/python3", "python3"].find((python) => {
  try {
    const args = ["-c", "import httpbin"];
    return new Deno.Command(python, { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
});

/** Registers a test that needs it. Where it is missing the test is ignored and a line says why. */
export function httpbinTest(name: string, body: (t: Deno.TestContext) => Promise<void>): void {
  if (found === undefined) {
    console.log(`skipped: ${name}: needs httpbin (apt-get install python3-httpbin)`);
  }
  Deno.test({ name, ignore: found === undefined, fn: body });
}

/** A running httpbin. */
export interface Httpbin extends AsyncDisposable {
  readonly url: string;
}

/** Starts it and waits until it listens. */
export async function startHttpbin(): Promise<Httpbin> {
  if (found === undefined) throw new Error("Cannot run httpbin: it is missing");
  const program = `${import.meta.dirname}/peers/httpbin_server.py`;
  const process = new RunningProcess(found, ["-B", program]);
  const [, host, port] = await process.stdout.line(/^listening (\S+) (\d+)$/);
  return {
    url: `http://${host}:${port}`,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
