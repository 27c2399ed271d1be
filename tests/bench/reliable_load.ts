/**
 * Sends messages as fast as they are taken, by turns to a bare UDP receiver, a bare TCP receiver and
 * our own. A line of JSON for each turn: whose, how many bytes, and in how many seconds they arrived.
 */

import { connect } from "../../mod.ts";

const [udpPort = 0, tcpPort = 0, ourPort = 0, seconds = 0, rounds = 0, chosenBytes = 0] = Deno.args
  .map(Number);

const message = new Uint8Array(16_384).fill(120);

/** Of a bare datagram: what was chosen, or nearly a message. */
const datagramBytes = chosenBytes || 15_872;
/** As many as a socket's memory holds, with some to spare. */
const UDP_WINDOW = datagramBytes < 2048 ? 64 : 8;
/** When nothing was acknowledged for so long, something was lost. */
const PATIENCE_MS = 50;

type Turn = (endMs: number) => Promise<number>;

const udp: Turn = async (endMs) => {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to = { transport: "udp", hostname: "127.0.0.1", port: udpPort } as const;
  const buffer = new Uint8Array(64);
  const datagram = message.subarray(0, datagramBytes);
  let [sent, acknowledged, lastMs] = [0, 0, performance.now()];
  const fill = () => {
    while (sent - acknowledged < UDP_WINDOW && performance.now() < endMs) {
      sent++;
      socket.send(datagram, to);
    }
  };
  const watch = setInterval(() => {
    if (performance.now() - lastMs < PATIENCE_MS) return;
    if (performance.now() >= endMs) return socket.close();
    sent = acknowledged;
    fill();
  }, 10);
  fill();
  try {
    for (;;) {
      await socket.receive(buffer);
      acknowledged += 2;
      lastMs = performance.now();
      fill();
    }
  } catch {
    // Closed at the end.
  }
  clearInterval(watch);
  return acknowledged * datagram.length;
};

const tcp: Turn = async (endMs) => {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: tcpPort });
  let bytes = 0;
  while (performance.now() < endMs) {
    for (let at = 0; at < message.length;) at += await connection.write(message.subarray(at));
    bytes += message.length;
  }
  await connection.closeWrite();
  await connection.read(new Uint8Array(1));
  return bytes;
};

const ours: Turn = async (endMs) => {
  using session = await connect(
    `udp+reliable://127.0.0.1:${ourPort}`,
    chosenBytes === 0 ? {} : { reliableDatagramBytes: chosenBytes },
  );
  let bytes = 0;
  while (performance.now() < endMs) {
    for (let count = 0; count < 8; count++) await session.send(message);
    bytes += 8 * message.length;
  }
  await session.end();
  return bytes;
};

const turns = { udp, tcp, ours } as const;

for (let round = 0; round < rounds; round++) {
  const order = Object.entries(turns);
  if (round % 2 === 1) order.reverse();
  for (const [whose, turn] of order) {
    const start = performance.now();
    const bytes = await turn(start + 1000 * seconds);
    // The bare sender of datagrams waits a little at its end for what does not come.
    const tookMs = whose === "udp" ? 1000 * seconds : performance.now() - start;
    console.log(JSON.stringify({ whose, bytes, seconds: tookMs / 1000 }));
  }
}
