/** Reliable datagrams beside bare datagrams, TCP and QUIC. */

import { makeCertificate } from "../../core/certificates/self_signed.ts";
import { connect } from "../../mod.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import type { Benchmark, Effort, Measured, Round } from "./benchmark.ts";
import { here, run, startServer } from "./server_process.ts";

/** Messages one way on a clean loopback, beside datagrams that nobody sends again. */
export const reliable: Benchmark = {
  name: "reliable",
  summary: "Reliable messages of 16 KiB one way, beside bare UDP datagrams",
  unit: "MB/s",
  target: { least: 50 },
  measure: (effort) => oneWay("udp", effort),
};

/** The same in datagrams that pass any network, where each costs as much as a larger one. */
export const reliableSmall: Benchmark = {
  name: "reliable-small",
  summary: "The same in datagrams of 1,200 bytes, beside bare UDP datagrams of 1,200 bytes",
  unit: "MB/s",
  target: { leastRatio: 0.6 },
  measure: (effort) => oneWay("udp", effort, DATAGRAM_BYTES),
};

/** The same beside a stream. */
export const reliableTcp: Benchmark = {
  name: "reliable-tcp",
  summary: "Reliable messages of 16 KiB one way, beside bare TCP",
  unit: "MB/s",
  target: { least: 50 },
  measure: (effort) => oneWay("tcp", effort),
};

interface Slice {
  readonly whose: "udp" | "tcp" | "ours";
  readonly bytes: number;
  readonly seconds: number;
}

async function oneWay(
  beside: "udp" | "tcp",
  { rounds, seconds }: Effort,
  datagramBytes = 0,
): Promise<Measured> {
  await using udp = await startServer("udp_sink.ts");
  await using tcp = await startServer("tcp_sink.ts");
  await using ours = await startServer("dock.ts", ["discard", "udp+reliable://127.0.0.1:0"]);
  const ports = [udp, tcp, ours].map(({ url }) => portOf(url));
  await using load = run([
    here("reliable_load.ts"),
    ...ports.map(String),
    `${seconds}`,
    `${rounds}`,
    `${datagramBytes}`,
  ]);
  const { code, stdout, stderr } = await load.ended(1000 * (60 + 6 * seconds * rounds));
  if (code !== 0) throw new Error(`reliable_load.ts failed: ${stderr}`);
  const slices = stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as Slice);
  const of = (whose: Slice["whose"]) =>
    slices.filter((slice) => slice.whose === whose)
      .map(({ bytes, seconds }) => bytes / 1e6 / seconds);
  const mine = of("ours");
  return { rounds: of(beside).map((bare, round): Round => ({ bare, ours: mine[round]! })) };
}

/** Each way. */
const FAULT = "loss=1%,latency=10ms";
/** One transfer of this takes one to three seconds. */
const TRANSFER_BYTES = 3_000_000;
const MESSAGE_BYTES = 16_384;
const SEEDS = [1, 2, 3, 4, 5, 6, 7] as const;
/** What goes through any network, though the relay is on this machine; QUIC finds out that more does. */
const DATAGRAM_BYTES = 1200;

/** Through our relay, which loses and delays, beside a QUIC stream through the same. */
export const reliableLossy: Benchmark = {
  name: "reliable-lossy",
  summary: "3 MB at 1 % loss each way and 20 ms round trip, beside Deno's QUIC",
  unit: "MB/s",
  target: { leastRatio: 1 },
  unavailable: () => "QuicEndpoint" in Deno ? null : "this Deno has no QUIC",
  async measure() {
    await using folder = await temporaryFolder();
    const { cert, key } = await makeCertificate(["localhost"], Date.now());
    const files = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`] as const;
    await Deno.writeTextFile(files[0], cert);
    await Deno.writeTextFile(files[1], key);
    await using quic = await startServer("quic_sink.ts", files);
    await using ours = await startServer("dock.ts", ["discard", "udp+reliable://127.0.0.1:0"]);
    const rounds: Round[] = [];
    for (const seed of SEEDS) {
      const overQuic = () => through(portOf(quic.url), seed, (port) => sendOverQuic(port, cert));
      const overOurs = () => through(portOf(ours.url), seed, sendOverOurs);
      if (seed % 2 === 1) rounds.push({ bare: await overQuic(), ours: await overOurs() });
      else {
        const mine = await overOurs();
        rounds.push({ bare: await overQuic(), ours: mine });
      }
    }
    return { rounds };
  },
};

/** Megabytes a second through a relay of its own, which loses by its seed. */
async function through(
  upstreamPort: number,
  seed: number,
  transfer: (port: number) => Promise<number>,
): Promise<number> {
  const how = ["udp://127.0.0.1:0", `udp://127.0.0.1:${upstreamPort}`, FAULT, `${seed}`];
  await using relay = await startServer("relay.ts", how);
  return TRANSFER_BYTES / 1e6 / await transfer(portOf(relay.url));
}

/** Returns how many seconds it took, without the handshake. */
async function sendOverQuic(port: number, cert: string): Promise<number> {
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const connection = await Deno.connectQuic({
    hostname: "127.0.0.1",
    port,
    serverName: "localhost",
    caCerts: [cert],
    alpnProtocols: ["bench"],
    endpoint,
  });
  const stream = await connection.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  const start = performance.now();
  for (const part of parts()) await writer.write(part);
  await writer.close();
  for await (const _answer of stream.readable);
  const seconds = (performance.now() - start) / 1000;
  connection.close();
  endpoint.close();
  return seconds;
}

/** The same. */
async function sendOverOurs(port: number): Promise<number> {
  using session = await connect(`udp+reliable://127.0.0.1:${port}`, {
    reliableDatagramBytes: DATAGRAM_BYTES,
  });
  const start = performance.now();
  for (const part of parts()) await session.send(part);
  await session.end();
  return (performance.now() - start) / 1000;
}

function* parts(): Generator<Uint8Array<ArrayBuffer>> {
  const message = new Uint8Array(MESSAGE_BYTES);
  for (let sent = 0; sent < TRANSFER_BYTES; sent += MESSAGE_BYTES) {
    yield message.subarray(0, Math.min(MESSAGE_BYTES, TRANSFER_BYTES - sent));
  }
}

function portOf(url: string): number {
  return Number(/:(\d+)$/.exec(url)![1]);
}
