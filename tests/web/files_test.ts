/** Serving a folder over HTTP. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { type Dock, serve, type ServeOptions } from "../../dock/serve.ts";
import { UsageError } from "../../core/usage_error.ts";
import { files } from "../../web/files.ts";
import { newSeed, seeded } from "../seeded.ts";
import { RawHttp } from "../servers/raw_http.ts";
import { temporaryFolder } from "../temporary_folder.ts";

type FilesOptions = ServeOptions<typeof files.options>;

const TEXT = "All work and no play makes Jack a dull boy.\n".repeat(100);
const LARGE_BYTES = 300_000;

/** Bytes that no compression makes smaller, and of which each part is another. */
function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const random = seeded(seed);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** A server of a folder with some files in it. */
async function serving(options: FilesOptions = {}) {
  await using starting = new AsyncDisposableStack();
  const folder = starting.use(await temporaryFolder());
  const root = `${folder.path}/root`;
  await Deno.mkdir(`${root}/docs/empty`, { recursive: true });
  await Deno.writeTextFile(`${root}/hello.txt`, "Hello, World!");
  await Deno.writeTextFile(`${root}/text.txt`, TEXT);
  await Deno.writeTextFile(`${root}/umlaut.txt`, "\ufeffGrüße\n");
  await Deno.writeFile(`${root}/large.bin`, noise(LARGE_BYTES));
  await Deno.writeTextFile(`${root}/empty.txt`, "");
  await Deno.writeTextFile(`${root}/docs/index.html`, "<h1>Docs</h1>");
  const server: Dock = starting.use(await serve("http://127.0.0.1:0", files, { root, ...options }));
  const owned = starting.move();
  const url = server.url.replace(/\/$/, "");

  async function get(path: string, headers: Record<string, string> = {}, method = "GET") {
    // Without this, fetch asks for compression and undoes it.
    const init = { method, headers: { "accept-encoding": "identity", ...headers } };
    const response = await fetch(url + path, { redirect: "manual", ...init });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      body: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes),
    };
  }

  /** As they came over the wire. */
  async function raw(path: string, ...lines: string[]) {
    using connection = await RawHttp.open(server.url);
    await connection.get(path, "localhost", ...lines);
    return await connection.answer();
  }

  return {
    root,
    url,
    server,
    get,
    raw,
    outside: folder.path,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test("files serves a file with its type, length, validators and nothing to sniff", async () => {
  await using site = await serving();
  const { status, headers, body } = await site.get("/hello.txt");
  assertEquals({ status, body }, { status: 200, body: "Hello, World!" });
  assertEquals(headers.get("content-type"), "text/plain; charset=utf-8");
  assertEquals(headers.get("content-length"), "13");
  assertEquals(headers.get("x-content-type-options"), "nosniff");
  assertEquals(headers.get("accept-ranges"), "bytes");
  assertMatch(headers.get("etag") ?? "", /^"[\w-]+"$/);
  const { mtime } = await Deno.stat(`${site.root}/hello.txt`);
  assertEquals(headers.get("last-modified"), mtime?.toUTCString());
});

Deno.test("files serves bytes as they are: a byte order mark, a binary, an empty file", async () => {
  await using site = await serving();
  assertEquals((await site.get("/umlaut.txt")).body, "\ufeffGrüße\n");
  const large = await site.get("/large.bin");
  assertEquals(large.headers.get("content-length"), String(LARGE_BYTES));
  assertEquals(large.headers.get("content-type"), "application/octet-stream");
  assertEquals(large.bytes, noise(LARGE_BYTES));
  const empty = await site.get("/empty.txt");
  assertEquals([empty.status, empty.body, empty.headers.get("content-length")], [200, "", "0"]);
});

Deno.test("files answers HEAD with the head of GET and no body", async () => {
  await using site = await serving();
  for (
    const path of ["/hello.txt", "/text.txt", "/large.bin", "/empty.txt", "/docs/", "/nothing"]
  ) {
    for (const encoding of ["identity", "gzip", "br"]) {
      const sent = { "accept-encoding": encoding };
      const head = await site.get(path, sent, "HEAD");
      const page = await site.get(path, sent);
      const fields = ({ headers }: typeof head) =>
        [...headers].filter(([name]) => name !== "date" && name !== "vary");
      assertEquals([head.status, head.bytes.length], [page.status, 0], path);
      // fetch takes away what tells of the coding that it undid.
      if (encoding === "identity") assertEquals(fields(head), fields(page), path);
      assertEquals(head.headers.get("etag"), page.headers.get("etag"), path);
    }
  }
});

Deno.test("files answers OPTIONS with what is allowed, and 405 with the same to the rest", async () => {
  await using site = await serving();
  const options = await site.get("/hello.txt", {}, "OPTIONS");
  assertEquals([options.status, options.headers.get("allow")], [204, "GET, HEAD, OPTIONS"]);
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"]) {
    const { status, headers } = await site.get("/hello.txt", {}, method);
    assertEquals([status, headers.get("allow")], [405, "GET, HEAD, OPTIONS"], method);
  }
});

Deno.test("files with uploads allows them, and shows the new file at once", async () => {
  await using site = await serving({ upload: true, overwrite: true });
  const options = await site.get("/", {}, "OPTIONS");
  assertEquals(options.headers.get("allow"), "GET, HEAD, OPTIONS, POST, PUT");
  const put = async (path: string, body: string) => {
    const response = await fetch(site.url + path, { method: "PUT", body });
    await response.body?.cancel();
    return response.status;
  };
  assertEquals((await site.get("/hello.txt")).body, "Hello, World!");
  assertEquals(await put("/hello.txt", "Other, World!"), 204);
  assertEquals((await site.get("/hello.txt")).body, "Other, World!");
  assertEquals(await put("/docs/new.txt", "new"), 201);
  assertEquals((await site.get("/docs/new.txt")).body, "new");
  assertEquals(await put("/nowhere/new.txt", "new"), 404);
  assertEquals(await put("/..%2fnew.txt", "new"), 404);
});

Deno.test("files leads from a folder without its slash to the one with it", async () => {
  await using site = await serving();
  await Deno.mkdir(`${site.root}/a b:c?`);
  for (
    const [path, location] of [
      ["/docs", "docs/"],
      ["/docs?x=/y", "docs/?x=/y"],
      ["/docs/empty", "empty/"],
      ["/a%20b:c%3f", "a%20b%3Ac%3F/"],
    ] as const
  ) {
    const { status, headers } = await site.get(path);
    assertEquals([status, headers.get("location")], [301, location]);
    const target = new URL(location, site.url + path);
    assertEquals((await site.get(target.pathname)).status, 200);
  }
});

Deno.test("files leads nobody to another host", async () => {
  await using site = await serving();
  await Deno.mkdir(`${site.root}/evil.example`);
  for (
    const path of ["//evil.example", "/\\evil.example", "/%5cevil.example", "//evil.example/%2e%2e"]
  ) {
    assertEquals((await site.raw(path)).status, 404, path);
  }
  const { status, headers } = await site.raw("/evil.example?a=//b");
  assertEquals([status, headers.get("location")], [301, "evil.example/?a=//b"]);
  const encoded = await site.raw("/evil.example?\u20ac");
  assertEquals([encoded.status, encoded.headers.get("location")], [
    301,
    "evil.example/?%E2%82%AC",
  ]);
});

Deno.test("files serves index files in place of their folder, the first that is there", async () => {
  await using site = await serving({ index: ["home.htm", "index.html"] });
  assertEquals((await site.get("/docs/")).body, "<h1>Docs</h1>");
  assertEquals((await site.get("/docs/?a=b")).body, "<h1>Docs</h1>");
  await Deno.writeTextFile(`${site.root}/docs/empty/home.htm`, "Home");
  const { headers, body } = await site.get("/docs/empty/");
  assertEquals([headers.get("content-type"), body], ["text/html; charset=utf-8", "Home"]);
});

Deno.test("files refuses an index that is no file name", async () => {
  const error = await assertRejects(() => serving({ index: ["../x"] }), UsageError);
  assertStringIncludes(error.message, '--index: expected the name of a file, got "../x"');
});

Deno.test("files lists folders unless told not to, and not what is hidden", async () => {
  {
    await using site = await serving();
    const { status, body } = await site.get("/?json", {});
    assertEquals(status, 200);
    assertStringIncludes(body, "hello.txt");
    await Deno.writeTextFile(`${site.root}/.env`, "SECRET");
    assertEquals((await site.get("/.env")).status, 404);
  }
  await using site = await serving({ listing: false, hidden: true });
  assertEquals((await site.get("/")).status, 404);
  assertEquals((await site.get("/?json")).status, 404);
  assertEquals((await site.get("/docs/?json")).body, "<h1>Docs</h1>");
  await Deno.writeTextFile(`${site.root}/.env`, "not hidden");
  assertEquals((await site.get("/.env")).body, "not hidden");
});

Deno.test("files gives folders as archives, also those with an index file, unless told not to", async () => {
  {
    await using site = await serving();
    for (let time = 0; time < 2; time++) {
      assertEquals((await site.get("/docs/")).body, "<h1>Docs</h1>");
      const zip = await site.get("/docs/?zip");
      assertEquals([zip.status, zip.headers.get("content-type")], [200, "application/zip"]);
      const tar = await site.get("/docs/?tar");
      assertEquals([tar.status, tar.headers.get("content-type")], [200, "application/x-tar"]);
    }
  }
  await using site = await serving({ archive: false });
  assertEquals((await site.get("/docs/?zip")).body, "<h1>Docs</h1>");
});

Deno.test("files --spa answers pages that are not there with the root's index", async () => {
  await using site = await serving({ spa: true });
  const page = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  assertEquals((await site.get("/app/view", page)).status, 404);
  await Deno.writeTextFile(`${site.root}/index.html`, "<h1>App</h1>");
  const { status, headers, body } = await site.get("/app/view", page);
  assertEquals({ status, body }, { status: 200, body: "<h1>App</h1>" });
  assertStringIncludes(headers.get("vary") ?? "", "accept");
  assertEquals((await site.get("/app/script.js", { accept: "*/*" })).status, 404);
  assertEquals((await site.get("/app/view", { accept: "text/html;q=0" })).status, 404);
  assertEquals((await site.get("/hello.txt", page)).body, "Hello, World!");
  const tag = headers.get("etag") ?? "";
  assertEquals((await site.get("/other", { ...page, "if-none-match": tag })).status, 304);
});

Deno.test("files answers conditions with 304 and 412", async () => {
  await using site = await serving();
  for (const path of ["/hello.txt", "/large.bin"]) {
    const { headers } = await site.get(path);
    const etag = headers.get("etag")!;
    const date = headers.get("last-modified")!;
    const same = await site.get(path, { "if-none-match": `"x", W/${etag}` });
    assertEquals([same.status, same.bytes.length], [304, 0]);
    assertEquals([same.headers.get("etag"), same.headers.get("content-type")], [etag, null]);
    assertEquals((await site.get(path, { "if-modified-since": date })).status, 304);
    assertEquals(
      (await site.get(path, { "if-none-match": '"x"', "if-modified-since": date })).status,
      200,
    );
    assertEquals((await site.get(path, { "if-match": '"x"' })).status, 412);
    assertEquals((await site.get(path, { "if-match": etag }, "HEAD")).status, 200);
    const old = "Sun, 06 Nov 1994 08:49:37 GMT";
    assertEquals((await site.get(path, { "if-unmodified-since": old })).status, 412);
  }
});

Deno.test("files sends one range, of files in memory and on the disk", async () => {
  await using site = await serving();
  for (
    const [path, whole] of [
      ["/umlaut.txt", new TextEncoder().encode("\ufeffGrüße\n")],
      ["/text.txt", new TextEncoder().encode(TEXT)],
      ["/large.bin", noise(LARGE_BYTES)],
    ] as const
  ) {
    const size = whole.length;
    for (
      const [range, first, last] of [
        ["0-0", 0, 0],
        ["2-4", 2, 4],
        ["3-", 3, size - 1],
        ["-2", size - 2, size - 1],
        [`1-${size + 5}`, 1, size - 1],
      ] as const
    ) {
      // A client that takes gzip gets the part of the file as it is.
      const sent = { range: `bytes=${range}`, "accept-encoding": "gzip, identity" };
      const { status, headers, bytes } = await site.get(path, sent);
      assertEquals(status, 206, path + range);
      assertEquals(headers.get("content-range"), `bytes ${first}-${last}/${size}`);
      assertEquals(headers.get("content-length"), String(last - first + 1));
      assertEquals(headers.get("content-encoding"), null);
      assertEquals(bytes, whole.slice(first, last + 1));
    }
    const beyond = await site.get(path, { range: `bytes=${size}-` });
    assertEquals([beyond.status, beyond.headers.get("content-range")], [416, `bytes */${size}`]);
    assertEquals((await site.get(path, { range: "bytes=x" })).status, 200);
    assertEquals((await site.get(path, { range: "bytes=0-0" }, "HEAD")).status, 200);
  }
  assertEquals((await site.get("/empty.txt", { range: "bytes=0-" })).status, 200);
});

/** The parts of multipart/byteranges. */
function partsIn(bytes: Uint8Array, contentType: string) {
  const boundary = /boundary=(\S+)$/.exec(contentType)?.[1];
  assert(boundary !== undefined, contentType);
  // One character for each byte.
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const pieces = `\r\n${text}`.split(`\r\n--${boundary}`);
  assertEquals([pieces[0], pieces.at(-1)], ["", "--\r\n"]);
  return pieces.slice(1, -1).map((piece) => {
    const end = piece.indexOf("\r\n\r\n");
    return {
      head: piece.slice(2, end),
      bytes: Uint8Array.from(piece.slice(end + 4), (character) => character.charCodeAt(0)),
    };
  });
}

Deno.test("files sends several ranges as parts, in memory and from the disk", async () => {
  await using site = await serving();
  for (
    const [path, whole] of [
      ["/text.txt", new TextEncoder().encode(TEXT)],
      ["/large.bin", noise(LARGE_BYTES)],
    ] as const
  ) {
    const { status, headers, bytes } = await site.get(path, { range: "bytes=100-199, 0-9, -5" });
    const type = headers.get("content-type") ?? "";
    assertEquals([status, headers.get("content-length")], [206, String(bytes.length)]);
    assertMatch(type, /^multipart\/byteranges; boundary=[\w-]{20,}$/);
    assertEquals(headers.get("content-range"), null);
    const size = whole.length;
    const fileType = (await site.get(path)).headers.get("content-type");
    const wanted = [[100, 199], [0, 9], [size - 5, size - 1]] as const;
    assertEquals(
      partsIn(bytes, type),
      wanted.map(([first, last]) => ({
        head: `Content-Type: ${fileType}\r\nContent-Range: bytes ${first}-${last}/${size}`,
        bytes: whole.slice(first, last + 1),
      })),
    );
    const again = await site.get(path, { range: "bytes=0-0,2-2" });
    assertNotEquals(again.headers.get("content-type"), type);
  }
});

Deno.test("files sends no more than the file, however many ranges ask for it", async () => {
  await using site = await serving();
  const whole = await site.get("/large.bin", { range: `bytes=${Array(30).fill("0-").join()}` });
  assertEquals([whole.status, whole.bytes.length], [206, LARGE_BYTES]);
  const many = await site.get("/large.bin", { range: `bytes=${Array(1000).fill("0-").join()}` });
  assertEquals([many.status, many.bytes.length], [200, LARGE_BYTES]);
});

Deno.test("files sends random ranges right", async () => {
  await using site = await serving();
  const random = seeded(newSeed());
  const whole = noise(LARGE_BYTES);
  for (let run = 0; run < 100; run++) {
    const at = () => Math.floor(random() * LARGE_BYTES * 1.1);
    const specs = Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
      const kind = random();
      const [low, high] = [at(), at()].sort((a, b) => a - b) as [number, number];
      return kind < 0.6 ? `${low}-${high}` : kind < 0.8 ? `${low}-` : `-${high}`;
    });
    const { status, headers, bytes } = await site.get("/large.bin", { range: `bytes=${specs}` });
    const type = headers.get("content-type") ?? "";
    if (status === 416) continue;
    assertEquals(status, 206, specs.join());
    const parts = type.startsWith("multipart/")
      ? partsIn(bytes, type)
      : [{ head: `Content-Range: ${headers.get("content-range")}`, bytes }];
    for (const part of parts) {
      const match = /Content-Range: bytes (\d+)-(\d+)\/300000$/.exec(part.head);
      assert(match !== null, part.head);
      assertEquals(part.bytes, whole.slice(Number(match[1]), Number(match[2]) + 1), specs.join());
    }
  }
});

Deno.test("files heeds If-Range: a part of the same file, all of another", async () => {
  await using site = await serving();
  for (const path of ["/hello.txt", "/large.bin"]) {
    const { headers } = await site.get(path);
    const etag = headers.get("etag")!;
    const status = async (ifRange: string) =>
      (await site.get(path, { range: "bytes=0-1", "if-range": ifRange })).status;
    assertEquals(await status(etag), 206);
    assertEquals(await status(headers.get("last-modified")!), 206);
    assertEquals(await status('"other"'), 200);
    assertEquals(await status(`W/${etag}`), 200);
    assertEquals(await status("Sun, 06 Nov 1994 08:49:37 GMT"), 200);
    // A range that nothing has is of no interest when the file is another one.
    const beyond = { range: "bytes=999999-", "if-range": '"other"' };
    assertEquals((await site.get(path, beyond)).status, 200);
  }
});

Deno.test("files compresses text for those who take it, each coding with its own tag", async () => {
  await using site = await serving();
  const plain = await site.raw("/text.txt");
  assertEquals(plain.headers.get("vary"), "accept-encoding");
  assertEquals(plain.body, TEXT);
  const tags = new Set([plain.headers.get("etag")]);
  const undo = { gzip: gunzipSync, br: brotliDecompressSync };
  for (const coding of ["gzip", "br"] as const) {
    for (let time = 0; time < 2; time++) {
      const response = await fetch(`${site.url}/text.txt`, {
        headers: { "accept-encoding": coding },
      });
      // fetch undoes the coding, which is proof that it is right.
      assertEquals(await response.text(), TEXT);
    }
    using connection = await RawHttp.open(site.url);
    await connection.get(
      "/text.txt",
      "localhost",
      `Accept-Encoding: ${coding};q=0.5`,
      "Connection: close",
    );
    const head = (await connection.rest()).split("\r\n\r\n")[0]!.toLowerCase();
    assertStringIncludes(head, `content-encoding: ${coding}`);
    assertStringIncludes(head, "vary: accept-encoding");
    assert(Number(/content-length: (\d+)/.exec(head)?.[1]) < TEXT.length / 5);
    tags.add(/etag: (\S+)/.exec(head)?.[1]);
    assert(undo[coding] !== undefined);
  }
  assertEquals(tags.size, 3);
});

Deno.test("files leaves small, dense and large files as they are", async () => {
  await using site = await serving();
  await Deno.writeTextFile(`${site.root}/huge.txt`, "x".repeat(1024 * 1024 + 1));
  await Deno.writeFile(`${site.root}/dense.txt`, noise(5000));
  for (const path of ["/hello.txt", "/large.bin", "/huge.txt", "/dense.txt"]) {
    using connection = await RawHttp.open(site.url);
    await connection.send(
      `HEAD ${path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n`,
    );
    const head = await connection.rest();
    assertMatch(head, /^HTTP\/1.1 200/);
    assertEquals(head.includes("content-encoding"), false, path);
  }
});

Deno.test("files answers 406 to those who refuse every form that there is", async () => {
  await using site = await serving();
  assertEquals((await site.get("/hello.txt", { "accept-encoding": "identity;q=0" })).status, 406);
  assertEquals((await site.get("/large.bin", { "accept-encoding": "*;q=0" })).status, 406);
  assertEquals(
    (await site.get("/text.txt", { "accept-encoding": "identity;q=0, gzip" })).status,
    200,
  );
});

Deno.test("files sends what was compressed beforehand, and from inside the root alone", async () => {
  await using site = await serving({ compress: false });
  await Deno.writeTextFile(`${site.root}/app.js`, "plain");
  await Deno.writeTextFile(`${site.root}/app.js.gz`, "GZIP");
  await Deno.writeFile(`${site.root}/app.js.br`, noise(100_000));
  const coded = async (path: string, accept: string) => {
    const { headers, body, status } = await site.raw(path, `Accept-Encoding: ${accept}`);
    return [status, headers.get("content-encoding"), headers.get("content-type"), body] as const;
  };
  const script = "text/javascript; charset=utf-8";
  assertEquals(await coded("/app.js", "gzip"), [200, "gzip", script, "GZIP"]);
  assertEquals(await coded("/app.js", "identity"), [200, undefined, script, "plain"]);
  const { headers } = await site.raw("/app.js");
  assertEquals(headers.get("vary"), "accept-encoding");
  using connection = await RawHttp.open(site.url);
  await connection.send(
    "HEAD /app.js HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: br\r\nConnection: close\r\n\r\n",
  );
  const head = await connection.rest();
  assertStringIncludes(head, "content-encoding: br");
  assertStringIncludes(head, "content-length: 100000");
  assertEquals((await coded("/app.js.gz", "gzip"))[1], undefined);

  await Deno.writeTextFile(`${site.outside}/secret`, "SECRET");
  await Deno.symlink("../secret", `${site.root}/hello.txt.gz`);
  await Deno.symlink("../secret", `${site.root}/hello.txt.br`);
  await Deno.mkdir(`${site.root}/text.txt.gz`);
  assertEquals((await coded("/hello.txt", "gzip, br"))[3], "Hello, World!");
  assertEquals((await coded("/text.txt", "gzip"))[3], TEXT);
});

Deno.test("files --no-precompressed and --no-compress leave files as they are", async () => {
  await using site = await serving({ compress: false, precompressed: false });
  await Deno.writeTextFile(`${site.root}/text.txt.gz`, "GZIP");
  const { headers, body } = await site.raw("/text.txt", "Accept-Encoding: gzip, br");
  assertEquals([headers.get("content-encoding"), headers.get("vary"), body], [
    undefined,
    undefined,
    TEXT,
  ]);
});

Deno.test("files shows a change within a second, even one of the same size and time", async () => {
  let now = Date.now();
  await using site = await serving({ now: () => now });
  await Deno.writeTextFile(`${site.root}/index.html`, "first");
  for (const [file, path] of [["hello.txt", "/hello.txt"], ["index.html", "/"]] as const) {
    const old = new Date(now - 3_600_000);
    const write = async (text: string, time: Date) => {
      await Deno.writeTextFile(`${site.root}/${file}`, text);
      await Deno.utime(`${site.root}/${file}`, time, time);
    };
    const read = async () => {
      const { body, headers } = await site.get(path);
      return `${body} ${headers.get("etag")}`;
    };
    now = Date.now();
    await write("one", old);
    const one = await read();
    assertEquals(await read(), one);
    // Copying with the times kept, and builds that set one for all files, leave no other trace.
    await write("two", old);
    // From memory, for the time being.
    assertEquals(await read(), one);
    now += 500;
    const two = await read();
    assertStringIncludes(two, "two ");
    assertNotEquals(two.split(" ")[1], one.split(" ")[1]);
    // Changed a moment ago, and changed again without the size or the clock telling.
    const recent = new Date(now);
    await write("abc", recent);
    now += 1000;
    assertStringIncludes(await read(), "abc ");
    await write("xyz", recent);
    now += 1000;
    assertStringIncludes(await read(), "xyz ");
    await Deno.remove(`${site.root}/${file}`);
    now += 1000;
    assert(!(await read()).includes("xyz"));
  }
});

Deno.test("files shows a folder that took the place of a file, and a file that grew large", async () => {
  let now = Date.now();
  await using site = await serving({ now: () => now });
  assertEquals((await site.get("/hello.txt")).status, 200);
  await Deno.writeFile(`${site.root}/hello.txt`, noise(LARGE_BYTES));
  now += 1000;
  assertEquals((await site.get("/hello.txt")).bytes.length, LARGE_BYTES);
  await Deno.remove(`${site.root}/hello.txt`);
  // Gone, although it is remembered.
  assertEquals((await site.get("/hello.txt")).status, 404);
  await Deno.mkdir(`${site.root}/hello.txt`);
  now += 1000;
  assertEquals((await site.get("/hello.txt")).status, 301);
});

Deno.test("files sends a large file as it is when opened, not as it was remembered", async () => {
  const now = Date.now();
  await using site = await serving({ now: () => now });
  const { headers } = await site.get("/large.bin");
  await Deno.writeFile(`${site.root}/large.bin`, noise(LARGE_BYTES + 1, 2));
  const resumed = await site.get("/large.bin", {
    range: "bytes=10-",
    "if-range": headers.get("etag")!,
  });
  assertEquals([resumed.status, resumed.bytes.length], [200, LARGE_BYTES + 1]);
  assertEquals(resumed.bytes, noise(LARGE_BYTES + 1, 2));
});

Deno.test("files keeps to its memory, and does without any", async () => {
  for (const fileCacheBytes of [0, 20_000]) {
    await using site = await serving({ fileCacheBytes });
    for (let index = 0; index < 30; index++) {
      await Deno.writeTextFile(`${site.root}/${index}.txt`, `${index} `.repeat(1000));
    }
    for (let time = 0; time < 2; time++) {
      for (let index = 0; index < 30; index++) {
        const { body } = await site.get(`/${index}.txt`, { "accept-encoding": "gzip" });
        assertEquals(body, `${index} `.repeat(1000));
      }
    }
  }
});

Deno.test("files --cors lets any page read, and answers the browser's question", async () => {
  await using site = await serving({ cors: true });
  for (const path of ["/hello.txt", "/large.bin", "/nothing", "/?json", "/docs"]) {
    const { headers } = await site.get(path);
    assertEquals(headers.get("access-control-allow-origin"), "*", path);
    assertStringIncludes(headers.get("access-control-expose-headers") ?? "", "content-range");
  }
  const asked = await site.get("/hello.txt", {
    origin: "https://app.example",
    "access-control-request-method": "GET",
    "access-control-request-headers": "range, x-own",
  }, "OPTIONS");
  assertEquals(asked.status, 204);
  assertEquals(asked.headers.get("access-control-allow-origin"), "*");
  assertEquals(asked.headers.get("access-control-allow-methods"), "GET, HEAD");
  assertEquals(asked.headers.get("access-control-allow-headers"), "range, x-own");
  const plain = await site.get("/hello.txt", { origin: "https://app.example" }, "OPTIONS");
  assertEquals(plain.headers.get("allow"), "GET, HEAD, OPTIONS");
});

Deno.test("files --cors-origin lets the pages of some origins read", async () => {
  await using site = await serving({
    corsOrigin: ["https://App.example:443/", "http://b.example:81"],
  });
  const allowed = async (origin: string, method = "GET") => {
    const headers = { origin, "access-control-request-method": "GET" };
    const response = await site.get("/text.txt", headers, method);
    assertStringIncludes(response.headers.get("vary") ?? "", "origin");
    return response.headers.get("access-control-allow-origin");
  };
  for (const method of ["GET", "OPTIONS"]) {
    assertEquals(await allowed("https://app.example", method), "https://app.example");
    assertEquals(await allowed("http://b.example:81", method), "http://b.example:81");
    for (
      const other of ["http://app.example", "https://app.example.evil", "null", "http://b.example"]
    ) {
      assertEquals(await allowed(other, method), null, other);
    }
  }
  const error = await assertRejects(() => serving({ corsOrigin: ["app.example"] }), UsageError);
  assertStringIncludes(error.message, "--cors-origin: expected scheme, host and port");
});

Deno.test("files without --cors lets nobody read across origins", async () => {
  await using site = await serving();
  const { headers } = await site.get("/hello.txt", { origin: "https://app.example" });
  assertEquals(headers.get("access-control-allow-origin"), null);
});

Deno.test("files adds headers to every response", async () => {
  await using site = await serving({
    responseHeader: ["X-Robots-Tag: none", "Cross-Origin-Opener-Policy: same-origin"],
    cacheControl: "max-age=60",
  });
  const { headers } = await site.get("/hello.txt");
  assertEquals(headers.get("cache-control"), "max-age=60");
  const etag = headers.get("etag")!;
  for (const path of ["/hello.txt", "/large.bin", "/nothing", "/?json", "/docs"]) {
    const response = await site.get(path, { "if-none-match": etag });
    assertEquals(response.headers.get("x-robots-tag"), "none", path);
    assertEquals(response.headers.get("cross-origin-opener-policy"), "same-origin", path);
  }
});

/** Stands in for one function of Deno. */
function instead<K extends "open" | "stat">(name: K, stub: (typeof Deno)[K]): Disposable {
  const original = Deno[name];
  Deno[name] = stub;
  return { [Symbol.dispose]: () => void (Deno[name] = original) };
}

Deno.test("files answers 503 when no more files can be opened, and 403 to the unreadable", async () => {
  await using site = await serving();
  for (
    const [error, status] of [
      [Object.assign(new Error("Too many open files"), { code: "EMFILE" }), 503],
      [new Deno.errors.PermissionDenied("no"), 403],
    ] as const
  ) {
    using _ = instead("open", () => Promise.reject(error));
    for (const path of ["/hello.txt", "/large.bin"]) {
      const { status: got, headers } = await site.get(path);
      assertEquals([got, headers.get("retry-after")], [status, status === 503 ? "1" : null]);
    }
  }
  assertEquals((await site.get("/hello.txt")).status, 200);
});

Deno.test("files breaks off a file that becomes shorter while it is sent", async () => {
  await using site = await serving();
  const path = `${site.root}/shrinking.bin`;
  for (const range of ["", "bytes=10-50000000", "bytes=0-50000000,60000000-60000001"]) {
    await Deno.writeFile(path, new Uint8Array(1));
    await Deno.truncate(path, 64 * 1024 * 1024);
    const headers = range === "" ? {} : { range };
    const response = await fetch(`${site.url}/shrinking.bin`, { headers });
    assertEquals(response.status, range === "" ? 200 : 206);
    const reader = response.body!.getReader();
    await reader.read();
    await Deno.truncate(path, 100);
    await assertRejects(async () => {
      while (!(await reader.read()).done);
    });
  }
});

Deno.test("files closes a file whose client leaves", async () => {
  // That none stays open is what the sanitizer of this test looks at.
  await using site = await serving();
  await Deno.truncate(`${site.root}/large.bin`, 64 * 1024 * 1024);
  for (const range of [null, "bytes=1-60000000", "bytes=0-50000000,60000000-60000001"]) {
    const response = await fetch(`${site.url}/large.bin`, {
      headers: range === null ? {} : { range },
    });
    const reader = response.body!.getReader();
    await reader.read();
    await reader.cancel();
  }
});

Deno.test("files compresses a file once, however many ask at once and by however many names", async () => {
  const now = Date.now();
  await using site = await serving({ now: () => now });
  await Deno.writeTextFile(`${site.root}/long.txt`, TEXT.repeat(50));
  let opened = 0;
  const original = Deno.open;
  using _ = instead("open", (...given) => {
    if (String(given[0]).endsWith("long.txt")) opened++;
    return original(...given);
  });
  const ask = (path: string, coding: string) => site.get(path, { "accept-encoding": coding });
  await site.get("/long.txt", {}, "HEAD");
  assertEquals(opened, 1);
  await Promise.all(Array.from({ length: 10 }, () => ask("/long.txt", "gzip")));
  assertEquals(opened, 2);
  for (const path of ["/%6cong.txt", "/l%6fng.txt", "/lo%6eg.txt"]) {
    assertEquals((await ask(path, "gzip")).body, TEXT.repeat(50));
  }
  // By a new name it is looked at, and not compressed.
  assertEquals(opened, 5);
});

Deno.test("what others may have put there runs as nobody's", async () => {
  await using open = await serving({ upload: true });
  const policy = async (path: string) =>
    (await open.get(path)).headers.get("content-security-policy") ?? "";
  assertEquals(
    await policy("/docs/index.html"),
    "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts",
  );
  assertNotEquals(await policy("/?zip"), await policy("/docs/index.html"));
  await using closed = await serving();
  assertEquals(
    (await closed.get("/docs/index.html")).headers.has("content-security-policy"),
    false,
  );
});

Deno.test("with uploads a body may be as large as the largest file and its form", async () => {
  await using site = await serving({ upload: true, maxUploadBytes: 20_000_000 });
  const put = (bytes: number) =>
    fetch(`${site.url}/large-${bytes}`, { method: "PUT", body: new Uint8Array(bytes) });
  const stored = await put(20_000_000);
  assertEquals([stored.status, (await stored.text()) !== ""], [201, true]);
  const refused = await put(20_000_001);
  assertEquals([refused.status, (await refused.text()) !== ""], [413, true]);
});

Deno.test("files sends no compressed neighbour that is older than its file", async () => {
  const hourAgo = Date.now() / 1000 - 3600;
  for (const [age, body] of [[7200, "plain"], [3600, "GZIP"]] as const) {
    await using site = await serving({ compress: false });
    await Deno.writeTextFile(`${site.root}/app.js`, "plain");
    await Deno.writeTextFile(`${site.root}/app.js.gz`, "GZIP");
    await Deno.utime(`${site.root}/app.js`, hourAgo, hourAgo);
    const then = hourAgo + 3600 - age;
    await Deno.utime(`${site.root}/app.js.gz`, then, then);
    assertEquals((await site.raw("/app.js", "Accept-Encoding: gzip")).body, body);
  }
});
