/** Flights and records of real handshakes with bytes changed, cut, added and swapped: nothing that
 * arrives may crash an end, hang it or fill its memory. */

import { assert, assertEquals } from "@std/assert";
import { cpuMs } from "../../cpu_time.ts";
import { newSeed, seeded } from "../../seeded.ts";
import { make } from "./made_certificates.ts";
import { mutate } from "./mutate.ts";
import { type End, PeerPair } from "./peer_pair.ts";

const MUTATIONS = 20_000;

Deno.test(`${MUTATIONS} mutated flights and records neither crash, hang nor grow memory`, async () => {
  const random = seeded(newSeed());
  const certificate = await make();
  const options = {
    client: { credentials: certificate.credentials },
    server: { clientTrust: { by: "authority", authorities: [certificate.certificate] } },
  } as const;
  // What a whole handshake and some data look like.
  const model = new PeerPair(certificate, options).handshake();
  model.say("client", "ahoy");
  model.say("server", "aye");
  const seen = model.sent.map(({ datagram }) => datagram);
  let connected = 0;
  let delivered = 0;
  const before = Deno.memoryUsage().heapUsed;
  const startedMs = cpuMs();
  while (delivered < MUTATIONS) {
    const pair = new PeerPair(certificate, options);
    let stage = Math.floor(random() * (seen.length - 2));
    pair.wire = (from: End, datagram) => {
      const to: End = from === "client" ? "server" : "client";
      // Strangers' datagrams come before one of the real ones: each stage of a handshake is theirs
      // in turn.
      if (stage-- !== 0) return [datagram];
      for (let count = 0; count < 20; count++) {
        const source = random() < 0.5 ? datagram : seen[Math.floor(random() * seen.length)]!;
        pair.deliver(to, mutate(source, seen, random));
        delivered++;
      }
      return [datagram];
    };
    pair.handshake();
    pair.wire = (_from, datagram) => [datagram];
    pair.advance(2000);
    if (pair.logs.client.connected) {
      connected++;
      pair.say("client", "sealed");
      assertEquals(pair.logs.server.messages.filter((text) => text !== "sealed"), []);
    }
    pair.client.close();
    pair.server.close();
    assertEquals(pair.clock.timers, 0, "no timer is left");
  }
  const seconds = (cpuMs() - startedMs) / 1000;
  const grown = Deno.memoryUsage().heapUsed - before;
  assert(seconds < 60, `took ${seconds} s`);
  assert(grown < 64 * 1024 * 1024, `grew by ${grown} bytes`);
  assert(connected > 0, "some handshakes are done all the same");
  console.log(`${delivered} mutations, ${connected} handshakes done all the same`);
});

Deno.test("mutated records after the handshake are dropped one by one, and it goes on", async () => {
  const random = seeded(newSeed());
  const pair = new PeerPair(await make()).handshake();
  const seen = pair.sent.map(({ datagram }) => datagram);
  const { server } = pair.logs;
  for (let count = 0; count < 3000; count++) {
    const record = pair.client.seal(Uint8Array.of(count & 255))!;
    pair.deliver("server", mutate(record, seen, random));
  }
  assert(!server.ended);
  server.messages.length = 0;
  pair.say("client", "going on");
  assertEquals(server.messages, ["going on"]);
});
