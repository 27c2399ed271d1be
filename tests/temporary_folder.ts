/** A folder for one test. */

/** Makes a folder that goes away, with all that is in it, when it is disposed of. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  // Short, because the path of a Unix socket may have no more than 107 bytes.
  const path = await Deno.makeTempDir({ prefix: "sd-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
