import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ClientPeer } from "../../../layers/dtls/client_peer.ts";
import { extensionTypes } from "../../../layers/dtls/handshake/hello.ts";
import type { HandshakeMessage } from "../../../layers/dtls/handshake/message.ts";
import { handshakeTypes, readFragments } from "../../../layers/dtls/handshake/message.ts";
import {
  contentTypes,
  readRecord,
  RECORD_HEADER_BYTES,
} from "../../../layers/dtls/record/format.ts";
import { ServerPeer } from "../../../layers/dtls/server_peer.ts";
import { cipherSuites, usableSuites } from "../../../layers/dtls/crypto/suites.ts";
import { type KeyName, type Made, make, NOW } from "./made_certificates.ts";
import { type End, type PairOptions, PeerPair, sharedCertificate } from "./peer_pair.ts";

type Wire = NonNullable<PairOptions["wire"]>;

const KEY = new Uint8Array(32).fill(7);
const PSK: PairOptions = {
  client: { psk: { identity: "alice", key: KEY } },
  server: { psk: (name) => name === "alice" ? KEY : undefined },
};

/** Joins the options of two setups. */
function both(one: PairOptions, other: PairOptions): PairOptions {
  return {
    ...one,
    ...other,
    client: { ...one.client, ...other.client },
    server: { ...one.server, ...other.server },
  };
}

/** Shakes hands and says something both ways. */
function assertTalks(pair: PeerPair): void {
  pair.handshake();
  const { client, server } = pair.logs;
  assertEquals([client.error, server.error], [undefined, undefined]);
  assert(client.connected && server.connected, "both are connected");
  pair.say("client", "ahoy");
  pair.say("server", "aye");
  assertEquals([server.messages, client.messages], [["ahoy"], ["aye"]]);
}

/** Shakes hands in vain, and says with which alert and words each end gave up. */
async function refusal(options: PairOptions, certificate?: Made): Promise<Record<End, string>> {
  const pair = new PeerPair(certificate ?? await sharedCertificate(), options).handshake();
  assert(!pair.logs.client.connected, "the client is not connected");
  const words = (end: End) => pair.logs[end].error?.message ?? "";
  return { client: words("client"), server: words("server") };
}

/** A wire that changes the body of one kind of message in flight. */
function bending(type: number, bend: (body: Uint8Array) => void): Wire {
  return (_from, datagram) => {
    const bent = datagram.slice();
    for (let offset = 0; offset < bent.length;) {
      const record = readRecord(bent, offset);
      if (record === null) break;
      offset += record.whole.length;
      if (record.epoch !== 0 || record.type !== contentTypes.handshake) continue;
      for (const fragment of readFragments(record.fragment) ?? []) {
        if (fragment.type === type) bend(fragment.part);
      }
    }
    return [bent];
  };
}

for (const suite of cipherSuites) {
  Deno.test(`a handshake with ${suite.name} agrees on keys`, async () => {
    const { authentication } = suite;
    const setup = authentication === "psk" ? PSK : {};
    const key: KeyName = authentication === "rsa" ? "RSA" : "P-256";
    const options = both(setup, { client: { suites: [suite] } });
    const pair = new PeerPair(await make({ key }), options);
    assertTalks(pair);
    assertEquals(pair.server.suite, suite);
    assert(pair.client.extendedMasterSecret && pair.server.extendedMasterSecret);
  });
}

for (const key of ["P-384", "Ed25519"] as const) {
  Deno.test(`a certificate with a key of ${key} signs a handshake, and so does a client's`, async () => {
    const made = await make({ key });
    const pair = new PeerPair(made, {
      client: { credentials: made.credentials },
      server: { clientTrust: { by: "authority", authorities: [made.certificate] } },
    });
    assertTalks(pair);
    assertEquals(pair.server.identity?.source, "certificate");
  });
}

/** Shakes hands with a server that has these certificates; returns the one that it showed. */
async function shown(
  certificates: readonly Made[],
  client: PairOptions["client"],
): Promise<Made | undefined> {
  const pair = await PeerPair.make({
    client: { trust: { by: "nothing" }, ...client },
    server: { credentials: certificates.map(({ credentials }) => credentials) },
  });
  assertTalks(pair);
  const { fingerprint } = pair.client.identity!;
  return certificates.find(({ certificate }) =>
    certificate.fingerprint256.replaceAll(":", "").toLowerCase() === fingerprint
  );
}

Deno.test("of several certificates the one for the name is shown, or else the first", async () => {
  const first = await make({ names: ["quay.test"] });
  const second = await make({ names: ["harbour.test", "*.harbour.test"] });
  const third = await make({ names: ["10.0.0.1"] });
  const all = [first, second, third];
  assertEquals(await shown(all, { serverName: "harbour.test" }), second);
  assertEquals(await shown(all, { serverName: "PIER.Harbour.test" }), second);
  assertEquals(await shown(all, { serverName: "other.test" }), first);
  // Addresses are not asked for by name.
  assertEquals(await shown(all, { serverName: "10.0.0.1" }), first);
});

Deno.test("of several certificates the first is shown that the client takes", async () => {
  const names = ["server.test"];
  const ed25519 = await make({ names, key: "Ed25519" });
  const rsa = await make({ names, key: "RSA" });
  const p256 = await make({ names });
  const other = await make({ names: ["other.test"] });
  const rsaAlone = usableSuites().filter(({ authentication }) => authentication === "rsa");
  const serverName = "server.test";
  assertEquals(await shown([ed25519, p256, rsa], { serverName }), ed25519);
  assertEquals(await shown([p256, ed25519, rsa], { serverName }), p256);
  assertEquals(await shown([ed25519, p256, rsa], { serverName, suites: rsaAlone }), rsa);
  // A kind that the client takes counts for more than the name.
  assertEquals(await shown([other, rsa], { serverName: "other.test", suites: rsaAlone }), rsa);
  assertEquals(await shown([other, rsa], { serverName }), rsa);
});

Deno.test("forward secrecy comes first, plain PSK last", () => {
  const order = usableSuites().map(({ keyExchange }) => keyExchange === "psk");
  assertEquals(order, order.toSorted());
});

Deno.test("the server is known by its certificate, the client by its own", async () => {
  const authority = await make({ subject: "CN=authority", isAuthority: true });
  const alice = await make({ issuer: authority, names: ["alice.test"] });
  const server = await sharedCertificate();
  const pair = new PeerPair(server, {
    client: { credentials: alice.credentials },
    server: { clientTrust: { by: "authority", authorities: [authority.certificate] } },
  });
  assertTalks(pair);
  assertEquals(pair.server.identity?.name, "alice.test");
  assertEquals(pair.server.identity?.source, "certificate");
  assertEquals(
    pair.server.identity?.fingerprint,
    alice.certificate.fingerprint256.replaceAll(":", "").toLowerCase(),
  );
  assertEquals(pair.client.identity?.name, "server.test");
});

Deno.test("with a pre-shared key both are known by its identity", async () => {
  const pair = await PeerPair.make(both(PSK, {
    client: { suites: cipherSuites.filter(({ authentication }) => authentication === "psk") },
  }));
  assertTalks(pair);
  assertEquals([pair.server.identity?.name, pair.server.identity?.source], ["alice", "psk"]);
});

Deno.test("a small MTU cuts flights into datagrams that fit, and they are put together", async () => {
  const pair = new PeerPair(await make({ key: "RSA" }), {
    client: { mtuBytes: 256 },
    server: { mtuBytes: 256 },
  });
  assertTalks(pair);
  const longest = Math.max(...pair.sent.map(({ datagram }) => datagram.length));
  assert(longest <= 256, `${longest} bytes`);
});

Deno.test("flights that arrive backwards are put in order", async () => {
  const pair = new PeerPair(await make({ key: "RSA" }), { server: { mtuBytes: 256 } });
  pair.wire = () => [];
  pair.client.start();
  const hello = pair.sent[0]!.datagram;
  pair.deliver("server", hello);
  const flight = pair.sent.slice(1).map(({ datagram }) => datagram);
  assert(flight.length > 3);
  pair.wire = (_from, datagram) => [datagram];
  for (const datagram of flight.reverse()) pair.deliver("client", datagram);
  pair.settle();
  assert(pair.logs.client.connected && pair.logs.server.connected);
});

Deno.test("a forged key-exchange signature is refused by name", async () => {
  const wire = bending(handshakeTypes.server_key_exchange, (body) => {
    body[body.length - 5]! ^= 1;
  });
  const { client, server } = await refusal({ wire });
  assertEquals(
    client,
    "decrypt_error: the peer does not hold the key of the certificate that it shows",
  );
  assertEquals(server, "the peer refused with the alert decrypt_error");
});

Deno.test("a key exchange that somebody replaced is refused though the signature is whole", async () => {
  const wire = bending(handshakeTypes.server_key_exchange, (body) => {
    body[10]! ^= 1;
  });
  assertStringIncludes((await refusal({ wire })).client, "decrypt_error");
});

/** Says a Finished that proves nothing. */
class LyingClient extends ClientPeer {
  protected override finished(): HandshakeMessage {
    return this.message("finished", new Uint8Array(12));
  }
}

class LyingServer extends ServerPeer {
  protected override finished(): HandshakeMessage {
    return this.message("finished", new Uint8Array(12));
  }
}

Deno.test("a wrong Finished of a client is refused by name", async () => {
  const { server } = await refusal({ makeClient: (...all) => new LyingClient(...all) });
  assertEquals(server, "decrypt_error: the peer's Finished is not of this handshake");
});

Deno.test("a wrong Finished of a server is refused by name", async () => {
  const { client } = await refusal({ makeServer: (...all) => new LyingServer(...all) });
  assertEquals(client, "decrypt_error: the peer's Finished is not of this handshake");
});

Deno.test("a Finished that is too short is refused", async () => {
  class ShortClient extends ClientPeer {
    protected override finished(): HandshakeMessage {
      return this.message("finished", new Uint8Array(11));
    }
  }
  const { server } = await refusal({ makeClient: (...all) => new ShortClient(...all) });
  assertStringIncludes(server, "decrypt_error");
});

Deno.test("a hello that was changed on its way ends in keys that do not fit", async () => {
  // The client's random number, which the server signs along with its own.
  const wire = bending(handshakeTypes.client_hello, (body) => {
    body[5]! ^= 1;
  });
  assertStringIncludes((await refusal({ wire })).client, "decrypt_error");
});

Deno.test("a server whose name is another is refused by name", async () => {
  const { client, server } = await refusal({ client: { serverName: "other.test" } });
  assertStringIncludes(client, "other.test is not in the cert's list: DNS:server.test");
  assertEquals(server, "the peer refused with the alert bad_certificate");
});

Deno.test("an expired certificate is refused by name", async () => {
  const old = await make({ notBefore: NOW - 2000, notAfter: NOW - 1000 });
  const { client, server } = await refusal({}, old);
  assertStringIncludes(client, "certificate_expired: certificate expired: not valid after");
  assertEquals(server, "the peer refused with the alert certificate_expired");
});

Deno.test("a certificate that nobody vouches for is refused by name", async () => {
  const { client, server } = await refusal({
    client: { trust: { by: "authority", authorities: [] } },
  });
  assertStringIncludes(client, "unknown_ca: no trusted authority vouches for the certificate");
  assertEquals(server, "the peer refused with the alert unknown_ca");
});

Deno.test("a certificate of another fingerprint is refused, of the right one taken", async () => {
  const { certificate } = await sharedCertificate();
  const fingerprint = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  assertTalks(
    await PeerPair.make({
      client: { trust: { by: "fingerprint", fingerprint }, serverName: "any" },
    }),
  );
  const wrong = { by: "fingerprint", fingerprint: "0".repeat(64) } as const;
  const { client } = await refusal({ client: { trust: wrong } });
  assertStringIncludes(client, "bad_certificate: the certificate has the fingerprint");
});

Deno.test("who trusts nobody in particular still wants the key of the certificate", async () => {
  const trust = { by: "nothing" } as const;
  assertTalks(await PeerPair.make({ client: { trust, serverName: "any" } }));
  const wire = bending(handshakeTypes.server_key_exchange, (body) => {
    body[body.length - 5]! ^= 1;
  });
  assertStringIncludes((await refusal({ client: { trust }, wire })).client, "decrypt_error");
});

Deno.test("a missing client certificate is refused by name", async () => {
  const { certificate } = await sharedCertificate();
  const clientTrust = { by: "authority", authorities: [certificate] } as const;
  const { client, server } = await refusal({ server: { clientTrust } });
  assertEquals(server, "handshake_failure: the client shows no certificate");
  assertEquals(client, "the peer refused with the alert handshake_failure");
});

Deno.test("a client certificate of another authority is refused by name", async () => {
  const { certificate } = await sharedCertificate();
  const stranger = await make({ names: ["stranger.test"] });
  const { server } = await refusal({
    client: { credentials: stranger.credentials },
    server: { clientTrust: { by: "authority", authorities: [certificate] } },
  });
  assertStringIncludes(server, "unknown_ca");
});

Deno.test("a client that shows a certificate whose key it has not is refused by name", async () => {
  const [alice, mallory] = [await make({ names: ["alice.test"] }), await make()];
  const { server } = await refusal({
    client: { credentials: { ...mallory.credentials, chain: alice.credentials.chain } },
    server: { clientTrust: { by: "authority", authorities: [alice.certificate] } },
  });
  assertEquals(
    server,
    "decrypt_error: the peer does not hold the key of the certificate that it shows",
  );
});

Deno.test("a client that leaves its proof out is refused", async () => {
  const alice = await make({ names: ["alice.test"] });
  class Silent extends ClientPeer {
    protected override sendFlight(...[parts, options]: Parameters<ClientPeer["sendFlight"]>): void {
      const verify = handshakeTypes.certificate_verify;
      super.sendFlight(
        parts.filter((part) => typeof part === "string" || part.type !== verify).map((part) =>
          typeof part === "string" || part.type !== handshakeTypes.finished
            ? part
            : { ...part, sequence: part.sequence - 1 }
        ),
        options,
      );
    }
  }
  const { server } = await refusal({
    makeClient: (...all) => new Silent(...all),
    client: { credentials: alice.credentials },
    server: { clientTrust: { by: "authority", authorities: [alice.certificate] } },
  });
  assertEquals(
    server,
    "unexpected_message: the peer sent finished instead of certificate_verify",
  );
});

for (const keyExchange of ["psk", "ecdhe_psk"]) {
  Deno.test(`a client with ${keyExchange} cannot tell an unknown identity from a wrong key`, async () => {
    const suites = cipherSuites.filter((suite) =>
      suite.authentication === "psk" && suite.keyExchange === keyExchange
    );
    const outcome = async (identity: string, key: Uint8Array) => {
      const pair = (await PeerPair.make(both(PSK, { client: { suites, psk: { identity, key } } })))
        .handshake();
      const atOnce = [pair.logs.client.error, pair.logs.server.error];
      pair.advance(1000);
      assertEquals(atOnce, [undefined, undefined]);
      const { client, server } = pair.logs;
      return { client: client.error?.message, server: server.error?.message };
    };
    const stranger = await outcome("bob", KEY);
    const wrong = await outcome("alice", new Uint8Array(32));
    assertEquals(stranger.client, "the peer refused with the alert bad_record_mac");
    assertEquals(wrong.client, stranger.client);
    // The server's own events say what it was.
    assertEquals(
      stranger.server,
      "bad_record_mac: the client names an identity that is not known",
    );
    assertStringIncludes(wrong.server ?? "", "a pre-shared key may differ");
  });
}

Deno.test("ends without a suite in common part with handshake_failure", async () => {
  const { server } = await refusal({
    client: { suites: cipherSuites.filter(({ authentication }) => authentication === "rsa") },
  });
  assertStringIncludes(server, "handshake_failure: the client and this server have no cipher");
});

Deno.test("a server that does not know secure renegotiation is refused", async () => {
  // Turns the extension of the answer into another that was offered.
  const wire = bending(handshakeTypes.server_hello, (body) => {
    const at = body.findLastIndex((byte, index) => byte === 0xff && body[index + 1] === 0x01);
    body.set([0, extensionTypes.supported_groups], at);
  });
  assertEquals(
    (await refusal({ wire })).client,
    "handshake_failure: the server does not know secure renegotiation (RFC 5746)",
  );
});

Deno.test("a signature of another kind than the key is refused by name", async () => {
  const wire = bending(handshakeTypes.server_key_exchange, (body) => {
    // After curve, group and a point of X25519: the scheme, here one of RSA.
    body.set([0x08, 0x04], 4 + 32);
  });
  assertStringIncludes(
    (await refusal({ wire })).client,
    "illegal_parameter: the peer signs in a way",
  );
});

Deno.test("a certificate that does not fit the suite is refused by name", async () => {
  const made = await make({ key: "RSA" });
  const { client } = await refusal(
    { server: { credentials: [{ ...made.credentials, kind: "ecdsa" }] } },
    made,
  );
  assertStringIncludes(client, "unsupported_certificate: the key of the server's certificate");
});

Deno.test("a Finished that is not sealed is refused by name", async () => {
  class Plain extends ClientPeer {
    protected override sendFlight(...[parts, options]: Parameters<ClientPeer["sendFlight"]>): void {
      super.sendFlight(parts.filter((part) => part !== "change_cipher_spec"), options);
    }
  }
  const { server } = await refusal({ makeClient: (...all) => new Plain(...all) });
  assertEquals(server, "unexpected_message: the peer sent finished under the wrong keys");
});

Deno.test("sealed data that comes before Finished reaches nobody", async () => {
  class Hasty extends ClientPeer {
    early(): Uint8Array {
      return this.sealRecord(contentTypes.applicationData, Uint8Array.of(1));
    }
  }
  let hasty: Hasty | undefined;
  const pair = await PeerPair.make({ makeClient: (...all) => hasty = new Hasty(...all) });
  // The last record of the client's second flight is Finished.
  pair.wire = (from, datagram) => {
    if (from === "server" || datagram[13] === handshakeTypes.client_hello) return [datagram];
    let offset = 0;
    for (let record = readRecord(datagram, 0); record?.epoch === 0;) {
      offset += record.whole.length;
      record = readRecord(datagram, offset);
    }
    return [datagram.subarray(0, offset)];
  };
  pair.handshake();
  pair.deliver("server", hasty!.early());
  assertEquals([pair.logs.server.messages, pair.logs.server.dropped], [[], ["unexpected"]]);
});

Deno.test("a hello of an older version is refused by name", async () => {
  const wire = bending(handshakeTypes.client_hello, (body) => body.set([0xfe, 0xff]));
  assertEquals(
    (await refusal({ wire })).server,
    "protocol_version: the client does not speak DTLS 1.2",
  );
});

Deno.test("a hello that claims to renegotiate is refused", async () => {
  const wire = bending(handshakeTypes.client_hello, (body) => {
    const at = body.findLastIndex((byte, index) => byte === 0xff && body[index + 1] === 0x01);
    // One byte of verify data where there must be none.
    body.set([0, 1, 1], at + 2);
  });
  assertStringIncludes((await refusal({ wire })).server, "a first hello claims to renegotiate");
});

Deno.test("a point that is not on the curve is refused", async () => {
  const wire = bending(handshakeTypes.client_key_exchange, (body) => {
    body.fill(0, 1);
  });
  assertStringIncludes((await refusal({ wire })).server, "illegal_parameter: the peer's key share");
});

Deno.test("a goodbye is answered, and ends both", async () => {
  const pair = await PeerPair.make();
  assertTalks(pair);
  pair.client.close();
  pair.settle();
  const { client, server } = pair.logs;
  assertEquals([client.ended, server.ended], [true, true]);
  assertEquals([client.error, server.error], [undefined, undefined]);
  assertEquals(pair.client.seal(new Uint8Array(1)), null);
});

Deno.test("a replayed record is dropped by name", async () => {
  const pair = await PeerPair.make();
  assertTalks(pair);
  pair.wire = (_from, datagram) => [datagram, datagram];
  pair.say("client", "once");
  assertEquals(pair.logs.server.messages, ["ahoy", "once"]);
  assertEquals(pair.logs.server.dropped, ["replayed"]);
});

for (
  const name of ["ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"]
) {
  Deno.test(`a flipped bit in any byte of a record of ${name} is dropped by name`, async () => {
    const suites = cipherSuites.filter((suite) => suite.name === name);
    const pair = await PeerPair.make({ client: { suites } });
    assertTalks(pair);
    const record = pair.client.seal(new TextEncoder().encode("sealed"))!;
    const { dropped, messages } = pair.logs.server;
    for (let bit = 0; bit < 8 * record.length; bit++) {
      const bent = record.slice();
      bent[bit >> 3]! ^= 1 << (bit & 7);
      dropped.length = 0;
      pair.deliver("server", bent);
      assert(dropped.length > 0, `bit ${bit % 8} of byte ${bit >> 3} is noticed`);
    }
    assertEquals(messages, ["ahoy"]);
    pair.deliver("server", record);
    assertEquals(messages, ["ahoy", "sealed"], "nothing of that moved the window or ended it");
  });
}

Deno.test("a lost flight is sent again after 1, 2, 4 seconds and so on to a minute", async () => {
  const pair = await PeerPair.make({ wire: () => [] });
  pair.client.start();
  const times: number[] = [];
  let seen = pair.sent.length;
  while (pair.clock.elapsedMs() < 250_000 && pair.clock.step()) {
    if (pair.sent.length > seen) times.push(pair.clock.elapsedMs() / 1000);
    seen = pair.sent.length;
  }
  assertEquals(times, [1, 3, 7, 15, 31, 63, 123, 183, 243, 303]);
});

Deno.test("a last flight that was lost is sent again when the client asks", async () => {
  const pair = await PeerPair.make();
  let lose = 0;
  pair.wire = (from, datagram) => from === "server" && lose++ === 1 ? [] : [datagram];
  pair.handshake();
  assert(pair.logs.server.connected && !pair.logs.client.connected);
  pair.advance(1000);
  assert(pair.logs.client.connected);
});

Deno.test("data before the end of the handshake reaches nobody", async () => {
  const pair = await PeerPair.make();
  pair.client.start();
  pair.settle();
  const forged = new Uint8Array(RECORD_HEADER_BYTES + 4);
  forged.set([contentTypes.applicationData, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 4]);
  pair.deliver("server", forged);
  assertEquals(pair.logs.server.messages, []);
  assertEquals(pair.logs.server.dropped, ["unexpected"]);
});

Deno.test("a plain alert ends a handshake, and nothing after it", async () => {
  const alert = Uint8Array.of(21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 2, 40);
  const open = await PeerPair.make({ wire: () => [] });
  open.client.start();
  open.deliver("client", alert);
  assertEquals(
    open.logs.client.error?.message,
    "the peer refused with the alert handshake_failure",
  );
  const pair = await PeerPair.make();
  assertTalks(pair);
  pair.deliver("client", alert);
  assertEquals(pair.logs.client.ended, false);
});

Deno.test("no timer is left once a handshake is done or over", async () => {
  const pair = await PeerPair.make();
  assertTalks(pair);
  assertEquals(pair.clock.timers, 0);
  const refused = await PeerPair.make({ client: { serverName: "other.test" } });
  refused.handshake();
  assertEquals(refused.clock.timers, 0);
});
