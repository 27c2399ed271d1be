/** httpbin, for what is compared with it. */

import { packageTest, startPackageProgram } from "./python_package.ts";

/** Registers a test that needs it. */
export function httpbinTest(name: string, body: (t: Deno.TestContext) => Promise<void>): void {
  packageTest("httpbin", name, body);
}

/** A running httpbin. */
export interface Httpbin extends AsyncDisposable {
  readonly url: string;
}

/** Starts it and waits until it listens. */
export async function startHttpbin(): Promise<Httpbin> {
  const process = startPackageProgram("httpbin", "httpbin_server.py");
  const [, host, port] = await process.stdout.line(/^listening (\S+) (\d+)$/);
  return {
    url: `http://${host}:${port}`,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  };
}
