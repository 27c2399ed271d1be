/** What a server that was killed has left of its uploads. */

import { assertEquals } from "@std/assert";
import { lockUpload, removeLeftovers } from "../../../../web/files/upload/leftovers.ts";
import { Target } from "./target.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW_MS = 100 * DAY_MS;

/** Puts a file there that was written to last so long ago. */
async function put(path: string, agoMs: number): Promise<void> {
  await Deno.writeTextFile(path, "part of a file");
  await Deno.utime(path, (NOW_MS - agoMs) / 1000, (NOW_MS - agoMs) / 1000);
}

Deno.test("unfinished uploads of more than a day ago are removed, and nothing else", async () => {
  await using target = await Target.create();
  const { path, outside, root } = target;
  await put(`${path}/.sockdock-upload-old`, DAY_MS + 1000);
  await put(`${path}/sub/.sockdock-upload-old`, 9 * DAY_MS);
  await put(`${path}/.sockdock-upload-young`, DAY_MS - 1000);
  await put(`${path}/.sockdock-partial-old`, 2 * DAY_MS);
  await put(`${path}/sockdock-upload-old`, 2 * DAY_MS);
  await Deno.mkdir(`${outside}/other`);
  await put(`${outside}/other/.sockdock-upload-old`, 2 * DAY_MS);
  await Deno.symlink(`${outside}/other`, `${path}/link`);
  await Deno.symlink(`${outside}/other/.sockdock-upload-old`, `${path}/.sockdock-upload-link`);
  await put(`${path}/.sockdock-upload-locked`, 2 * DAY_MS);
  using locked = await Deno.open(`${path}/.sockdock-upload-locked`, { write: true });
  await lockUpload(locked);
  assertEquals(await removeLeftovers(root, NOW_MS, new AbortController().signal), 2);
  assertEquals(await target.names(), [
    ".sockdock-partial-old",
    ".sockdock-upload-link",
    ".sockdock-upload-locked",
    ".sockdock-upload-young",
    "link",
    "sockdock-upload-old",
    "sub",
  ]);
  assertEquals([...Deno.readDirSync(`${path}/sub`)].length, 0);
  assertEquals([...Deno.readDirSync(`${outside}/other`)].length, 1);
});

Deno.test("an upload under way is locked, however old its file seems", async () => {
  await using target = await Target.create();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const answer = target.put("/a", readable);
  const writer = writable.getWriter();
  await writer.write(new Uint8Array(10));
  await writer.write(new Uint8Array(10));
  const [name] = (await target.names()).filter((name) => name.startsWith(".sockdock-upload-"));
  await Deno.utime(`${target.path}/${name}`, 0, 0);
  assertEquals(await removeLeftovers(target.root, NOW_MS, new AbortController().signal), 0);
  await writer.close();
  assertEquals((await answer).status, 201);
});
