/** Ports of loopback on which nothing listens. */

/** Systems give out ports from 32,768 or higher to whatever asks for any. One from below stays free:
 * neither another test nor another program gets it by chance. */
const [FIRST, COUNT] = [20_000, 12_000];
let next = Math.floor(Math.random() * COUNT);

/** A port on which nothing listens, over TCP and UDP alike, another one each time. */
export function freePort(): number {
  for (;;) {
    const place = { hostname: "127.0.0.1", port: FIRST + next++ % COUNT };
    try {
      Deno.listen(place).close();
      Deno.listenDatagram({ transport: "udp", ...place }).close();
      return place.port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
