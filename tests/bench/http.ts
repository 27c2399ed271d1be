/** How much HTTP/1.1 is answered, beside bare Deno.serve, and what a connection holds in memory. */

import type { Benchmark, Effort, Round } from "./benchmark.ts";
import { kibibytesEach, lowestKib, memoryObstacle, settledKib } from "../resident_memory.ts";
import { type ServerProcess, startServer } from "./server_process.ts";
import { missing, openSite, pageOf } from "./site.ts";
import { loadInTurn } from "./wrk.ts";

const IDLE_CONNECTIONS = 2000;
const SLOW_CONNECTIONS = 500;

/** A small page. */
export const http: Benchmark = {
  name: "http",
  summary: "Hello over HTTP/1.1 on 50 connections that are kept alive, beside Deno.serve",
  unit: "answers/s",
  target: { leastRatio: 0.9 },
  unavailable: () => missing("wrk"),
  async measure(effort) {
    await using ours = await startServer("dock.ts", ["hello", "http://127.0.0.1:0"]);
    // The same page, so that both send the same bytes.
    const answer = await fetch(ours.url);
    const type = answer.headers.get("content-type") ?? "";
    await using bare = await startServer("bare_http.ts", [await answer.text(), type]);
    return await loadInTurn(pageOf(bare, ""), pageOf(ours, ""), 50, effort);
  },
};

/** A handler of somebody's own. */
export const httpHandler: Benchmark = {
  name: "http-handler",
  summary:
    "A handler that reads a header field, on 50 connections, beside Deno.serve with the same",
  unit: "answers/s",
  target: { leastRatio: 0.65 },
  unavailable: () => missing("wrk"),
  async measure(effort) {
    await using bare = await startServer("reader.ts", ["bare"]);
    await using ours = await startServer("reader.ts", ["ours"]);
    return await loadInTurn(pageOf(bare, ""), pageOf(ours, ""), 50, effort);
  },
};

/** A query, which answers that lie ready do not look at. */
export const httpQuery: Benchmark = {
  name: "http-query",
  summary: "Hello with a query, on 50 connections, beside hello without",
  unit: "answers/s",
  target: { leastRatio: 0.8 },
  unavailable: () => missing("wrk"),
  async measure(effort) {
    await using ours = await startServer("dock.ts", ["hello", "http://127.0.0.1:0"]);
    return await loadInTurn(pageOf(ours, ""), pageOf(ours, "?q=1"), 50, effort);
  },
};

/** Connections between two requests. */
export const httpIdle: Benchmark = {
  name: "http-idle",
  summary: "Resident memory of each of 2,000 connections kept alive after a request",
  unit: "KiB each",
  target: { most: 14 },
  unavailable: () => memoryObstacle(IDLE_CONNECTIONS + 100),
  async measure({ rounds }) {
    const measured: Round[] = [];
    for (let round = 0; round < Math.max(2, Math.round(rounds / 10)); round++) {
      await using bare = await startServer("bare_http.ts", ["Hello", "text/plain"]);
      await using ours = await startServer("dock.ts", ["hello", "http://127.0.0.1:0"]);
      measured.push({ bare: await idleKib(bare), ours: await idleKib(ours) });
    }
    return { rounds: measured };
  },
};

/** Clients that ask for much and take nothing. */
export const httpSlow: Benchmark = {
  name: "http-slow",
  summary: "Resident memory of each of 500 clients that read nothing of 10 MiB, beside nginx",
  unit: "KiB each",
  target: { most: 100 },
  unavailable: () => missing("nginx") ?? memoryObstacle(2 * SLOW_CONNECTIONS + 100),
  measure: async (effort) => ({ rounds: (await slowClients(effort)).each }),
};

/** What they leave behind. */
export const httpSlowLeft: Benchmark = {
  name: "http-slow-left",
  summary: "Resident memory that stays when those 500 clients have left, beside nginx",
  unit: "MiB",
  target: { most: 15 },
  unavailable: () => missing("nginx") ?? memoryObstacle(2 * SLOW_CONNECTIONS + 100),
  measure: async (effort) => ({ rounds: (await slowClients(effort)).left }),
};

function idleKib({ pid, port }: ServerProcess): Promise<number> {
  return kibibytesEach(pid, IDLE_CONNECTIONS, () => asked(port, "/"));
}

/** A connection on which a request was sent, and of whose answer the beginning is there. */
async function asked(port: number, path: string): Promise<Deno.Conn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`));
  await conn.read(new Uint8Array(1024));
  return conn;
}

interface SlowClients {
  readonly each: readonly Round[];
  readonly left: readonly Round[];
}

/** Both figures come from the same clients; a run that asks for both has them once. */
let slow: Promise<SlowClients> | undefined;

function slowClients(effort: Effort): Promise<SlowClients> {
  return slow ??= measureSlowClients(effort);
}

async function measureSlowClients({ rounds }: Effort): Promise<SlowClients> {
  const each: Round[] = [];
  const left: Round[] = [];
  for (let round = 0; round < Math.max(2, Math.round(rounds / 10)); round++) {
    await using site = await openSite();
    await using nginx = await site.nginx();
    const [bare, ours] = [await slowKib(nginx), await slowKib(site.ours)];
    each.push({ bare: bare.each, ours: ours.each });
    left.push({ bare: bare.left, ours: ours.left });
  }
  return { each, left };
}

async function slowKib({ pid, port }: ServerProcess): Promise<{ each: number; left: number }> {
  const path = "/large.bin";
  // What only the first answers cost is not what each costs.
  for (let first = 0; first < 10; first++) {
    await (await fetch(`http://127.0.0.1:${port}${path}`)).bytes();
  }
  const before = await settledKib(pid);
  const each = await kibibytesEach(pid, SLOW_CONNECTIONS, () => asked(port, path));
  const after = await lowestKib(pid, 15_000);
  return { each, left: Math.max(0, after - before) / 1024 };
}
