/** The table of `rows.ts` on every carrier and with options that must not matter. */

import { assert } from "@std/assert";
import { type Dock, serve, type ServeOptions } from "../../../../dock/serve.ts";
import { files } from "../../../../web/files.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { observed } from "./application.ts";
import { differenceOf } from "./deno_serve_rows.ts";
import { fault, inShort, type Manner, outcomeOf } from "./outcome.ts";
import { type Row, ROWS } from "./rows.ts";
import type { Place } from "./wire.ts";

const TOKEN = "correct-horse-battery-staple";

/** Options of a server, and the fields that a request then has to have. */
type Beside = ServeOptions & { readonly cors?: boolean; readonly fields?: string };

/** Options beside which a request must get the same answer. */
const BESIDE: Readonly<Record<string, Beside>> = {
  "no option": {},
  "--auth-token": { authToken: TOKEN, fields: `Authorization: Bearer ${TOKEN}\r\n` },
  "--verbose": { watch: true, emit: () => {} },
  "--log-requests": { logRequests: true, emit: () => {} },
};

/** A server that is asked. */
interface Asked extends Place {
  readonly name: string;
  readonly fields: string;
  /** What its application has seen, where that is known. */
  readonly seen: string[] | null;
}

function askedAt(
  name: string,
  dock: Dock,
  { fields = "" }: { readonly fields?: string },
  seen: string[] | null,
): Asked {
  return { name, url: dock.url, trusted: dock.certificate?.pem, fields, seen };
}

/** What is wrong with the answers of several servers to one row, which have to be the same. */
async function faults(row: Row, all: readonly Asked[], manner: Manner): Promise<string[]> {
  const servers = row.named ? all.filter(({ url }) => !url.startsWith("unix:")) : all;
  const outcomes = await Promise.all(servers.map(async (server) => {
    const { name, fields, seen } = server;
    if (seen !== null) seen.length = 0;
    try {
      const outcome = await outcomeOf(server, row, { ...manner, fields });
      const wrong = seen === null ? null : fault(row, outcome, [...seen]);
      return { short: inShort(outcome), wrong: wrong && `${wrong}, on ${name}` };
    } catch (error) {
      return { short: "", wrong: `${row.section}: ${row.name}: ${error}, on ${name}` };
    }
  }));
  const wrong = outcomes.flatMap(({ wrong }) => wrong ?? []);
  // Whether a body is there before its 100 is a matter of luck.
  const luck = row.answers.some((one) => typeof one !== "number" && one.includes(100));
  if (wrong.length > 0 || row.open || luck) return wrong;
  const shorts = new Set(outcomes.map(({ short }) => short));
  if (shorts.size <= 1) return [];
  const each = outcomes.map(({ short }, index) => `${short} on ${servers[index]!.name}`);
  return [`${row.section}: ${row.name}: ${each.join(", ")}`];
}

async function assertNoFaults(servers: readonly Asked[], random?: () => number): Promise<void> {
  const found: string[] = [];
  for (const row of ROWS) {
    found.push(...await faults(row, servers, random === undefined ? {} : { random }));
  }
  assert(found.length === 0, `${found.length} faults:\n${found.join("\n")}\n`);
}

/** All carriers, each with each of the options. */
async function everywhere(started: AsyncDisposableStack): Promise<Asked[]> {
  const { path } = started.use(await temporaryFolder());
  const servers: Asked[] = [];
  for (const scheme of ["http", "https", "unix"]) {
    for (const [option, { fields = "", ...options }] of Object.entries(BESIDE)) {
      const url = scheme === "unix"
        ? `unix://${path}/${servers.length}`
        : `${scheme}://127.0.0.1:0`;
      const { handler, seen } = observed();
      const dock = started.use(await serve(url, handler, { maxBodyBytes: 1000, ...options }));
      servers.push(askedAt(`${scheme} with ${option}`, dock, { fields }, seen));
    }
  }
  return servers;
}

Deno.test("each request gets its answer, the same on TCP, TLS and Unix sockets and with options", async () => {
  await using started = new AsyncDisposableStack();
  await assertNoFaults(await everywhere(started));
});

Deno.test("the same in random fragments", async () => {
  await using started = new AsyncDisposableStack();
  await assertNoFaults(await everywhere(started), seeded(newSeed()));
});

Deno.test("files give each request the same answer, whatever options stand beside it", async () => {
  await using started = new AsyncDisposableStack();
  const { path: root } = started.use(await temporaryFolder());
  for (const name of ["x", "mark", "after-all"]) {
    await Deno.writeTextFile(`${root}/${name}`, `/${name}`);
  }
  const servers: Asked[] = [];
  const all: Readonly<Record<string, Beside>> = {
    ...BESIDE,
    "--cors": { cors: true },
    "--verbose and --cors": { watch: true, cors: true },
  };
  for (const [option, { fields = "", ...options }] of Object.entries(all)) {
    const dock = started.use(await serve("http://127.0.0.1:0", files, { root, ...options }));
    servers.push(askedAt(option, dock, { fields }, null));
  }
  await assertNoFaults(servers);
});

Deno.test("--listener deno differs in nothing but what is listed", async () => {
  const { handler, seen } = observed();
  await using dock = await serve("http://127.0.0.1:0", handler, {
    maxBodyBytes: 1000,
    listener: "deno",
  });
  const found: string[] = [];
  for (const row of ROWS) {
    const difference = differenceOf(row);
    if (difference === "waits") continue;
    seen.length = 0;
    const outcome = await outcomeOf(dock, row);
    const wrong = fault(row, outcome, [...seen]);
    if (difference === undefined && wrong !== null) found.push(wrong);
    if (difference === undefined) continue;
    if (wrong === null) found.push(`${row.section}: ${row.name}: listed, and differs in nothing`);
  }
  assert(found.length === 0, `${found.length} faults:\n${found.join("\n")}\n`);
});
