/** Listings: for people and for programs, whatever the names in them are. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { listingResponse, type ListingSettings } from "../../../../web/files/listing/response.ts";
import { readListing } from "../../../../web/files/listing/entries.ts";
import { encodeName, formatBytes, nameHtml, nameText } from "../../../../web/files/listing/text.ts";
import { FileRoot } from "../../../../web/files/access/root.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";

const SETTINGS: ListingSettings = { upload: false, archive: true };

/** Names that would be something else in markup or in a URL. */
const HOSTILE = [
  "javascript:alert(1)",
  "?",
  "#",
  "%",
  "%2e%2e",
  "&amp;",
  `"onclick="x`,
  "'",
  "<script>alert(1)<",
  "</table>".replace("/", "\u2215"),
  " space ",
  "new\nline",
  "\u202egpj.exe",
  "a:b",
  "a...",
  "ü",
  "日本",
  "\u{1f469}\u200d\u{1f680}",
];

interface Site extends AsyncDisposable {
  readonly path: string;
  readonly root: FileRoot;
  get(query?: string, init?: RequestInit, path?: string): Promise<Response>;
}

async function site(
  files: Readonly<Record<string, string>>,
  settings: ListingSettings = SETTINGS,
): Promise<Site> {
  await using starting = new AsyncDisposableStack();
  const { path } = starting.use(await temporaryFolder());
  for (const [name, content] of Object.entries(files)) {
    if (name.endsWith("/")) await Deno.mkdir(`${path}/${name}`, { recursive: true });
    else await Deno.writeTextFile(`${path}/${name}`, content);
  }
  const root = await FileRoot.open(path, { hidden: false });
  const owned = starting.move();
  return {
    path,
    root,
    async get(query = "", init = {}, path = "/") {
      const folder = await root.locate(path);
      assert(folder !== null);
      const request = new Request(`http://localhost${path}${query}`, init);
      return await listingResponse(request, folder, root, settings);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The links in the rows of a page, in their order, and what is written on them. */
function links(html: string): [href: string, text: string][] {
  const rows = html.matchAll(/<th scope="row"><a[^>]* href="([^"]*)"><bdi>(.*?)<\/bdi>/gs);
  return [...rows].map(([, href = "", text = ""]) => [href, text]);
}

async function names(site: Site, query: string): Promise<string[]> {
  const { entries } = await (await site.get(`?json&${query}`)).json() as Json;
  return entries.map(({ name }) => name);
}

interface Json {
  readonly path: string;
  readonly truncated: boolean;
  readonly entries: readonly {
    readonly name: string;
    readonly kind: string;
    readonly bytes: number | null;
    readonly modified: string;
    readonly href: string;
  }[];
}

Deno.test("a listing shows names, sizes and times, folders first", async () => {
  await using folder = await site({ "b.txt": "x".repeat(1536), "a.txt": "", "z/": "" });
  await Deno.utime(`${folder.path}/b.txt`, 1_000_000_000, 1_000_000_000);
  const html = await (await folder.get()).text();
  assertEquals(links(html), [["./z/", "z"], ["./a.txt", "a.txt"], ["./b.txt", "b.txt"]]);
  assertStringIncludes(html, '<td class="number" title="1,536 bytes">1.5 KiB</td>');
  assertStringIncludes(
    html,
    '<time datetime="2001-09-09T01:46:40Z">2001-09-09<i> 01:46</i></time>',
  );
  assertStringIncludes(html, "1 folder, 2 files, 1.5 KiB");
  assertStringIncludes(html, '<html lang="en">');
  assertStringIncludes(html, "<title>/</title>");
});

Deno.test("names sort as people count, and every column both ways", async () => {
  await using folder = await site({ "f10": "xx", "F9": "x", "f1": "xxx", "y/": "", "x/": "" });
  const times = { f10: 3000, F9: 2000, f1: 1000 };
  for (const [name, time] of Object.entries(times)) {
    await Deno.utime(`${folder.path}/${name}`, time, time);
  }
  assertEquals(await names(folder, ""), ["x", "y", "f1", "F9", "f10"]);
  assertEquals(await names(folder, "sort=name&order=desc"), ["y", "x", "f10", "F9", "f1"]);
  assertEquals((await names(folder, "sort=size")).slice(2), ["f1", "f10", "F9"]);
  assertEquals((await names(folder, "sort=size&order=asc")).slice(2), ["F9", "f10", "f1"]);
  assertEquals((await names(folder, "sort=modified")).slice(2), ["f10", "F9", "f1"]);
  assertEquals((await names(folder, "sort=modified&order=asc")).slice(2), ["f1", "F9", "f10"]);
  assertEquals(await names(folder, "sort=nonsense&order=x"), ["x", "y", "f1", "F9", "f10"]);
});

Deno.test("the heads say how a page is sorted, and turn it round", async () => {
  await using folder = await site({ a: "" });
  const html = await (await folder.get("?sort=size")).text();
  assertStringIncludes(html, 'aria-sort="descending"><a href="?sort=size&amp;order=asc">Size');
  assertStringIncludes(html, '<a href="?sort=name&amp;order=asc">Name');
  assertEquals(html.match(/<th [^>]*aria-sort="/g)?.length, 1);
});

Deno.test("the way up is links that are right behind any proxy", async () => {
  await using folder = await site({ "a <b>/c/": "" });
  const html = await (await folder.get("", {}, "/a%20%3Cb%3E/c/")).text();
  assertStringIncludes(
    html,
    `<a href="../../"><bdi>Files</bdi></a><a href="../"><bdi>a &#60;b&#62;</bdi></a>` +
      `<span aria-current="page"><bdi>c</bdi></span>`,
  );
  assertStringIncludes(html, "<title>/a &#60;b&#62;/c/</title>");
  assertStringIncludes(html, 'href="../" rel="up"');
});

Deno.test("no name is markup, and each links to itself", async () => {
  await using folder = await site(Object.fromEntries(HOSTILE.map((name) => [name, "x"])));
  const response = await folder.get();
  const html = await response.text();
  const found = links(html);
  assertEquals(found.length, HOSTILE.length);
  const targets = new Set<string>();
  for (const [href, text] of found) {
    assertMatch(text, /^(?:[^<>"'&]|<code>U\+[0-9A-F]{4,}<\/code>|&#\d+;)*$/);
    assertMatch(href, /^\.\/[^"<>&?#\s]*$/);
    const url = new URL(href, "http://localhost/");
    assertEquals(url.host, "localhost");
    const located = await folder.root.locate(url.pathname);
    assert(located !== null, href);
    targets.add(located.urlPath.slice(1));
  }
  assertEquals([...targets].sort(), [...HOSTILE].sort());
  assertEquals(html.match(/<script>/g)?.length, 1);
});

Deno.test("what cannot be seen in a name is shown as its number", () => {
  assertEquals(nameHtml("a\nb\u202e"), "a<code>U+000A</code>b<code>U+202E</code>");
  assertEquals(nameHtml("<\u0000>"), "&#60;<code>U+0000</code>&#62;");
  assertEquals(nameText("a\u200bb"), "aU+200Bb");
  assertEquals(nameHtml("\u{1f469}\u200d\u{1f680}"), "\u{1f469}\u200d\u{1f680}");
  assertEquals(nameHtml("\ud800"), "\ufffd");
  assertEquals(encodeName("\ud800/?#%"), "%EF%BF%BD%2F%3F%23%25");
});

Deno.test("thousands of random names become neither markup nor another URL", () => {
  const random = seeded(newSeed());
  const pieces = [
    "<",
    ">",
    '"',
    "'",
    "&",
    "\u202e",
    "\n",
    "\ud83d",
    "\udc69",
    "javascript:",
    "//",
    "x",
  ];
  for (let round = 0; round < 5000; round++) {
    const name = Array.from(
      { length: 1 + Math.floor(random() * 6) },
      () => pieces[Math.floor(random() * pieces.length)],
    ).join("");
    assertMatch(nameHtml(name), /^(?:[^<>"'&\n\u202e]|<code>U\+[0-9A-F]{4,}<\/code>|&#\d+;)*$/u);
    const url = new URL(`./${encodeName(name)}`, "http://localhost/in/");
    assertEquals(url.origin, "http://localhost");
    assertEquals(decodeURIComponent(url.pathname), `/in/${name.toWellFormed()}`);
  }
});

Deno.test("sizes are those that people read", () => {
  const sizes: [bytes: number, text: string][] = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [10_239, "10 KiB"],
    [1024 * 1024 - 1, "1.0 MiB"],
    [1.5 * 1024 ** 3, "1.5 GiB"],
    [2 ** 50 * 5000, "5000 PiB"],
  ];
  for (const [bytes, text] of sizes) assertEquals(formatBytes(bytes), text);
});

Deno.test("the policy allows the page's own style and script and nothing else", async () => {
  await using folder = await site({ a: "" }, { upload: true, archive: true });
  const response = await folder.get();
  const policy = response.headers.get("content-security-policy") ?? "";
  const html = await response.text();
  assertStringIncludes(policy, "default-src 'none';");
  assertEquals(policy.includes("unsafe"), false);
  for (const [tag, directive] of [["style", "style-src"], ["script", "script-src"]] as const) {
    const text = new RegExp(`<${tag}>(.*?)</${tag}>`, "s").exec(html)?.[1] ?? "";
    assert(text.length > 1000);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    assertStringIncludes(policy, `${directive} 'sha256-${new Uint8Array(digest).toBase64()}';`);
  }
  const rest = html.replace(/<(style|script)>.*?<\/\1>/gs, "");
  assertEquals(/ (?:style|on\w+)=|https?:|src=/.test(rest), false);
  assertEquals(response.headers.get("x-content-type-options"), "nosniff");
  assertEquals(response.headers.get("vary"), "accept, accept-encoding");
  assertEquals(response.headers.get("cache-control"), "no-cache");
});

Deno.test("a page offers what may be done, and nothing else", async () => {
  for (const upload of [true, false]) {
    for (const archive of [true, false]) {
      await using folder = await site({ a: "" }, { upload, archive, maxUploadBytes: 2048 });
      const html = (await (await folder.get()).text()).replace(/<script>.*<\/script>/s, "");
      assertEquals(html.includes("<form"), upload);
      assertEquals(html.includes('data-max-bytes="2048" data-max-text="2.0 KiB"'), upload);
      assertEquals(html.includes('href="?zip"') && html.includes('href="?tar"'), archive);
    }
  }
});

Deno.test("programs get JSON when they ask for it, by query or by header", async () => {
  await using folder = await site({ "a b": "xyz", "d/": "" });
  await Deno.utime(`${folder.path}/a b`, 1_000_000_000, 1_000_000_000);
  const headers = { accept: "application/json" };
  for (const response of [await folder.get("?json"), await folder.get("", { headers })]) {
    assertEquals(response.headers.get("content-type"), "application/json");
    assertEquals(response.headers.get("vary"), "accept, accept-encoding");
    const { path, truncated, entries } = await response.json() as Json;
    assertEquals({ path, truncated }, { path: "/", truncated: false });
    assertEquals(entries[0]?.kind, "folder");
    assertEquals(entries[0]?.bytes, null);
    const modified = "2001-09-09T01:46:40Z";
    const file = { name: "a b", kind: "file", bytes: 3, modified, href: "./a%20b" };
    assertEquals(entries[1], file);
  }
  const browser = { accept: "text/html,*/*" };
  assertMatch(await (await folder.get("", { headers: browser })).text(), /^<!doctype html>/);
});

Deno.test("a folder that holds more than is shown says so", async () => {
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}`, ""]));
  await using folder = await site(files, { ...SETTINGS, maxEntries: 10 });
  const html = await (await folder.get()).text();
  assertEquals(links(html).length, 10);
  assertStringIncludes(html, "There is more in this folder than can be shown");
  assertEquals((await (await folder.get("?json")).json() as Json).truncated, true);
  const at = await folder.root.locate("/");
  assert(at !== null);
  const all = await readListing(at, folder.root, { column: "name", descending: false }, 30);
  assertEquals(all.truncated, false);
});

Deno.test("a listing is compressed for whoever takes that", async () => {
  await using folder = await site({ a: "" });
  const plain = await folder.get();
  const response = await folder.get("", { headers: { "accept-encoding": "br, gzip" } });
  assertEquals(response.headers.get("content-encoding"), "gzip");
  const unpacked = response.body?.pipeThrough(new DecompressionStream("gzip"));
  assertEquals(await new Response(unpacked ?? null).text(), await plain.text());
  for (const codings of ["br", "gzip;q=0", "identity"]) {
    const { headers } = await folder.get("", { headers: { "accept-encoding": codings } });
    assertEquals(headers.get("content-encoding"), null);
  }
});

Deno.test("an empty folder says that it is", async () => {
  await using folder = await site({});
  const html = await (await folder.get()).text();
  assertStringIncludes(html, '<p id="empty">This folder is empty.</p>');
  assertEquals(links(html), []);
});

Deno.test("a listing is made once for many, and anew when a name is added", async () => {
  await using folder = await site({ a: "" }, { ...SETTINGS, now: () => 0 });
  let reads = 0;
  const { entries } = folder.root;
  folder.root.entries = (at) => {
    reads++;
    return entries.call(folder.root, at);
  };
  const count = async () => links(await (await folder.get()).text()).length;
  assertEquals(await Promise.all(Array.from({ length: 50 }, count)), Array(50).fill(1));
  assertEquals(reads, 1);
  await Deno.writeTextFile(`${folder.path}/b`, "");
  // Whatever the resolution of the disk's clock, this is another time.
  await Deno.utime(folder.path, 5, 5);
  assertEquals(await count(), 2);
  assertEquals(reads, 2);
});

Deno.test("a folder that may not be read, or is gone, is an answer", async () => {
  await using folder = await site({ a: "" });
  const failures = [[new Deno.errors.PermissionDenied(), 403], [new Deno.errors.NotFound(), 404]];
  for (const [error, status] of failures as [Error, number][]) {
    folder.root.entries = () => {
      throw error;
    };
    const response = await folder.get("?json");
    assertEquals(response.status, status);
    await response.body?.cancel();
  }
});
