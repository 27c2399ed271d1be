/** The library as others get it: its entries are documented, and it can be published. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

interface Config {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly lint?: { readonly rules?: { readonly exclude?: readonly string[] } };
}

const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))) as Config;
const entries = Object.values(config.exports);

/** Runs this Deno on the project, without a server of JSR: what needs one fails. */
async function deno(...args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", JSR_URL: "http://127.0.0.1:9/" },
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, err: err! };
}

Deno.test("the library has an entry for itself, and for chat, HTTP and certificates", () => {
  assertEquals(Object.keys(config.exports), [".", "./chat", "./http", "./cert"]);
});

Deno.test("every export of the entries is documented, and every type that one names exported", async () => {
  const { code, out, err } = await deno("doc", "--lint", ...entries);
  assertEquals(code, 0, `${out}${err}`);
});

Deno.test("the documentation shows the options of transports and layers where serve is", async () => {
  const { out } = await deno("doc", "mod.ts");
  for (
    const key of ["requireClientCert", "tlsCa", "idleTimeoutMs", "maxPeers", "fault", "sealedKey"]
  ) {
    assert(new RegExp(`readonly ${key}\\?: `).test(out), key);
  }
  assertStringIncludes((await deno("doc", "--filter", "serve", "mod.ts")).out, "ListenOptions");
  assertStringIncludes((await deno("doc", "--filter", "connect", "mod.ts")).out, "DialOptions");
});

/** What a dry run shows: that all is there and typed without inference. Only a server of JSR can
 * tell whether it takes the package. */
Deno.test("a dry run of publishing passes without JSR, and ships no test", async () => {
  assertEquals(config.lint?.rules?.exclude?.includes("no-slow-types") ?? false, false);
  const { code, out, err } = await deno("publish", "--dry-run", "--allow-dirty");
  assertEquals(code, 0, err);
  assertEquals(/^warning/m.test(err), false, err);
  const shown = [...`${out}${err}`.matchAll(/^ +(file:\S+) \(/gm)];
  const files = shown.map(([, url]) => url!.slice(ROOT.href.length));
  for (const path of [...entries.map((entry) => entry.slice(2)), "README.md", "LICENSE"]) {
    assert(files.includes(path), path);
  }
  const folders = new Set(
    files.filter((path) => path.includes("/")).map((path) => path.split("/")[0]!),
  );
  assertEquals(
    [...folders].toSorted(),
    ["clients", "core", "dock", "layers", "mod", "protocols", "servers", "web"],
  );
  assertEquals(files.filter((path) => /_test\.|\/tests?\/|\/bench/.test(path)), []);
});
