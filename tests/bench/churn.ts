/**
 * `deno run --allow-all tests/bench/churn.ts [name]... [--seconds 300]`: clients that come, say
 * something and go, on all transports at once, and the slope of each server's resident memory. The
 * servers collect their garbage once a second, so that what grows is what is kept. Exits with 3 when
 * one grows by more than it may.
 */

import { parseArgs } from "@std/cli/parse-args";
import { fetchUrl, send } from "../../mod.ts";
import { slopeOf } from "./slope.ts";
import { type ServerProcess, startServer } from "./server_process.ts";

/** How many clients come in a second, of each kind. */
const CLIENTS_PER_SECOND = 40;

/** The first part of the time does not count: in it a server loads what it needs, and its tables fill
 * up, as that of UDP's peers, who are forgotten after a minute. */
const WARM_UP_SHARE = 2 / 5;

/** How much a server may grow in the rest of a full run, and in that of a shorter one, which is still
 * warming up. */
const FULL_SECONDS = 300;
const MAX_GROWTH_MIB = 2;
const MAX_GROWTH_OF_SHORT_RUN_MIB = 16;

/** The share of clients that a busy machine may fail. */
const MAX_FAILED_SHARE = 0.01;

const SAMPLE_MS = 500;

interface Kind {
  readonly name: string;
  /** The arguments of the server program. */
  readonly serves: readonly string[];
  /** One client, from its beginning to its end. */
  visit(url: string, number: number): Promise<unknown>;
}

const echoing = (name: string, scheme: string): Kind => ({
  name,
  serves: ["echo", `${scheme}://127.0.0.1:0`],
  visit: (url, number) =>
    send(url, `client ${number}`, scheme === "tls" || scheme === "dtls" ? { insecure: true } : {}),
});

const KINDS: readonly Kind[] = [
  echoing("tcp", "tcp"),
  echoing("tls", "tls"),
  echoing("ws", "ws"),
  {
    name: "http",
    serves: ["hello", "http://127.0.0.1:0"],
    async visit(url) {
      const response = await fetchUrl(url);
      await response.bytes();
    },
  },
  echoing("udp", "udp"),
  echoing("dtls", "dtls"),
  echoing("reliable", "udp+reliable"),
  {
    name: "chat",
    // A name that comes only once, as those of visitors are.
    serves: ["chat", "tcp://127.0.0.1:0", JSON.stringify({ history: "off" })],
    visit: (url, number) =>
      send(
        url,
        [
          { type: "hello", name: `visitor-${number}`, version: 1 },
          { type: "say", text: `I am number ${number}` },
          { type: "quit" },
        ].map((request) => `${JSON.stringify(request)}\n`).join(""),
      ),
  },
];

/** What became of one server. */
interface Outcome {
  readonly name: string;
  readonly clients: number;
  readonly failed: number;
  readonly residentMiB: number;
  readonly slopeMiBPerMinute: number;
  /** By how much it grew in the part of the time that counts. */
  readonly growthMiB: number;
}

async function churn({ name, serves, visit }: Kind, seconds: number): Promise<Outcome> {
  await using server = await startServer("dock.ts", serves, ["--v8-flags=--expose-gc"]);
  let [clients, failed] = [0, 0];
  const open = new Set<Promise<void>>();
  const coming = setInterval(() => {
    // When the machine is slow, fewer come, and not more at once.
    if (open.size >= CLIENTS_PER_SECOND) return;
    const visiting = visit(server.url, clients++).then(() => {}, (error) => {
      if (failed++ === 0) console.error(`${name}: ${error}`);
    }).finally(() => open.delete(visiting));
    open.add(visiting);
  }, 1000 / CLIENTS_PER_SECOND);
  const samples: number[] = [];
  const endMs = performance.now() + 1000 * seconds;
  while (performance.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    samples.push(residentMiB(server));
  }
  clearInterval(coming);
  await Promise.all(open);
  const counted = samples.slice(Math.floor(WARM_UP_SHARE * samples.length));
  const slope = slopeOf(counted);
  const countedMinutes = (1 - WARM_UP_SHARE) * seconds / 60;
  const growthMiB = slope * (counted.length - 1);
  return {
    name,
    clients,
    failed,
    residentMiB: counted.at(-1) ?? 0,
    slopeMiBPerMinute: growthMiB / countedMinutes,
    growthMiB,
  };
}

function residentMiB({ pid }: ServerProcess): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
}

function fail(message: string): never {
  console.error(message);
  Deno.exit(2);
}

const { seconds: given, _: words } = parseArgs(Deno.args, {
  string: ["seconds", "_"],
  unknown: (word, key) => key === undefined || fail(`unknown: ${word}; there is --seconds`),
});
const seconds = Number(given ?? FULL_SECONDS);
if (!(seconds >= 1)) fail(`--seconds: expected a number from 1, got ${given}`);
const known = KINDS.map(({ name }) => name);
const wrong = words.filter((word) => !known.includes(`${word}`));
if (wrong.length > 0) fail(`unknown: ${wrong.join(" ")}; known are ${known.join(", ")}`);
if (Deno.build.os !== "linux") fail("it reads /proc, which only Linux has");

const chosen = KINDS.filter(({ name }) => words.length === 0 || words.includes(name));
const most = seconds >= FULL_SECONDS ? MAX_GROWTH_MIB : MAX_GROWTH_OF_SHORT_RUN_MIB;
let missed = 0;
for (const outcome of await Promise.all(chosen.map((kind) => churn(kind, seconds)))) {
  const { name, clients, failed, residentMiB, slopeMiBPerMinute, growthMiB } = outcome;
  const isMet = growthMiB <= most && failed <= MAX_FAILED_SHARE * clients;
  if (!isMet) missed++;
  console.log(
    `${name.padEnd(9)} ${`${clients}`.padStart(6)} clients, ${failed} failed, ` +
      `${residentMiB.toFixed(1)} MiB resident, ${slopeMiBPerMinute.toFixed(2)} MiB a minute, ` +
      `grew by ${growthMiB.toFixed(2)} MiB (at most ${most}) ${isMet ? "met" : "MISSED"}`,
  );
}
Deno.exit(missed > 0 ? 3 : 0);
