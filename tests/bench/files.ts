/** How fast a folder is served, beside Deno.serve answering the same bytes, and beside nginx. */

import { findPeer } from "../peer.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import type { Benchmark, Effort, Measured } from "./benchmark.ts";
import { startNginx } from "./nginx.ts";
import { type ServerProcess, startServer } from "./server_process.ts";
import { loadInTurn } from "./wrk.ts";

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
  target: { leastRatio: 0.9 },
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
  target: { leastRatio: 0.9 },
  unavailable: () => missing("wrk", "nginx"),
  measure: (effort) => besideNginx(LARGE, 4, effort),
};

/** A listing, beside a page of the same bytes that was made beforehand. */
export const listing: Benchmark = {
  name: "listing",
  summary: "The listing of 1,000 files on 10 connections, beside the same page from memory",
  unit: "answers/s",
  target: { least: 300 },
  unavailable: () => missing("wrk"),
  async measure(effort) {
    await using site = await folder();
    const page = await (await fetch(`${site.ours.url}/many/`, PLAIN)).text();
    const path = `${site.root}/page.html`;
    await Deno.writeTextFile(path, page);
    await using bare = await startServer("bare_file.ts", [path, '{"content-type":"text/html"}']);
    return await loadInTurn(bare, { ...site.ours, url: `${site.ours.url}/many/` }, 10, effort);
  },
};

function missing(...peers: readonly ("wrk" | "nginx")[]): string | null {
  const absent = peers.filter((peer) => findPeer(peer) === null);
  return absent.length === 0 ? null : `it needs ${absent.join(" and ")}`;
}

/** A folder with a small and a large file and one with many, and our server of it. */
async function folder() {
  await using starting = new AsyncDisposableStack();
  const scratch = starting.use(await temporaryFolder());
  const root = `${scratch.path}/root`;
  await Deno.mkdir(`${root}/many`, { recursive: true });
  await Deno.chmod(scratch.path, 0o755);
  await Deno.writeTextFile(
    `${root}/${SMALL}`,
    "Hello, this is a line of text.\n".repeat(331).slice(0, 10_240),
  );
  await Deno.writeFile(`${root}/${LARGE}`, new Uint8Array(10 * 1024 * 1024).fill(0xff));
  for (let index = 0; index < 1000; index++) {
    await Deno.writeTextFile(`${root}/many/file ${index}.txt`, `${index}`);
  }
  const ours = starting.use(
    await startServer("dock.ts", [
      "files",
      "http://127.0.0.1:0",
      JSON.stringify({ root }),
    ]),
  );
  const owned = starting.move();
  return {
    root,
    scratch: scratch.path,
    ours,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function besideDeno(name: string, connections: number, effort: Effort): Promise<Measured> {
  await using site = await folder();
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
  return await load(bare, site.ours, name, connections, effort);
}

async function besideNginx(name: string, connections: number, effort: Effort): Promise<Measured> {
  await using site = await folder();
  await using nginx = await startNginx(site.root, site.scratch);
  return await load(nginx, site.ours, name, connections, effort);
}

function load(
  bare: ServerProcess,
  ours: ServerProcess,
  name: string,
  connections: number,
  effort: Effort,
): Promise<Measured> {
  const page = ({ url, pid }: ServerProcess) => ({ url: `${url.replace(/\/$/, "")}/${name}`, pid });
  return loadInTurn(page(bare), page(ours), connections, effort);
}
