/** The barest receiver of many datagrams: acknowledges every second one, so that its sender can keep
 * no more on their way than a socket holds. */

const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
console.log(`udp://127.0.0.1:${(socket.addr as Deno.NetAddr).port}`);
const buffer = new Uint8Array(65_536);
const acknowledgement = new Uint8Array(32);
for (let count = 1;; count++) {
  const [, from] = await socket.receive(buffer);
  if (count % 2 === 0) await socket.send(acknowledgement, from);
}
