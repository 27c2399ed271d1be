/** Reliable datagrams beside ENet and Deno's QUIC: a transfer over the same path, which our relay makes
 * by the same seed. */

import { makeCertificate } from "../../core/certificates/self_signed.ts";
import { connect } from "../../mod.ts";
import { findPeer } from "../peer.ts";
import { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import type { Benchmark, Effort, Measured, Round } from "./benchmark.ts";
import { here, startServer } from "./server_process.ts";

/** What goes through any network, though it is this machine; QUIC finds out that more does. */
const DATAGRAM_BYTES = 1200;
const MESSAGE_BYTES = 16_384;

/** What lies between the two, and how much they transfer. */
interface Path {
  readonly name: string;
  readonly words: string;
  /** Of the relay, each way; without any there is no relay. */
  readonly faults?: string;
  readonly bytes: number;
}

const CLEAN: Path = { name: "", words: "on this machine", bytes: 30_000_000 };
const LOSS1: Path = {
  name: "-loss1",
  words: "at 1 % loss and 10 ms each way",
  faults: "loss=1%,latency=10ms",
  bytes: 3_000_000,
};
const LOSS5: Path = {
  name: "-loss5",
  words: "at 5 % loss and 25 ms each way",
  faults: "loss=5%,latency=25ms",
  bytes: 3_000_000,
};

/** Transfers so many bytes to a port. Resolves to how many seconds it took, without the handshake. */
type Transfer = (port: number, bytes: number) => Promise<number>;

/** A server, and how to send to it. */
interface Peer extends AsyncDisposable {
  readonly port: number;
  readonly transfer: Transfer;
}

/** Somebody else's protocol. */
interface Kind {
  readonly name: string;
  readonly words: string;
  obstacle(): string | null;
  start(): Promise<Peer>;
}

const ENET: Kind = {
  name: "enet",
  words: "ENet",
  obstacle: enetObstacle,
  async start() {
    await using starting = new AsyncDisposableStack();
    const folder = starting.use(await temporaryFolder());
    const program = `${folder.path}/enet_transfer`;
    await runToEnd("gcc", ["-O2", "-o", program, here("enet_transfer.c"), "-lenet"]);
    const server = starting.use(new RunningProcess(program, ["serve"]));
    const [url] = await server.stdout.line(/^enet:\S+$/);
    const owned = starting.move();
    return {
      port: portOf(url),
      transfer: async (port, bytes) =>
        Number(await runToEnd(program, ["send", `${port}`, `${bytes}`])),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

const QUIC: Kind = {
  name: "quic",
  words: "Deno's QUIC",
  obstacle: () => "QuicEndpoint" in Deno ? null : "this Deno has no QUIC",
  async start() {
    await using starting = new AsyncDisposableStack();
    const folder = starting.use(await temporaryFolder());
    const { cert, key } = await makeCertificate(["localhost"], Date.now());
    const files = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`] as const;
    await Deno.writeTextFile(files[0], cert);
    await Deno.writeTextFile(files[1], key);
    const server = starting.use(await startServer("quic_sink.ts", files));
    const owned = starting.move();
    return {
      port: portOf(server.url),
      transfer: (port, bytes) => sendOverQuic(port, bytes, cert),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

/** Each of both on each path. */
export const reliablePeers: readonly Benchmark[] = [CLEAN, LOSS1, LOSS5].flatMap((path) => [
  beside(ENET, path),
  beside(QUIC, path),
]);

function beside(kind: Kind, path: Path): Benchmark {
  return {
    name: `reliable-vs-${kind.name}${path.name}`,
    summary: `${
      path.bytes / 1e6
    } MB in datagrams of 1,200 bytes ${path.words}, beside ${kind.words}`,
    unit: "MB/s",
    // On a clean path both are compiled code, and ours a program in JavaScript.
    target: path.faults === undefined ? { least: 20 } : { leastRatio: 1 },
    unavailable: kind.obstacle,
    measure: (effort) => measure(kind, path, effort),
  };
}

async function measure(kind: Kind, path: Path, { rounds: most }: Effort): Promise<Measured> {
  await using theirs = await kind.start();
  await using server = await startServer("dock.ts", ["discard", "udp+reliable://127.0.0.1:0"]);
  const rounds: Round[] = [];
  for (let seed = 1; seed <= Math.min(7, most); seed++) {
    const overTheirs = () => through(path, seed, theirs.port, theirs.transfer);
    const overOurs = () => through(path, seed, portOf(server.url), sendOverOurs);
    if (seed % 2 === 1) rounds.push({ bare: await overTheirs(), ours: await overOurs() });
    else {
      const ours = await overOurs();
      rounds.push({ bare: await overTheirs(), ours });
    }
  }
  return { rounds };
}

/** Megabytes a second over a path of its own. */
async function through(
  { faults, bytes }: Path,
  seed: number,
  port: number,
  transfer: Transfer,
): Promise<number> {
  if (faults === undefined) return bytes / 1e6 / await transfer(port, bytes);
  const how = ["udp://127.0.0.1:0", `udp://127.0.0.1:${port}`, faults, `${seed}`];
  await using relay = await startServer("relay.ts", how);
  return bytes / 1e6 / await transfer(portOf(relay.url), bytes);
}

async function sendOverQuic(port: number, bytes: number, cert: string): Promise<number> {
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
  for (const part of parts(bytes)) await writer.write(part);
  await writer.close();
  for await (const _answer of stream.readable);
  const seconds = (performance.now() - start) / 1000;
  connection.close();
  endpoint.close();
  return seconds;
}

async function sendOverOurs(port: number, bytes: number): Promise<number> {
  using session = await connect(`udp+reliable://127.0.0.1:${port}`, {
    reliableDatagramBytes: DATAGRAM_BYTES,
  });
  const start = performance.now();
  for (const part of parts(bytes)) await session.send(part);
  await session.end();
  return (performance.now() - start) / 1000;
}

function* parts(bytes: number): Generator<Uint8Array<ArrayBuffer>> {
  const message = new Uint8Array(MESSAGE_BYTES);
  for (let sent = 0; sent < bytes; sent += MESSAGE_BYTES) {
    yield message.subarray(0, Math.min(MESSAGE_BYTES, bytes - sent));
  }
}

function enetObstacle(): string | null {
  if (findPeer("gcc") === null) return "it needs gcc";
  const headers = ["/usr/include", "/usr/local/include"].map((folder) => `${folder}/enet/enet.h`);
  return headers.some(isFile) ? null : "it needs ENet: apt-get install libenet-dev";
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function runToEnd(program: string, args: readonly string[]): Promise<string> {
  await using process = new RunningProcess(program, args);
  const { code, stdout, stderr } = await process.ended(120_000);
  if (code !== 0) throw new Error(`${program} failed: ${stderr}`);
  return stdout;
}

function portOf(url: string): number {
  return Number(/:(\d+)$/.exec(url)![1]);
}
