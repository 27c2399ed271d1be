/** Answers of `files` and `hello` that lie ready: each is the one that `handle` would give. */

import { assert, assertEquals } from "@std/assert";
import type { HttpService, QuickAnswer } from "../../../../core/http/app.ts";
import { resolveOptions } from "../../../../core/options/option_table.ts";
import { files } from "../../../../web/files.ts";
import { openFiles } from "../../../../web/files/open.ts";
import type { FilesOptions } from "../../../../web/files/options.ts";
import { openHello } from "../../../../web/hello/page.ts";
import { stillContext, tcpAddress } from "../../../memory.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";

const TEXT = "some text that compresses ".repeat(200);
const LARGE = Uint8Array.from({ length: 200_000 }, (_, index) => index * 7 + (index >> 8));

/** A folder with every kind of file, and its service. */
async function serving(options: Partial<FilesOptions> = {}) {
  await using starting = new AsyncDisposableStack();
  const { path } = starting.use(await temporaryFolder());
  await Deno.mkdir(`${path}/folder/index`, { recursive: true });
  await Deno.writeTextFile(`${path}/text.txt`, TEXT);
  await Deno.writeTextFile(`${path}/empty`, "");
  await Deno.writeFile(`${path}/bytes`, LARGE.subarray(0, 3000));
  await Deno.writeFile(`${path}/large`, LARGE);
  await Deno.writeTextFile(`${path}/folder/index/index.html`, "<p>index");
  const time = { nowMs: Date.now() + 10_000 };
  const context = stillContext({ now: () => time.nowMs });
  const given = { ...resolveOptions(files.options, {}), root: path, ...options };
  const service = starting.use(await openFiles(given, context));
  const owned = starting.move();
  return { path, service, time, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

type Fields = Readonly<Record<string, string>>;

/** What came of a request, however it was answered. */
interface Answered {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

async function quick(
  { quick }: HttpService,
  target: string,
  fields: Fields = {},
  method: "GET" | "HEAD" = "GET",
): Promise<Answered | null> {
  const [path = "", query] = target.split("?");
  const answer = await quick!({
    method,
    path,
    query: query === undefined ? "" : `?${query}`,
    header: (name) => fields[name] ?? null,
  });
  return answer && await readAnswer(answer);
}

/** Reads an answer as a client does. */
async function readAnswer({ status, bytes, file }: QuickAnswer): Promise<Answered> {
  const text = new TextDecoder("latin1").decode(bytes);
  const end = text.indexOf("\r\n\r\n") + 4;
  const [line = "", ...lines] = text.slice(0, end - 4).split("\r\n");
  assert(line.startsWith(`HTTP/1.1 ${status} `), line);
  const headers = new Map(lines.map((line) => {
    const [, name = "", value = ""] = /^([^:]+): (.*)$/.exec(line) ?? [];
    return [name, value];
  }));
  assertEquals(headers.size, lines.length, "each field once");
  const parts = [bytes.subarray(end)];
  if (file !== undefined) {
    assertEquals(String(file.length), headers.get("content-length"));
    const piece = new Uint8Array(7000);
    for (let count = await file.read(piece); count !== null; count = await file.read(piece)) {
      parts.push(piece.slice(0, count));
    }
    file.release();
  }
  return { status, headers, body: await new Blob(parts as BlobPart[]).bytes() };
}

async function handled(
  { handle }: HttpService,
  target: string,
  headers: Fields = {},
  method = "GET",
): Promise<Answered> {
  const request = new Request(`http://localhost${target}`, { headers, method });
  const response = await handle(request, { peer: tcpAddress(1), serverUrl: "" });
  const body = method === "HEAD" ? new Uint8Array() : await response.bytes();
  if (method === "HEAD") await response.body?.cancel();
  return { status: response.status, headers: new Map(response.headers), body };
}

/** Asserts that a quick answer is the one that `handle` gives. */
function assertSame(ready: Answered, made: Answered, what: string): void {
  assertEquals(ready.status, made.status, what);
  const text = ({ body }: Answered) => new TextDecoder("latin1").decode(body);
  assert(text(ready) === text(made), `${what}: ${ready.body.length} and ${made.body.length} bytes`);
  const framing = ["date", "content-length"];
  const other = (answer: Answered) =>
    [...answer.headers].filter(([name]) => !framing.includes(name)).sort();
  assertEquals(other(ready), other(made), what);
  assert(ready.headers.has("date"));
  assertEquals(ready.headers.has("content-length"), ready.status !== 304, what);
}

Deno.test("what lies ready is what would be made, for thousands of requests", async () => {
  const random = seeded(newSeed());
  const any = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  for (const options of [{}, { cors: true, responseHeader: ["X-A: 1"] }, { listing: false }]) {
    await using site = await serving(options);
    const { service } = site;
    const paths = ["/text.txt", "/bytes", "/large", "/empty", "/folder", "/folder/index/", "/none"];
    const tags = await Promise.all(
      paths.map(async (path) => (await handled(service, path)).headers.get("etag") ?? '"none"'),
    );
    const date = (await handled(service, "/text.txt")).headers.get("last-modified")!;
    const seen = new Map<number | null, number>();
    for (let run = 0; run < 1500; run++) {
      const target = any(paths) + any(["", "", "", "?a=1", "?zip", "?"]);
      const fields: Record<string, string> = {};
      if (random() < 0.4) fields["accept-encoding"] = any(["gzip", "br, gzip", "identity;q=0"]);
      if (random() < 0.3) fields["if-none-match"] = any([...tags, "*", `W/${tags[0]}`]);
      if (random() < 0.2) fields["if-modified-since"] = any([date, "yesterday"]);
      if (random() < 0.1) fields["if-match"] = any(tags);
      if (random() < 0.3) {
        fields.range = any([
          "bytes=0-9",
          "bytes=-5",
          "bytes=100-",
          "bytes=9999999-",
          "bytes=1-2,9-",
        ]);
      }
      if (random() < 0.1) fields["if-range"] = any([...tags, date]);
      if (random() < 0.1) site.time.nowMs += 400;
      const method = any(["GET", "GET", "HEAD"] as const);
      const ready = await quick(service, target, fields, method);
      seen.set(ready?.status ?? null, (seen.get(ready?.status ?? null) ?? 0) + 1);
      const what = `${method} ${target} ${JSON.stringify(fields)}`;
      if (ready !== null) assertSame(ready, await handled(service, target, fields, method), what);
    }
    for (const status of [200, 206, 301, 304, 404]) {
      assert((seen.get(status) ?? 0) > 20, `${status}: ${[...seen]}`);
    }
  }
});

Deno.test("hello lies ready whole", async () => {
  const hello = openHello({ text: "Hellö", responseHeader: [] }, stillContext());
  for (const method of ["GET", "HEAD"] as const) {
    for (const path of ["/", "/hello.txt", "/none", "/__proto__", "/?a=1"]) {
      const ready = await quick(hello, path, {}, method);
      assertSame(ready!, await handled(hello, path, {}, method), path);
    }
  }
});

Deno.test("what is not there is found within a second, and after an upload at once", async () => {
  await using site = await serving({ upload: true });
  const { service, time } = site;
  const status = async () => (await quick(service, "/new"))?.status;
  assertEquals([await status(), await status()], [404, 404]);
  await Deno.writeTextFile(`${site.path}/new`, "new");
  assertEquals(await status(), 404);
  time.nowMs += 500;
  assertEquals(await status(), 200);
  assertEquals((await quick(service, "/other"))?.status, 404);
  const put = new Request("http://localhost/other", { method: "PUT", body: "other" });
  await (await service.handle(put, { peer: tcpAddress(1), serverUrl: "" })).body?.cancel();
  assertEquals((await quick(service, "/other"))?.status, 200);
});

Deno.test("a large file stays open for the next request, in as many handles as bodies", async () => {
  await using site = await serving();
  const { service, path, time } = site;
  const ask = (range: string) =>
    service.quick!({
      ...{ method: "GET", path: "/large", query: "" },
      header: (name) => name === "range" ? range : null,
    }) as QuickAnswer | Promise<QuickAnswer | null> | null;
  const first = await ask("bytes=0-9");
  const second = await ask("bytes=150000-");
  const head = new Uint8Array(100);
  assertEquals(await second!.file!.read(head), 100);
  assertEquals(await first!.file!.read(new Uint8Array(100)), 10);
  assertEquals(await first!.file!.read(new Uint8Array(100)), null);
  assertEquals(head, LARGE.slice(150_000, 150_100));
  first!.file!.release();
  second!.file!.release();
  // It stands by, so nothing has to be waited for.
  const third = ask("bytes=5-6");
  assert(third !== null && "file" in third);
  assertEquals((await readAnswer(third)).body, LARGE.slice(5, 7));
  // What has changed is not sent under the old tag.
  await Deno.writeFile(`${path}/large`, LARGE.slice(0, 100_000));
  assertEquals(await ask("bytes=5-6"), null);
  time.nowMs += 500;
  assertEquals((await readAnswer((await ask("bytes=5-6"))!)).body, LARGE.slice(5, 7));
});
