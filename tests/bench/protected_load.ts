/** Makes the load for `sealed` and `signed`: echoes of 1,000 bytes, in turns with a bare socket and
 * with a layer. Arguments: the port of a bare echo server, the URL of ours, rounds, seconds of a turn,
 * and options of ours as JSON. Prints, a line for each round, how many datagrams a second
 * arrived with bare and with ours: an echo is two of them, each protected and opened. */

import { connect } from "../../mod.ts";

const BYTES = 1000;
/** Fewer than a socket's buffer holds unread, so that none is lost. */
const UNDER_WAY = 24;

interface Link {
  send(bytes: Uint8Array): Promise<unknown>;
  receive(): Promise<unknown>;
}

const [port = "", url = "", rounds = "", seconds = "", options = "{}"] = Deno.args;
const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
const to: Deno.NetAddr = { transport: "udp", hostname: "127.0.0.1", port: Number(port) };
const buffer = new Uint8Array(65_536);
const bare: Link = {
  send: (bytes) => socket.send(bytes, to),
  receive: () => socket.receive(buffer),
};
using session = await connect(url, JSON.parse(options) as Record<string, unknown>);
const messages = session[Symbol.asyncIterator]();
const ours: Link = {
  send: (bytes) => session.send(bytes),
  receive: () => messages.next(),
};

/** Datagrams a second over one turn. */
async function turn({ send, receive }: Link, ms: number): Promise<number> {
  const payload = new Uint8Array(BYTES);
  const start = performance.now();
  for (let number = 0; number < UNDER_WAY; number++) await send(payload);
  let answers = 0;
  for (let underWay = UNDER_WAY; underWay > 0; underWay--) {
    await receive();
    answers++;
    if (performance.now() - start >= ms) continue;
    await send(payload);
    underWay++;
  }
  return 2 * answers / (performance.now() - start) * 1000;
}

const ms = Number(seconds) * 1000;
for (const link of [bare, ours]) await turn(link, ms);
for (let round = 0; round < Number(rounds); round++) {
  console.log(`${await turn(bare, ms)} ${await turn(ours, ms)}`);
}
socket.close();
