/** Connection ids (RFC 9146) and the check of new addresses (RFC 9853). */

import { createDecipheriv } from "node:crypto";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { DtlsSession } from "../../../layers/dtls/client_peer.ts";
import { contentTypes, readRecord } from "../../../layers/dtls/record/format.ts";
import { RecordProtection } from "../../../layers/dtls/record/protection.ts";
import { TicketKeys } from "../../../layers/dtls/crypto/tickets.ts";
import { cipherSuites } from "../../../layers/dtls/crypto/suites.ts";
import { settled } from "../../fake_time.ts";
import { udpAddress } from "../../memory.ts";
import { newSeed, seeded } from "../../seeded.ts";
import { VirtualClock } from "../virtual_clock.ts";
import { type Client, Harbour } from "./harbour.ts";
import { NOW } from "./made_certificates.ts";
import { mutate } from "./mutate.ts";
import { PeerPair } from "./peer_pair.ts";

const ID = Uint8Array.of(1, 2, 3, 4, 5, 6);
const OTHER_ID = Uint8Array.of(9, 8, 7);
const NONE = new Uint8Array(0);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function pairOf(connectionId: Uint8Array | undefined, serverId: Uint8Array | undefined) {
  return PeerPair.make({
    client: { ...connectionId && { connectionId } },
    server: { ...serverId && { newConnectionId: () => serverId } },
  });
}

/** What the last datagram of one end begins with. */
function lastOf(pair: PeerPair, end: "client" | "server"): Uint8Array {
  return pair.sent.findLast(({ from }) => from === end)!.datagram;
}

Deno.test("each end names the other as it was asked to, in every record under the keys", async () => {
  const cases: [Uint8Array | undefined, Uint8Array | undefined, Uint8Array, Uint8Array][] = [
    [NONE, ID, ID, NONE],
    [OTHER_ID, ID, ID, OTHER_ID],
    [new Uint8Array(255).fill(7), ID, ID, new Uint8Array(255).fill(7)],
    [undefined, ID, NONE, NONE],
    [NONE, undefined, NONE, NONE],
  ];
  for (const [asked, given, fromClient, fromServer] of cases) {
    const pair = (await pairOf(asked, given)).handshake();
    assert(pair.logs.client.connected && pair.logs.server.connected);
    for (const [end, id] of [["client", fromClient], ["server", fromServer]] as const) {
      pair.say(end, "ahoy");
      const record = lastOf(pair, end);
      assertEquals(
        record[0],
        id.length > 0 ? contentTypes.withConnectionId : contentTypes.applicationData,
      );
      if (id.length > 0) assertEquals(record.slice(11, 11 + id.length), id);
    }
    assertEquals([pair.logs.server.messages, pair.logs.client.messages], [["ahoy"], ["ahoy"]]);
    pair.client.close();
    pair.settle();
    assertEquals([pair.logs.server.ended, pair.logs.server.error], [true, undefined]);
  }
});

Deno.test("a record with a connection id is sealed as RFC 9146 5.3 says, its real type inside", () => {
  const suite = cipherSuites.find(({ id }) => id === 0xc02b)!;
  const keys = { key: new Uint8Array(16).fill(3), fixedNonce: Uint8Array.of(1, 2, 3, 4) };
  const record = new RecordProtection(suite.cipher, keys, ID)
    .seal(contentTypes.applicationData, 1, 0x0102030405, new TextEncoder().encode("ahoy"));
  const header = "19fefd" + "0001" + "000102030405".slice(0, 12);
  assertEquals(record.slice(0, 11).toHex(), "19fefd0001" + "000102030405");
  assertEquals(record.slice(11, 17), ID);
  // Explicit nonce, content, one byte of type, tag.
  assertEquals(record[17]! << 8 | record[18]!, 8 + 4 + 1 + 16);
  const additional = Uint8Array.fromHex(
    "ffffffffffffffff" + "19" + "06" + header + "010203040506" + "0005",
  );
  const decipher = createDecipheriv(
    "aes-128-gcm",
    keys.key,
    concat([keys.fixedNonce, record.slice(19, 27)]),
  );
  decipher.setAAD(additional);
  decipher.setAuthTag(record.slice(-16));
  const inner = concat([decipher.update(record.slice(27, -16)), decipher.final()]);
  assertEquals(inner, concat([new TextEncoder().encode("ahoy"), Uint8Array.of(23)]));
});

Deno.test("zeros behind the real type are taken off, and a record of zeros alone is no record", () => {
  const suite = cipherSuites.find(({ id }) => id === 0xcca9)!;
  const keys = { key: new Uint8Array(32).fill(3), fixedNonce: new Uint8Array(12) };
  const [sealing, opening] = [1, 2].map(() => new RecordProtection(suite.cipher, keys, ID));
  // What is sealed gets a type behind it; here a zero, so that the content ends with the real one.
  const padded = (...inner: number[]) => {
    const record = readRecord(sealing!.seal(0, 1, 1, Uint8Array.from(inner)), 0, ID.length)!;
    return [opening!.open(record)?.slice(), record.type];
  };
  assertEquals(padded(5, 6, 0, 23, 0, 0, 0), [Uint8Array.of(5, 6, 0), 23]);
  assertEquals(padded(21), [NONE, 21]);
  assertEquals(padded(0, 0)[0], undefined);
});

Deno.test("a record without the connection id, or with another, is not taken", async () => {
  const pair = (await pairOf(NONE, ID)).handshake();
  pair.wire = () => [];
  pair.say("client", "ahoy");
  const record = lastOf(pair, "client");
  const bare = concat([Uint8Array.of(23), record.slice(1, 11), record.slice(17)]);
  const wrong = record.slice();
  wrong[12]! ^= 1;
  pair.deliver("server", bare);
  pair.deliver("server", wrong);
  assertEquals(pair.logs.server.dropped, ["bad_record_mac", "bad_record_mac"]);
  pair.deliver("server", record);
  assertEquals(pair.logs.server.messages, ["ahoy"]);
});

Deno.test("a session that is gone on with agrees on connection ids anew", async () => {
  const clock = new VirtualClock(NOW);
  const tickets = new TicketKeys(clock);
  let kept: DtlsSession | undefined;
  const meet = async (session: DtlsSession | undefined, id: Uint8Array | undefined) => {
    const pair = await PeerPair.make({
      client: {
        connectionId: NONE,
        keepSession: (made) => void (kept = made),
        ...session && { session },
      },
      server: { tickets, ...id && { newConnectionId: () => id } },
    });
    pair.handshake().say("client", "ahoy");
    assertEquals(pair.logs.server.messages, ["ahoy"]);
    return { resumed: pair.client.resumed, record: lastOf(pair, "client") };
  };
  await meet(undefined, undefined);
  const second = await meet(kept, ID);
  assertEquals([second.resumed, second.record.slice(11, 17)], [true, ID]);
  const third = await meet(kept, undefined);
  assertEquals([third.resumed, third.record[0]], [true, contentTypes.applicationData]);
});

/** A client that has shaken hands, and may move. */
async function berthed(harbour: Harbour, options = {}): Promise<Client> {
  const client = await harbour.client(5001, undefined, { connectionId: NONE, ...options });
  await client.shakeHands();
  assert(client.peer.isConnected);
  return client;
}

/** What the layers above have heard since they were asked last. */
function heard(harbour: Harbour): (string | [from: number, movedTo: number])[] {
  const port = (address: unknown) => (address as { port: number }).port;
  return harbour.events.splice(0).map((event) =>
    "bytes" in event
      ? `${port(event.from)}: ${text(event.bytes)}`
      : "movedTo" in event
      ? [port(event.from), port(event.movedTo)]
      : "ended" in event
      ? `${port(event.from)} ended`
      : ""
  );
}

Deno.test("a peer that moves is asked at its new address, and is there once it answers", async () => {
  using harbour = await Harbour.open({ connectionIds: true });
  const client = await berthed(harbour);
  const [before, after] = [client.address, udpAddress(5002)];
  client.say("one");
  await settled();
  assertEquals(heard(harbour), ["5001: one"]);
  client.address = after;
  client.say("two");
  await settled();
  assertEquals(heard(harbour), ["5001: two"], "it is heard, under the address that it had");
  assertEquals(harbour.take(before), [], "nothing is sent to where it was");
  const [question] = harbour.take(after);
  client.peer.receive(question!);
  await settled();
  assertEquals(heard(harbour), [[5001, 5002]]);
  await harbour.socket.send(new TextEncoder().encode("aye"), after);
  await client.settle();
  assertEquals(client.messages, ["aye"]);
  await harbour.socket.send(new TextEncoder().encode("to nobody"), before);
  await settled();
  assertEquals(harbour.take(before), []);
  client.say("three");
  await settled();
  assertEquals(heard(harbour), ["5002: three"]);
});

Deno.test("before it answers, a new address gets three times what came from there and no more", async () => {
  for (const answersQuestions of [true, false]) {
    using harbour = await Harbour.open({ connectionIds: true });
    const client = await berthed(harbour, { answersQuestions });
    const after = client.address = udpAddress(5002);
    client.say("x".repeat(1000));
    await settled();
    const came = client.sent.at(-1)!.length;
    // A peer that cannot be asked has moved as far as anyone knows.
    const expected = ["5001: " + "x".repeat(1000)];
    assertEquals(
      heard(harbour),
      answersQuestions ? expected : [[5001, 5002], "5002: " + "x".repeat(1000)],
    );
    const to = answersQuestions ? udpAddress(5001) : after;
    for (let count = 0; count < 20; count++) {
      await harbour.socket.send(new Uint8Array(500), to);
    }
    const sent = harbour.take(after);
    const bytes = sent.reduce((sum, datagram) => sum + datagram.length, 0);
    assert(bytes > 2 * came && bytes <= 3 * came, `${bytes} for ${came}`);
    assertEquals(sent.length + harbour.heldBack, answersQuestions ? 21 : 20);
    // More comes, and more may go.
    client.say("x".repeat(1000));
    await settled();
    await harbour.socket.send(new Uint8Array(500), to);
    assertEquals(harbour.take(after).length, 1);
  }
});

Deno.test("several records of one datagram count as the bytes that came, and not each", async () => {
  using harbour = await Harbour.open({ connectionIds: true });
  const client = await berthed(harbour, { answersQuestions: false });
  const after = client.address = udpAddress(5002);
  const datagram = concat(
    [1, 2, 3, 4].map((byte) => client.peer.seal(new Uint8Array(250).fill(byte))!),
  );
  client.send(datagram);
  await settled();
  for (let count = 0; count < 20; count++) {
    await harbour.socket.send(new Uint8Array(500), after);
  }
  const bytes = harbour.take(after).reduce((sum, { length }) => sum + length, 0);
  assert(bytes <= 3 * datagram.length, `${bytes} for ${datagram.length}`);
});

Deno.test("only the newest record moves its peer: not a late one, a repeated or a forged one", async () => {
  using harbour = await Harbour.open({ connectionIds: true });
  const client = await berthed(harbour, { answersQuestions: false });
  const elsewhere = udpAddress(6666);
  const late = client.peer.seal(new TextEncoder().encode("late"))!;
  client.say("one");
  await settled();
  heard(harbour);
  harbour.inner.arriveFrom(elsewhere, late, client.sent.at(-1)!);
  const forged = client.peer.seal(new TextEncoder().encode("forged"))!;
  forged[forged.length - 1]! ^= 1;
  harbour.inner.arriveFrom(elsewhere, forged);
  await settled();
  assertEquals(heard(harbour), ["5001: late"], "what is late is still heard");
  assertEquals(harbour.dropped, ["replayed", "bad_record_mac"]);
  await harbour.socket.send(new TextEncoder().encode("aye"), client.address);
  await settled();
  assertEquals([harbour.take(elsewhere).length, harbour.take(client.address).length], [0, 1]);
});

Deno.test("a question is answered from where it was asked, with its own cookie, or proves nothing", async () => {
  using harbour = await Harbour.open({ connectionIds: true });
  const client = await berthed(harbour);
  const [before, after] = [client.address, udpAddress(5002)];
  client.address = after;
  client.say("two");
  await settled();
  const [question] = harbour.take(after);
  // The answer goes by the way that was there before, and is the newest: so is its peer.
  client.address = before;
  client.peer.receive(question!);
  await settled();
  assertEquals(heard(harbour), ["5001: two"]);
  await harbour.socket.send(new Uint8Array(5), before);
  assertEquals([harbour.take(after).length, harbour.take(before).length], [0, 1]);
  // An answer that is late, and comes from somewhere else.
  client.address = after;
  client.say("three");
  await settled();
  const late: Uint8Array[] = [];
  const { send } = client;
  client.send = (datagram) => void late.push(datagram);
  client.peer.receive(harbour.take(after)[0]!);
  client.send = send;
  client.say("four");
  await settled();
  harbour.inner.arriveFrom(udpAddress(5003), late[0]!);
  await settled();
  assertEquals(heard(harbour), ["5001: three", "5001: four"]);
  client.address = before;
  client.say("five");
  await settled();
  assertEquals(heard(harbour), ["5001: five"]);
  // An answer that nobody asked for.
  client.address = after;
  const seal =
    (client.peer as unknown as { sealRecord(type: number, plain: Uint8Array): Uint8Array })
      .sealRecord.bind(client.peer);
  client.send(seal(contentTypes.returnRoutabilityCheck, new Uint8Array(9).fill(1)));
  await settled();
  const [second] = harbour.take(after);
  assertNotEquals(second, undefined, "it is asked again");
  client.send(seal(contentTypes.returnRoutabilityCheck, new Uint8Array(9).fill(1)));
  client.send(seal(contentTypes.returnRoutabilityCheck, Uint8Array.of(7, ...new Uint8Array(8))));
  await settled();
  assertEquals([heard(harbour), client.peer.isConnected], [[], true]);
  assertEquals(harbour.take(after), [], "not at every record");
  harbour.clock.advance(1000);
  client.say("six");
  await settled();
  assertEquals(harbour.take(after).length, 1, "but again in time");
  assertEquals(heard(harbour), ["5001: six"]);
});

Deno.test("a peer that cannot be asked drives nobody out of an address", async () => {
  for (const answersQuestions of [true, false]) {
    using harbour = await Harbour.open({ connectionIds: true });
    const client = await berthed(harbour, { answersQuestions });
    const other = await harbour.client(5002);
    await other.shakeHands();
    client.address = other.address;
    client.say("ahoy");
    await settled();
    assertEquals(heard(harbour), ["5001: ahoy"]);
    for (const datagram of harbour.take(other.address)) client.peer.receive(datagram);
    await settled();
    assertEquals(heard(harbour), answersQuestions ? ["5002 ended", [5001, 5002]] : []);
  }
});

Deno.test("an old address is free for another client, and an association ends wherever its peer is", async () => {
  using harbour = await Harbour.open({ connectionIds: true });
  const client = await berthed(harbour);
  client.address = udpAddress(5002);
  client.say("one");
  await client.settle();
  const next = await harbour.client(5001);
  await next.shakeHands();
  next.say("new");
  await settled();
  assertEquals(heard(harbour), ["5001: one", [5001, 5002], "5001: new"]);
  assertEquals(harbour.socket.peers, 2);
  client.peer.close();
  await settled();
  assertEquals(heard(harbour), ["5002 ended"]);
  assertEquals(harbour.socket.peers, 1);
  // Its id names nothing any more.
  client.send(client.sent.at(-1)!);
  await settled();
  assertEquals(harbour.dropped.at(-1), "unexpected");
});

Deno.test("5000 mutated datagrams from elsewhere move nobody and end nothing", async () => {
  const seed = newSeed();
  const random = seeded(seed);
  using harbour = await Harbour.open({ connectionIds: true });
  const client = await berthed(harbour);
  const record = client.peer.seal(new Uint8Array(40))!;
  for (let count = 0; count < 5000; count++) {
    const bent = mutate(record, [record], random);
    // With the whole record in it, it would be authentic.
    if (bent.toHex().includes(record.toHex())) continue;
    harbour.inner.arriveFrom(udpAddress(7000 + count % 100), bent);
    if (count % 100 === 0) { while (harbour.inner.unreceived > 0) await settled(); }
  }
  while (harbour.inner.unreceived > 0) await settled();
  const moved = harbour.events.filter((event) => "movedTo" in event || "ended" in event);
  assertEquals(moved, []);
  await harbour.socket.send(new Uint8Array(3), client.address);
  assertEquals(harbour.take(client.address).length, 1);
});
