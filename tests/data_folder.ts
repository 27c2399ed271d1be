/** Where the programs that tests start keep what would be their user's own: never in the data folder
 * of whoever runs the tests. */

let folder: string | undefined;

/** A folder that all of one test process share, gone when it ends. */
export function testDataFolder(): string {
  if (folder === undefined) {
    const made = Deno.makeTempDirSync({ prefix: "sd-data-" });
    globalThis.addEventListener("unload", () => Deno.removeSync(made, { recursive: true }));
    folder = made;
  }
  return folder;
}
