/**
 * `deno task bench [name]... [--quick] [--json]`: each benchmark's figure beside the barest program
 * that does the same, measured in turns in one run, and whether it meets its target. Exits with 3
 * when one does not.
 */

import { type Benchmark, type Effort, type Result, summarize } from "./benchmark.ts";
import { reliableHighLossBbr, reliableLossBbr, reliableLossCubic } from "./bottleneck.ts";
import { chatHistory, chatHistoryBatch, chatSearch } from "./chat_history.ts";
import { controlHeard, controlIdle, controlIdleUdp } from "./control.ts";
import { consolePaused, consoleShown, consoleUsable } from "./console.ts";
import { copyMemory, copySpeed } from "./copy.ts";
import { chatFanOut, chatIdle, chatLatency } from "./chat.ts";
import { dtlsEcho, dtlsEd25519, dtlsHandshakes, dtlsLarge, dtlsSmall } from "./dtls.ts";
import { eventCost, eventsAll, metricsOn } from "./events.ts";
import {
  filesAfter,
  filesLarge,
  filesLargeNginx,
  filesMissing,
  filesRange,
  filesSmall,
  filesSmallNginx,
  filesUnchanged,
  listing,
} from "./files.ts";
import { http, httpHandler, httpIdle, httpQuery, httpSlow, httpSlowLeft } from "./http.ts";
import {
  http2Small,
  httpsAlone,
  httpsConnections,
  httpsHello,
  httpsLarge,
  httpsSmall,
} from "./https.ts";
import { idleMemory } from "./idle_memory.ts";
import { sealedAesEcho, sealedEcho, signedEcho } from "./protected.ts";
import { relayLarge, relaySmall, relayUdp } from "./relay.ts";
import { reliable, reliableSmall, reliableTcp } from "./reliable.ts";
import { reliablePeers } from "./reliable_peers.ts";
import { startMemory, startup } from "./startup.ts";
import { tcpLarge, tcpSmall, udp, webSocket } from "./throughput.ts";
import { tlsHandshakes, tlsIdle, tlsLarge, tlsResumed, tlsSmall } from "./tls.ts";

const BENCHMARKS: readonly Benchmark[] = [
  tcpSmall,
  tcpLarge,
  tlsSmall,
  tlsLarge,
  tlsHandshakes,
  tlsResumed,
  tlsIdle,
  udp,
  dtlsEcho,
  dtlsSmall,
  dtlsLarge,
  dtlsHandshakes,
  dtlsEd25519,
  sealedEcho,
  sealedAesEcho,
  signedEcho,
  reliable,
  reliableSmall,
  reliableTcp,
  ...reliablePeers,
  reliableLossBbr,
  reliableHighLossBbr,
  reliableLossCubic,
  http,
  httpHandler,
  httpQuery,
  httpIdle,
  httpSlow,
  httpSlowLeft,
  webSocket,
  eventCost,
  eventsAll,
  metricsOn,
  filesSmall,
  filesSmallNginx,
  filesLarge,
  filesLargeNginx,
  filesMissing,
  filesUnchanged,
  filesRange,
  filesAfter,
  httpsHello,
  httpsSmall,
  httpsLarge,
  httpsConnections,
  httpsAlone,
  http2Small,
  listing,
  relayLarge,
  relaySmall,
  relayUdp,
  controlIdle,
  controlIdleUdp,
  controlHeard,
  consolePaused,
  consoleShown,
  consoleUsable,
  copySpeed,
  copyMemory,
  chatFanOut,
  chatLatency,
  chatIdle,
  idleMemory,
  startup,
  startMemory,
  chatHistory,
  chatHistoryBatch,
  chatSearch,
];

const FULL: Effort = { rounds: 20, seconds: 0.5 };
const QUICK: Effort = { rounds: 4, seconds: 0.25 };

const flags = Deno.args.filter((word) => word.startsWith("--"));
const names = Deno.args.filter((word) => !word.startsWith("--"));
const known = BENCHMARKS.map(({ name }) => name);
const wrong = [
  ...flags.filter((flag) => !["--quick", "--json"].includes(flag)),
  ...names.filter((name) => !known.includes(name)),
];
if (wrong.length > 0) {
  console.error(`unknown: ${wrong.join(" ")}; known are --quick, --json and ${known.join(", ")}`);
  Deno.exit(2);
}
const json = flags.includes("--json");
const effort = flags.includes("--quick") ? QUICK : FULL;

const COLUMNS = [24, 12, 12, 11, 8, 16, 8, 9, 0] as const;
const HEAD = ["benchmark", "bare", "sockdock", "", "ratio", "quartiles", "by cpu", "target", ""];
const LEFT = new Set([0, 3]);

function line(cells: readonly string[]): string {
  const padded = cells.map((cell, column) => {
    const width = COLUMNS[column] ?? 0;
    return LEFT.has(column) ? cell.padEnd(width) : cell.padStart(width);
  });
  return padded.join("  ").trimEnd();
}

function row(result: Result): string {
  const [low, high] = result.ratioSpread;
  const amount = (value: number) =>
    value >= 1000 ? Math.round(value).toLocaleString("en-US") : value.toFixed(1);
  const { target } = result;
  return line([
    result.name,
    amount(result.bare),
    amount(result.ours),
    result.unit,
    result.ratio.toFixed(2),
    `${low.toFixed(2)} to ${high.toFixed(2)}`,
    result.cpuRatio?.toFixed(2) ?? "",
    "most" in target
      ? `<= ${target.most}`
      : "least" in target
      ? `>= ${target.least}/s`
      : `>= ${target.leastRatio.toFixed(2)}`,
    result.met ? "met" : "MISSED",
  ]);
}

let missed = 0;
if (!json) console.log(line(HEAD));
for (const benchmark of BENCHMARKS) {
  if (names.length > 0 && !names.includes(benchmark.name)) continue;
  const obstacle = benchmark.unavailable?.() ?? null;
  if (obstacle !== null) {
    if (json) console.log(JSON.stringify({ name: benchmark.name, skipped: obstacle }));
    else console.log(line([benchmark.name, `skipped: ${obstacle}`]));
    continue;
  }
  const result = summarize(benchmark, await benchmark.measure(effort));
  if (!result.met) missed++;
  console.log(json ? JSON.stringify(result) : row(result));
}
Deno.exit(missed > 0 ? 3 : 0);
