/** docs/inspect.md, and what its source promises. */

import { assert, assertEquals } from "@std/assert";
import { endpoints } from "../../../web/inspect/endpoints/index.ts";
import { inspectReference } from "./reference.ts";

const PAGE = new URL("../../../docs/inspect.md", import.meta.url);

Deno.test("docs/inspect.md is what the lists say", async () => {
  const wanted = inspectReference();
  // The formatter aligns tables, which is of no meaning.
  const plain = (text: string) => text.replace(/ +/g, " ").replace(/-{3,}/g, "---");
  if (Deno.env.get("WRITE") === "1") await Deno.writeTextFile(PAGE, wanted);
  assertEquals(
    plain(await Deno.readTextFile(PAGE)),
    plain(wanted),
    "run: WRITE=1 deno test -A tests/web/inspect/reference_test.ts && deno fmt docs/inspect.md",
  );
});

Deno.test("every blank of a path has an example, and no two endpoints share a path", () => {
  for (const { path, parameters = [] } of endpoints) {
    const blanks = [...path.matchAll(/[:*](\w+)/g)].map(([, name]) => name!);
    const inPath = parameters.filter((parameter) => parameter.in === "path");
    assertEquals(inPath.map(({ name }) => name).sort(), blanks.sort(), path);
    assert(inPath.every(({ example }) => example !== ""), path);
  }
  const paths = endpoints.map(({ path }) => path);
  assertEquals(paths.filter((path, at) => paths.indexOf(path) !== at), []);
});
