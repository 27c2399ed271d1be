import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { TICKET_LIFE_MS, TicketKeys } from "../../../layers/dtls/crypto/tickets.ts";
import { usableSuites } from "../../../layers/dtls/crypto/suites.ts";
import type { DtlsSession } from "../../../layers/dtls/client_peer.ts";
import { newSeed, seeded } from "../../seeded.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { make, NOW } from "./made_certificates.ts";
import { mutate } from "./mutate.ts";
import { type PairOptions, PeerPair, sharedCertificate } from "./peer_pair.ts";

const DAY_MS = 24 * 60 * 60_000;

/** A server's tickets, and a pair of ends that use them. */
class Harbour {
  readonly clock: VirtualClock = new VirtualClock(NOW);
  readonly tickets: TicketKeys = new TicketKeys(this.clock);
  readonly options: PairOptions;
  kept: DtlsSession | undefined;

  constructor(options: PairOptions = {}) {
    this.options = options;
  }

  /** Shakes hands and talks, offering a session where one is given. */
  async meet(
    session?: DtlsSession,
    { client, server, wire }: PairOptions = {},
  ): Promise<PeerPair> {
    const pair = await PeerPair.make({
      client: {
        ...this.options.client,
        keepSession: (kept) => void (this.kept = kept),
        ...session && { session },
        ...client,
      },
      server: { ...this.options.server, tickets: this.tickets, ...server },
      ...wire && { wire },
    });
    pair.handshake();
    pair.advance(20_000);
    const { client: log, server: other } = pair.logs;
    assertEquals([log.error, other.error], [undefined, undefined]);
    pair.say("client", "ahoy");
    pair.say("server", "aye");
    assertEquals([other.messages, log.messages], [["ahoy"], ["aye"]]);
    return pair;
  }

  /** The session of a full handshake. */
  async session(): Promise<DtlsSession> {
    const pair = await this.meet();
    assert(!pair.client.resumed);
    return this.kept!;
  }
}

const PSK = (byte: number): PairOptions => ({
  client: { psk: { identity: "alice", key: new Uint8Array(32).fill(byte) } },
  server: { psk: () => new Uint8Array(32).fill(byte), credentials: [] },
});

Deno.test("a session is gone on with, again and again, under new keys", async () => {
  const harbour = new Harbour();
  const session = await harbour.session();
  const wires: string[] = [];
  for (let round = 0; round < 3; round++) {
    const pair = await harbour.meet(session);
    assert(pair.client.resumed);
    assertEquals(pair.client.identity?.name, "server.test");
    // Hello, hello with Finished, Finished, and a record each way.
    assertEquals(pair.sent.length, 5);
    wires.push(pair.sent.at(-1)!.datagram.toHex());
  }
  assertNotEquals(wires[0], wires[1]);
});

Deno.test("a session made with a pre-shared key is gone on with by its identity", async () => {
  const harbour = new Harbour(PSK(7));
  const pair = await harbour.meet(await harbour.session());
  assert(pair.client.resumed);
  assertEquals([pair.server.identity?.name, pair.server.identity?.source], ["alice", "psk"]);
});

Deno.test("whatever datagram of an abbreviated handshake is lost, it comes to an end", async () => {
  const harbour = new Harbour();
  const session = await harbour.session();
  for (let lost = 0; lost < 3; lost++) {
    let count = 0;
    const wire = (_from: unknown, datagram: Uint8Array) => count++ === lost ? [] : [datagram];
    assert((await harbour.meet(session, { wire })).client.resumed, `without datagram ${lost}`);
  }
});

/** Asserts that a session is not gone on with, and that a whole handshake takes its place. */
async function assertWhole(harbour: Harbour, session: DtlsSession, options?: PairOptions) {
  assert(!(await harbour.meet(session, options)).client.resumed);
}

Deno.test("a session whose time is up is not gone on with", async () => {
  const harbour = new Harbour();
  const session = { ...await harbour.session(), expiresAt: Infinity };
  harbour.clock.advance(TICKET_LIFE_MS - 1000);
  assert((await harbour.meet(session)).client.resumed);
  harbour.clock.advance(1000);
  await assertWhole(harbour, session);
  // A client does not offer what it no longer believes, whatever the server would say.
  const other = new Harbour();
  await assertWhole(other, { ...await other.session(), expiresAt: NOW });
});

Deno.test("a ticket of another server, a changed one and a cut one are worth nothing", async () => {
  const harbour = new Harbour();
  const session = await harbour.session();
  const { ticket } = session;
  await assertWhole(new Harbour(), session);
  for (const at of [0, 17, 40, ticket.length - 1]) {
    const changed = ticket.slice();
    changed[at]! ^= 1;
    await assertWhole(harbour, { ...session, ticket: changed });
  }
  for (const bytes of [0, 1, 43, 44, ticket.length - 1]) {
    await assertWhole(harbour, { ...session, ticket: ticket.subarray(0, bytes) });
  }
  await assertWhole(harbour, { ...session, ticket: new Uint8Array(5000).subarray(0, 900) });
});

Deno.test("a ticket without the secret of its session lets nobody in", async () => {
  const harbour = new Harbour();
  const session = await harbour.session();
  const pair = await PeerPair.make({
    client: { session: { ...session, master: new Uint8Array(48) } },
    server: { tickets: harbour.tickets },
  });
  pair.handshake();
  assert(!pair.logs.client.connected && !pair.logs.server.connected);
});

Deno.test("a session is of one name, of one suite and of one key", async () => {
  const harbour = new Harbour({ client: { trust: { by: "nothing" } } });
  const session = await harbour.session();
  await assertWhole(harbour, session, { client: { serverName: "other.test" } });
  const others = usableSuites().filter(({ id }) => id !== session.suite);
  await assertWhole(harbour, session, { server: { suites: others } });
  await assertWhole(harbour, session, { client: { suites: others } });
  const shared = new Harbour(PSK(7));
  await assertWhole(shared, await shared.session(), PSK(8));
  // A key that is no longer there.
  const gone = await shared.session();
  const { certificate } = await sharedCertificate();
  await assertWhole(shared, gone, {
    client: { trust: { by: "authority", authorities: [certificate] } },
    server: { psk: () => undefined, credentials: [(await sharedCertificate()).credentials] },
  });
});

Deno.test("a client is known again by its certificate, and for as long as that is valid", async () => {
  const authority = await make({ subject: "CN=authority", isAuthority: true });
  const clientTrust = { by: "authority", authorities: [authority.certificate] } as const;
  const alice = await make({ issuer: authority, names: ["alice.test"], notAfter: NOW + 60_000 });
  const harbour = new Harbour({
    client: { credentials: alice.credentials },
    server: { clientTrust },
  });
  const session = { ...await harbour.session(), expiresAt: Infinity };
  const pair = await harbour.meet(session);
  assert(pair.client.resumed);
  assertEquals(pair.server.identity?.name, "alice.test");
  // One who never showed a certificate is not spared it.
  const open = new Harbour();
  const anonymous = await open.session();
  const refused = await PeerPair.make({
    client: { session: anonymous },
    server: { tickets: open.tickets, clientTrust },
  });
  refused.handshake();
  assert(!refused.logs.server.connected);
  harbour.clock.advance(60_001);
  const expired = await PeerPair.make({
    client: { credentials: alice.credentials, session },
    server: { tickets: harbour.tickets, clientTrust, clock: harbour.clock },
  });
  expired.handshake();
  assert(!expired.logs.server.connected);
  assert(session.expiresAt > NOW + DAY_MS);
});

const MUTATIONS = 20_000;

Deno.test(`${MUTATIONS} mutated datagrams of abbreviated handshakes do no harm`, async () => {
  const random = seeded(newSeed());
  const harbour = new Harbour();
  const session = await harbour.session();
  const seen = (await harbour.meet(session)).sent.map(({ datagram }) => datagram);
  let delivered = 0;
  let resumed = 0;
  while (delivered < MUTATIONS) {
    const pair = await PeerPair.make({
      client: { session, keepSession: () => {} },
      server: { tickets: harbour.tickets },
    });
    let stage = Math.floor(random() * 3);
    pair.wire = (from, datagram) => {
      if (stage-- !== 0) return [datagram];
      for (let count = 0; count < 20; count++) {
        const source = random() < 0.5 ? datagram : seen[Math.floor(random() * seen.length)]!;
        pair.deliver(from === "client" ? "server" : "client", mutate(source, seen, random));
        delivered++;
      }
      return [datagram];
    };
    pair.handshake();
    pair.wire = (_from, datagram) => [datagram];
    pair.advance(2000);
    if (pair.logs.client.connected && pair.logs.server.connected) {
      if (pair.client.resumed) resumed++;
      pair.say("client", "sealed");
      assertEquals(pair.logs.server.messages.filter((text) => text !== "sealed"), []);
    }
    pair.client.close();
    pair.server.close();
    assertEquals(pair.clock.timers, 0, "no timer is left");
  }
  assert(resumed > 0, "some are resumed all the same");
});
