import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { Identity } from "../../core/session.ts";
import { statelessProtocol } from "../../core/protocol.ts";
import { UsageError } from "../../core/usage_error.ts";
import { connect } from "../../dock/connect.ts";
import { send } from "../../dock/send.ts";
import { serve } from "../../dock/serve.ts";
import { chargen } from "../../protocols/chargen.ts";
import { waitFor } from "../../dock/wait.ts";
import { discard } from "../../protocols/discard.ts";
import { echo } from "../../protocols/echo.ts";
import { DatagramRelay } from "../datagram_relay.ts";
import { EventLog } from "../memory.ts";
import { make } from "../layers/dtls/made_certificates.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const URL = "dtls://127.0.0.1:0";
const KEY = "000102030405060708090a0b0c0d0e0f";
const NOW = Date.now();

/** Says who asks. */
const whoami = statelessProtocol({
  name: "whoami",
  summary: "Says who asks",
  framing: "none",
  datagramReply: "bounded",
  async serve(session) {
    for await (const _message of session) await session.send(JSON.stringify(session.identity));
  },
});

async function identityFrom(url: string, options: Parameters<typeof send>[2]): Promise<Identity> {
  return JSON.parse(new TextDecoder().decode(await send(url, "who am I?", options))) as Identity;
}

Deno.test("a client's certificate is who it is, for the protocol that serves it", async () => {
  await using folder = await temporaryFolder();
  const dates = { notBefore: NOW - 60_000, notAfter: NOW + 60_000 };
  const authority = await make({ ...dates, subject: "CN=authority", isAuthority: true, names: [] });
  const alice = await make({ ...dates, issuer: authority, names: ["alice.test"] });
  const [ca, cert, key] = ["ca", "cert", "key"].map((name) => `${folder.path}/${name}.pem`);
  await Deno.writeTextFile(ca!, authority.pem);
  await Deno.writeTextFile(cert!, alice.pem);
  await Deno.writeTextFile(key!, alice.keyPem);
  const log = new EventLog();
  await using server = await serve(URL, whoami, {
    requireClientCert: true,
    tlsCa: [ca!],
    emit: log.emit,
  });
  const trust = { tlsFingerprint: server.certificate!.fingerprint };
  const identity = await identityFrom(server.url, { ...trust, tlsCert: cert!, tlsKey: key! });
  assertEquals([identity.name, identity.source], ["alice.test", "certificate"]);
  assertEquals((await log.next("opened")).identity, identity);
  const refused = await assertRejects(() => connect(server.url, trust), Error);
  assertStringIncludes(refused.message, "handshake_failure");
  assertStringIncludes((await log.next("failed")).error, "the client shows no certificate");
  assertEquals(server.stats().handshakesFailed, 1);
});

Deno.test("who is taken off --allow-identity is refused by name", async () => {
  await using folder = await temporaryFolder();
  const dates = { notBefore: NOW - 60_000, notAfter: NOW + 60_000 };
  const [alice, bob] = [
    await make({ ...dates, names: ["alice.test"] }),
    await make({ ...dates, names: ["bob.test"] }),
  ];
  const paths = ["ca", "cert", "key"].map((name) => `${folder.path}/${name}.pem`);
  await Deno.writeTextFile(paths[0]!, alice.pem + "\n" + bob.pem);
  await Deno.writeTextFile(paths[1]!, alice.pem);
  await Deno.writeTextFile(paths[2]!, alice.keyPem);
  const own = { tlsCert: paths[1]!, tlsKey: paths[2]! };
  const mutual = { requireClientCert: true, tlsCa: [paths[0]!] };
  const fingerprint = alice.certificate.fingerprint256;
  for (const admitted of ["alice.test", `sha256:${fingerprint}`]) {
    await using server = await serve(URL, whoami, { ...mutual, allowIdentity: [admitted] });
    const identity = await identityFrom(server.url, {
      ...own,
      tlsFingerprint: server.certificate!.fingerprint,
    });
    assertEquals(identity.name, "alice.test");
  }
  const log = new EventLog();
  const others = ["bob.test", `sha256:${bob.certificate.fingerprint256}`];
  await using server = await serve(URL, whoami, {
    ...mutual,
    allowIdentity: others,
    emit: log.emit,
  });
  const trust = { tlsFingerprint: server.certificate!.fingerprint };
  const refused = await assertRejects(() => connect(server.url, { ...own, ...trust }), Error);
  assertStringIncludes(refused.message, "access_denied");
  assertEquals(
    (await log.next("denied")).reason,
    "access_denied: alice.test is not on --allow-identity",
  );
  assertEquals(server.stats().identitiesDenied, 1);
});

Deno.test("wait is content with a handshake, whatever the protocol answers", async () => {
  await using server = await serve(URL, discard);
  await waitFor(server.url, { insecure: true, timeoutMs: 60_000 });
});

Deno.test("a pre-shared key is who a client is, and no certificate is made then", async () => {
  await using folder = await temporaryFolder();
  const pskFile = `${folder.path}/psk`;
  await Deno.writeTextFile(pskFile, `bob:${KEY}\n`, { mode: 0o600 });
  await using server = await serve(URL, whoami, { pskFile });
  assertEquals(server.certificate, undefined);
  const identity = await identityFrom(server.url, { pskFile });
  assertEquals([identity.name, identity.source], ["bob", "psk"]);
  using session = await connect(server.url, { pskFile });
  assertEquals(session.identity?.name, "bob");
});

for (
  const [options, complaint] of [
    [{ requireClientCert: true }, "--require-client-cert needs to know whose"],
    [{ tlsCa: ["ca.pem"] }, "--tls-ca alone keeps nobody out"],
    [{ allowIdentity: ["alice.test"] }, "--allow-identity alone keeps nobody out"],
    [{ pskFile: "/nowhere/psk" }, "--psk-file: cannot read /nowhere/psk: there is no such file"],
    [
      { requireClientCert: true, tlsCa: ["ca.pem"], pskFile: "psk" },
      "--require-client-cert and --psk-file exclude each other",
    ],
    [{ tlsCert: "cert.pem" }, "needs its private key"],
  ] as const
) {
  Deno.test(`serve refuses ${JSON.stringify(options)} before it listens`, async () => {
    await assertRejects(() => serve(URL, echo, { ...options }), UsageError, complaint);
  });
}

Deno.test("connect refuses an identity without its file, or that the file has not", async () => {
  await using folder = await temporaryFolder();
  const pskFile = `${folder.path}/psk`;
  await Deno.writeTextFile(pskFile, `bob:${KEY}\ncarol:${KEY}\n`, { mode: 0o600 });
  const url = "dtls://127.0.0.1:9";
  const refused = (options: Parameters<typeof connect>[1], words: string) =>
    assertRejects(() => connect(url, options), UsageError, words);
  await refused({ pskIdentity: "bob" }, "add --psk-file FILE");
  await refused({ pskFile }, "holds 2 keys; say which with --psk-identity, such as bob");
  await refused({ pskFile, pskIdentity: "dave" }, "has no key of dave");
});

Deno.test("a protocol that answers with more may serve every address: cookies prove them", async () => {
  await using server = await serve("dtls://0.0.0.0:0", chargen);
  const answer = await send(server.url, "", { insecure: true });
  assert(answer.length > 0);
});

Deno.test("a multicast group is refused: an association is between two", async () => {
  await assertRejects(
    () => serve("dtls://239.255.10.9:0", echo),
    UsageError,
    "dtls is between two, and 239.255.10.9 stands for many",
  );
});

Deno.test("who is not allowed gets no answer, not even a cookie", async () => {
  await using server = await serve(URL, echo, { deny: ["127.0.0.1"] });
  const failure = await assertRejects(
    () => connect(server.url, { insecure: true, connectTimeoutMs: 200 }),
    DOMException,
  );
  assertEquals(failure.name, "TimeoutError");
  while (server.stats().denied === 0) await new Promise((resolve) => setTimeout(resolve, 1));
});

Deno.test("a server that is gone says so, and the client's session ends", async () => {
  const server = await serve(URL, echo);
  using session = await connect(server.url, { insecure: true });
  await session.send("hello");
  const messages = session[Symbol.asyncIterator]();
  assertEquals((await messages.next()).done, false);
  await server.shutdown({ graceMs: 0 });
  assertEquals((await messages.next()).done, true);
});

Deno.test("many peers on one socket are each a session of their own", async () => {
  await using server = await serve(URL, echo);
  const sessions = await Promise.all(
    Array.from({ length: 20 }, () => connect(server.url, { insecure: true })),
  );
  const answers = await Promise.all(sessions.map(async (session, number) => {
    await session.send(`${number}`);
    for await (const message of session) return new TextDecoder().decode(message as Uint8Array);
    return "";
  }));
  for (const session of sessions) session.close();
  assertEquals(answers, sessions.map((_, number) => `${number}`));
});

const portOf = (url: string) => Number(url.slice(url.lastIndexOf(":") + 1));

Deno.test("a session outlives a change of its address, and answers find their way", async () => {
  const log = new EventLog();
  await using server = await serve(URL, echo, { emit: log.emit });
  using relay = new DatagramRelay(portOf(server.url));
  using session = await connect(`dtls://127.0.0.1:${relay.port}`, {
    insecure: true,
    dtlsConnectionId: true,
  });
  const messages = session.messages();
  const say = async (text: string) => {
    await session.send(text);
    return new TextDecoder().decode((await messages.next()).value as Uint8Array);
  };
  assertEquals(await say("one"), "one");
  const opened = await log.next("opened");
  for (let count = 0; count < 3; count++) {
    const from = relay.address;
    relay.rebind();
    const to = relay.address;
    assertEquals(await say("moved"), "moved");
    // The event may come after the answer, which leaves before the new address has been proved.
    const moved = await log.next("moved");
    assertEquals([moved.from, moved.to, moved.peer], [from, to, to]);
    assertEquals(moved.session, opened.session);
  }
  const { opened: sessions, peersMoved, failed } = server.stats();
  assertEquals([sessions, peersMoved, failed], [1, 3, 0]);
});

Deno.test("an address to which a peer moves has to be admitted", async () => {
  const log = new EventLog();
  await using server = await serve(URL, echo, { emit: log.emit, deny: ["127.0.0.2"] });
  using relay = new DatagramRelay(portOf(server.url));
  using session = await connect(`dtls://127.0.0.1:${relay.port}`, {
    insecure: true,
    dtlsConnectionId: true,
  });
  const messages = session.messages();
  await session.send("one");
  await messages.next();
  relay.rebind("127.0.0.2");
  await session.send("lost");
  assertStringIncludes((await log.next("denied")).peer, "127.0.0.2:");
  relay.rebind();
  await session.send("two");
  assertEquals(new TextDecoder().decode((await messages.next()).value as Uint8Array), "two");
  assertStringIncludes((await log.next("moved")).to, "127.0.0.1:");
});

Deno.test("without a connection id a changed address is another peer, which is not known", async () => {
  for (const [served, dialled] of [[true, false], [false, true]] as const) {
    await using server = await serve(URL, echo, { dtlsConnectionId: served });
    using relay = new DatagramRelay(portOf(server.url));
    using session = await connect(`dtls://127.0.0.1:${relay.port}`, {
      insecure: true,
      dtlsConnectionId: dialled,
    });
    await session.send("one");
    await session.messages().next();
    relay.rebind();
    await session.send("lost");
    // It is as if it had not been sent: a new handshake is what comes next.
    using other = await connect(`dtls://127.0.0.1:${relay.port}`, { insecure: true });
    await other.send("two");
    const { value } = await other.messages().next();
    assertEquals(new TextDecoder().decode(value as Uint8Array), "two");
    assertEquals(server.stats().messagesReceived, 2);
  }
});

Deno.test("messages that wait for each other leave in one datagram, and arrive each by itself", async () => {
  const five = statelessProtocol({
    name: "five",
    summary: "Answers five times at once",
    framing: "none",
    datagramReply: "larger",
    async serve(session) {
      for await (const _message of session) {
        await Promise.all([1, 2, 3, 4, 5].map((number) => session.send(`answer ${number}`)));
      }
    },
  });
  await using server = await serve(URL, five, { dtlsPack: true });
  using relay = new DatagramRelay(portOf(server.url));
  using session = await connect(`dtls://127.0.0.1:${relay.port}`, { insecure: true });
  const messages = session.messages();
  const handshake = relay.fromServer.length;
  await session.send("go");
  for (let number = 1; number <= 5; number++) {
    const { value } = await messages.next();
    assertEquals(new TextDecoder().decode(value as Uint8Array), `answer ${number}`);
  }
  const datagrams = relay.fromServer.slice(handshake);
  assert(datagrams.length < 5, `${datagrams.length} datagrams`);
});
