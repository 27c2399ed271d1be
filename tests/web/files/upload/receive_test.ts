/** Receiving files: what is stored, under which names, and what is refused from the start. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { formOf, rawForm, refused, SETTINGS, Target } from "./target.ts";

Deno.test("PUT stores a file and says where", async () => {
  await using target = await Target.create();
  const response = await target.put("/sub/na%C3%AFve%20file.txt", "hello");
  assertEquals(response.status, 201);
  assertEquals(response.headers.get("location"), "/sub/na%C3%AFve%20file.txt");
  const located = await target.root.locate("/sub/na%C3%AFve%20file.txt");
  assert(located !== null);
  assertEquals(response.headers.get("etag"), await SETTINGS.entityTag(located));
  assertEquals(await response.text(), "Stored naïve file.txt (5 bytes)\n");
  assertEquals(await target.read("sub/naïve file.txt"), "hello");
});

Deno.test("PUT without a body stores an empty file", async () => {
  await using target = await Target.create();
  assertEquals((await target.put("/empty", null)).status, 201);
  assertEquals(await target.read("empty"), "");
});

Deno.test("a form stores all of its files and leaves its fields", async () => {
  await using target = await Target.create();
  const form = formOf({ "a.txt": "one", "b.txt": "two" });
  form.append("note", "not a file");
  const response = await target.post(form);
  assertEquals(response.status, 201);
  assertEquals(await response.text(), "Stored a.txt (3 bytes)\nStored b.txt (3 bytes)\n");
  assertEquals(await target.names(), ["a.txt", "b.txt", "sub"]);
});

Deno.test("a browser without script is led back to the folder, and told what went wrong", async () => {
  await using target = await Target.create();
  const headers = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  const stored = await target.post(formOf({ "a.txt": "one" }), { headers });
  assertEquals(stored.status, 303);
  assertEquals(stored.headers.get("location"), "/");
  const again = await target.post(formOf({ "a.txt": "two" }), { headers });
  assertEquals(again.headers.get("content-type"), "text/html; charset=utf-8");
  await refused(again, 409, "&#34;a.txt&#34; is there already");
});

Deno.test("whoever asks for JSON gets JSON", async () => {
  await using target = await Target.create();
  const headers = { accept: "application/json" };
  const stored = await target.post(formOf({ "a.txt": "one" }), { headers });
  assertEquals(await stored.json(), { files: [{ name: "a.txt", bytes: 3, replaced: false }] });
  const response = await target.put("/a.txt", "two", { headers });
  assertEquals(response.status, 409);
  const { error } = await response.json() as { readonly error: string };
  assertMatch(error, /is there already/);
});

Deno.test("a file is replaced only when that is allowed", async () => {
  await using target = await Target.create();
  await target.put("/a.txt", "one");
  await refused(await target.put("/a.txt", "two"), 409, "nothing is replaced");
  await refused(await target.post(formOf({ "b.txt": "b", "a.txt": "two" })), 409, "a.txt");
  assertEquals(await target.names(), ["a.txt", "sub"]);
  assertEquals(await target.read("a.txt"), "one");
  const replaced = await target.put("/a.txt", "two", { settings: { overwrite: true } });
  assertEquals(replaced.status, 204);
  assertEquals(await target.read("a.txt"), "two");
});

Deno.test("only the last name of a path counts", async () => {
  await using target = await Target.create();
  for (const sent of ["../../a", "/etc/a", "C:\\\\dir\\\\a", "..\\\\a", "x/../a", "sub/a"]) {
    const [body, headers] = rawForm(sent);
    assertEquals((await target.post(body, { headers })).status, 201, sent);
    await Deno.remove(`${target.path}/a`);
  }
  assertEquals(await target.names(), ["sub"]);
});

Deno.test("a name that is none, hides or misleads is refused", async () => {
  await using target = await Target.create();
  const names = [".", "..", "../", "a/", ".hidden", ".sockdock-upload-x", "con", "NUL.txt", "Com1"]
    .concat("a\u0085b", "a\u202eb", "a\u2028b", "n".repeat(256), "ü".repeat(128), "lpt1.x.y");
  for (const name of names) {
    const text = rawForm(name);
    const response = await target.post(text[0], { headers: text[1] });
    assertEquals(response.status, 400, name);
    assertStringIncludes(await response.text(), "The name");
  }
  assertEquals(await target.names(), ["sub"]);
  for (
    const [index, name] of ["a..b", "...", "conman", "com10", "%2e%2e", "n".repeat(255)].entries()
  ) {
    const [body, headers] = rawForm(name);
    // "..." begins with a dot.
    assertEquals((await target.post(body, { headers })).status, index === 1 ? 400 : 201, name);
  }
});

Deno.test("dot files are stored where they are shown, and temporary ones never are", async () => {
  await using target = await Target.create(true);
  assertEquals((await target.post(formOf({ ".profile": "x" }))).status, 201);
  await refused(await target.post(formOf({ ".sockdock-upload-1": "x" })), 400, "The name");
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const answer = target.put("/slow", readable);
  const writer = writable.getWriter();
  await writer.write(new Uint8Array(10));
  const temporary = (await target.names()).find((name) => name.startsWith(".sockdock-upload-"));
  assert(temporary !== undefined);
  assertEquals(await target.root.locate(`/${temporary}`), null);
  const folder = await target.folder();
  const shown = await Array.fromAsync(target.root.entries(folder), ({ name }) => name);
  assertEquals(shown.sort(), [".profile", "sub"]);
  await writer.close();
  assertEquals((await answer).status, 201);
});

Deno.test("a file that is too large is refused as soon as that is known", async () => {
  await using target = await Target.create();
  const settings = { maxUploadBytes: 1000 };
  await refused(await target.put("/a", "x".repeat(1001), { settings }), 413, "1000 bytes");
  const told = { "content-length": "1001" };
  await refused(await target.put("/a", "x", { settings, headers: told }), 413, "1000 bytes");
  await refused(await target.post(formOf({ a: "x".repeat(1001) }), { settings }), 413, "1000");
  assertEquals((await target.put("/b", "x".repeat(1000), { settings })).status, 201);
  assertEquals(await target.names(), ["b", "sub"]);
});

Deno.test("what is no upload is refused with a reason", async () => {
  await using target = await Target.create();
  const refusals: [status: number, headers: Record<string, string>, body: string][] = [
    [415, { "content-type": "text/plain" }, "x"],
    [415, { "content-type": "application/x-www-form-urlencoded" }, "a=b"],
    [400, { "content-type": "multipart/form-data" }, "x"],
    [400, { "content-type": "multipart/form-data; boundary=B" }, ""],
    [400, { "content-type": "multipart/form-data; boundary=B" }, "--B--"],
    [400, { "content-type": "multipart/form-data; boundary=B" }, rawForm("")[0]],
  ];
  for (const [status, headers, body] of refusals) {
    const response = await target.post(body, { headers });
    assertEquals(response.status, status, await response.text());
  }
  const range = { "content-range": "bytes 0-0/5" };
  await refused(await target.put("/a", "x", { headers: range }), 400, "part of a file");
  const encoded = { "content-encoding": "gzip" };
  await refused(await target.put("/a", "x", { headers: encoded }), 415, "encoded");
  assertEquals(await target.names(), ["sub"]);
});

Deno.test("too many files, the same name twice and endless fields are refused", async () => {
  await using target = await Target.create();
  const many = formOf(Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`f${at}`, ""])));
  await refused(await target.post(many), 413, "More than 100");
  const twice = formOf({ a: "one" });
  twice.append("file", new File(["two"], "a"));
  await refused(await target.post(twice), 400, "Two files");
  const field = new FormData();
  field.append("note", "x".repeat(70_000));
  await refused(await target.post(field), 413, "field");
  assertEquals(await target.names(), ["sub"]);
});

Deno.test("conditions are held to what is there now", async () => {
  await using target = await Target.create();
  const settings = { overwrite: true };
  const put = async (body: string, headers: Record<string, string>) => {
    const response = await target.put("/a", body, { settings, headers });
    await response.body?.cancel();
    return response;
  };
  assertEquals((await put("0", { "if-match": "*" })).status, 412);
  assertEquals((await put("0", { "if-match": `"x"` })).status, 412);
  const first = await put("1", { "if-none-match": "*" });
  assertEquals(first.status, 201);
  const tag = first.headers.get("etag") ?? "";
  assertEquals((await put("2", { "if-none-match": "*" })).status, 412);
  assertEquals((await put("2", { "if-none-match": `"x", ${tag}` })).status, 412);
  assertEquals((await put("2", { "if-match": `W/${tag}` })).status, 412);
  assertEquals((await put("2", { "if-match": `nonsense` })).status, 412);
  const past = { "if-unmodified-since": "Sun, 06 Nov 1994 08:49:37 GMT" };
  assertEquals((await put("2", past)).status, 412);
  assertEquals(await target.read("a"), "1");
  const second = await put("two", { "if-match": `"x", ${tag.replace(/"$/, '.gzip"')}` });
  assertEquals(second.status, 204);
  assertEquals((await put("3", { "if-match": tag })).status, 412);
  assertEquals((await put("3", { "if-match": "*" })).status, 204);
});
