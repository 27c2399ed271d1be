/** How fast a folder is served, beside Deno.serve answering the same bytes, and beside nginx. */

import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import { startServer } from "./server_process.ts";
import { type FileName, missing, openSite, pageOf } from "./site.ts";
import { type Loaded, loadInTurn } from "./wrk.ts";

const SMALL = "small.txt";
const LARGE = "large.bin";

/** What wrk asks for too. */
const PLAIN = { headers: { "accept-encoding": "identity" } };

/** A small file beside bare Deno.serve. */
export const filesSmall: Benchmark = {
  name: "files-10k",
  summary: "A file of 10 KiB on 50 connections, beside Deno.serve with its type and body alone",
  unit: "answers/s",
  target: { leastRatio: 0.9 },
  unavailable: () => missing("wrk"),
  measure: (effort) => besideDeno(SMALL, 50, effort),
};

/** A small file beside nginx. */
export const filesSmallNginx: Benchmark = {
  name: "10k-nginx",
  summary: "A file of 10 KiB on 50 connections, beside nginx with one worker",
  unit: "answers/s",
  target: { leastRatio: 1.2 },
  unavailable: () => missing("wrk", "nginx"),
  measure: (effort) => besideNginx(SMALL, 50, effort),
};

/** A large file beside bare Deno.serve. */
export const filesLarge: Benchmark = {
  name: "files-10m",
  summary: "A file of 10 MiB on 4 connections, beside Deno.serve",
  unit: "answers/s",
  target: { leastRatio: 0.9 },
  unavailable: () => missing("wrk"),
  measure: (effort) => besideDeno(LARGE, 4, effort),
};

/** A large file beside nginx. */
export const filesLargeNginx: Benchmark = {
  name: "10m-nginx",
  summary: "A file of 10 MiB on 4 connections, beside nginx with one worker",
  unit: "answers/s",
  target: { leastRatio: 1.2 },
  unavailable: () => missing("wrk", "nginx"),
  measure: (effort) => besideNginx(LARGE, 4, effort),
};

/** A name that there is not. */
export const filesMissing: Benchmark = {
  name: "files-404",
  summary: "A file that is missing, on 50 connections, beside nginx with one worker",
  unit: "answers/s",
  target: { leastRatio: 0.7 },
  unavailable: () => missing("wrk", "nginx"),
  measure: (effort) =>
    besideNginx("none.txt", 50, effort, () => ({ refused: { least: Infinity, most: Infinity } })),
};

/** What the client has already. */
export const filesUnchanged: Benchmark = {
  name: "files-304",
  summary: "A file of 10 KiB that has not changed, on 50 connections, beside nginx with one worker",
  unit: "answers/s",
  target: { leastRatio: 0.7 },
  unavailable: () => missing("wrk", "nginx"),
  measure: (effort) =>
    besideNginx(SMALL, 50, effort, (tag) => ({ with: ["-H", `If-None-Match: ${tag}`] })),
};

/** A part of a file. */
export const filesRange: Benchmark = {
  name: "files-range",
  summary: "100 bytes of a file of 10 KiB, on 50 connections, beside nginx with one worker",
  unit: "answers/s",
  target: { leastRatio: 0.7 },
  unavailable: () => missing("wrk", "nginx"),
  measure: (effort) =>
    besideNginx(SMALL, 50, effort, () => ({ with: ["-H", "Range: bytes=0-99"] })),
};

/** Each of the three at the beginning of each connection must not make what follows slower. */
export const filesAfter: Benchmark = {
  name: "files-after",
  summary:
    "A file of 10 KiB after a 404, a 304 and a range on each connection, beside none of them",
  unit: "answers/s",
  target: { leastRatio: 0.95 },
  unavailable: () => missing("wrk"),
  async measure(effort) {
    await using site = await openSite();
    const page = pageOf(site.ours, SMALL);
    const [plain, after] = [`${site.scratch}/plain.lua`, `${site.scratch}/after.lua`];
    // A script costs wrk itself a good part of its speed, so both have one.
    await Deno.writeTextFile(plain, `request = function() return wrk.format("GET") end`);
    await Deno.writeTextFile(after, afterOthers(await tagOf(page.url)));
    const refused = { least: 1, most: 50 };
    const ours = { ...page, refused, with: ["-s", after] };
    return await loadInTurn({ ...page, with: ["-s", plain] }, ours, 50, effort);
  },
};

/** A listing, beside a page of the same bytes that was made beforehand. */
export const listing: Benchmark = {
  name: "listing",
  summary: "The listing of 1,000 files on 10 connections, beside the same page from memory",
  unit: "answers/s",
  target: { least: 300 },
  unavailable: () => missing("wrk"),
  async measure(effort) {
    await using site = await openSite();
    await Deno.mkdir(`${site.root}/many`);
    for (let index = 0; index < 1000; index++) {
      await Deno.writeTextFile(`${site.root}/many/file ${index}.txt`, `${index}`);
    }
    const page = await (await fetch(`${site.ours.url}/many/`, PLAIN)).text();
    const path = `${site.scratch}/page.html`;
    await Deno.writeTextFile(path, page);
    await using bare = await startServer("bare_file.ts", [path, '{"content-type":"text/html"}']);
    return await loadInTurn(bare, pageOf(site.ours, "many/"), 10, effort);
  },
};

async function besideDeno(name: FileName, connections: number, effort: Effort): Promise<Measured> {
  await using site = await openSite();
  const answer = await fetch(`${site.ours.url}/${name}`, PLAIN);
  await answer.body?.cancel();
  // The fewer fields it has to send, the faster Deno is; it does not know the length of a file.
  const needed = name === LARGE ? ["content-type", "content-length"] : ["content-type"];
  const fields = [...answer.headers].filter(([field]) => needed.includes(field));
  const file = `${site.root}/${name}`;
  await using bare = await startServer("bare_file.ts", [
    file,
    JSON.stringify(Object.fromEntries(fields)),
  ]);
  return await loadInTurn(pageOf(bare, name), pageOf(site.ours, name), connections, effort);
}

/** @param more what else is loaded with, given the entity tag of the page */
async function besideNginx(
  name: string,
  connections: number,
  effort: Effort,
  more: (tag: string) => Partial<Loaded> = () => ({}),
): Promise<Measured> {
  await using site = await openSite();
  await using nginx = await site.nginx();
  const [bare, ours] = await Promise.all([nginx, site.ours].map(async (server) => {
    const page = pageOf(server, name);
    return { ...page, ...more(await tagOf(page.url)) };
  }));
  return await loadInTurn(bare!, ours!, connections, effort);
}

async function tagOf(url: string): Promise<string> {
  const answer = await fetch(url, PLAIN);
  await answer.body?.cancel();
  return answer.headers.get("etag") ?? "";
}

/** A script for wrk on 50 connections: it asks for as many requests as there are connections before
 * any connection's second one. */
function afterOthers(tag: string): string {
  return `local asked = 0
request = function()
  local turn = math.floor(asked / 50)
  asked = asked + 1
  if turn == 0 then return wrk.format("GET", "/none.txt") end
  if turn == 1 then return wrk.format("GET", nil, { ["If-None-Match"] = '${tag}' }) end
  if turn == 2 then return wrk.format("GET", nil, { Range = "bytes=0-99" }) end
  return wrk.format("GET")
end
`;
}
