/** TLS servers: what their clients see, and what clients do to them. */

import { assert, assertEquals, assertLess, assertRejects, assertStringIncludes } from "@std/assert";
import { DenoConnection } from "../../core/streams/deno_connection.ts";
import { type Endpoint, parseEndpoint } from "../../core/addresses/endpoint.ts";
import type { ServerEvent } from "../../core/event.ts";
import { type Protocol, statelessProtocol } from "../../core/protocol.ts";
import { textOf } from "../../core/session.ts";
import { serve, type ServeOptions } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import type { Listener } from "../../core/running_server.ts";
import { listenDenoTls } from "../../servers/tls/deno_listen_tls.ts";
import { listenTls, type ListenTlsOptions } from "../../servers/tls/listen.ts";
import { peerTest, placeArguments, runPeer, runPython, startPeer } from "../peer.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** A server whose events can be awaited. */
async function serving(protocol: Protocol = echo, options: ServeOptions = {}) {
  const events: ServerEvent[] = [];
  let changed = Promise.withResolvers<void>();
  const emit = (event: ServerEvent) => {
    events.push(event);
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const server = await serve("tls://127.0.0.1:0", protocol, { ...options, emit });
  const { port } = new URL(server.url.replace("tls:", "http:"));
  const caCerts = [server.certificate?.pem ?? ""];
  return {
    server,
    events,
    port: Number(port),
    /** Resolves once this many events of the name have been emitted. */
    async emitted(name: ServerEvent["event"], count = 1): Promise<ServerEvent[]> {
      for (;;) {
        const found = events.filter(({ event }) => event === name);
        if (found.length >= count) return found;
        await changed.promise;
      }
    },
    connectPlain: () => Deno.connect({ hostname: "127.0.0.1", port: Number(port) }),
    connectTls: () => Deno.connectTls({ hostname: "127.0.0.1", port: Number(port), caCerts }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Sends the text, ends our half and returns what comes until the server says its last. */
async function ask(conn: Deno.TlsConn, question: string): Promise<string> {
  const connection = new DenoConnection(conn);
  const asked = connection.write(new TextEncoder().encode(question))
    .then(() => connection.closeWrite());
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(64 * 1024);
  let answer = "";
  // A server that only hangs up, without the farewell of TLS, makes this throw.
  for (let count; (count = await connection.read(buffer)) !== null;) {
    answer += decoder.decode(buffer.subarray(0, count), { stream: true });
  }
  await asked;
  return answer;
}

/** Reads until the server is gone, however it goes. */
async function gone(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(1024);
  try {
    while (await conn.read(buffer) !== null);
  } catch (error) {
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
}

const errorsOf = (events: readonly ServerEvent[]) =>
  events.map((event) => "error" in event ? event.error : "");

Deno.test("a tls server announces the fingerprint of the certificate that verifies it", async () => {
  await using running = await serving();
  const [listening] = await running.emitted("listening");
  assertEquals(listening, {
    event: "listening",
    time: listening?.time ?? "none",
    url: running.server.url,
    protocol: "echo",
    fingerprint: running.server.certificate?.fingerprint ?? "none",
  });
  using conn = await running.connectTls();
  assertEquals(await ask(conn, "over TLS"), "over TLS");
});

Deno.test("a tls server answers a question that ends with the client's half", async () => {
  const count = statelessProtocol({
    name: "count",
    summary: "says at the end how many characters came",
    framing: "none",
    datagramReply: "none",
    async serve(session) {
      let characters = 0;
      for await (const message of session) characters += textOf(message).length;
      await session.send(`${characters} characters`);
    },
  });
  await using running = await serving(count);
  using conn = await running.connectTls();
  assertEquals(await ask(conn, "x".repeat(100_000)), "100000 characters");
});

Deno.test("a tls server echoes a large message unchanged", async () => {
  await using running = await serving();
  using conn = await running.connectTls();
  const message = "0123456789".repeat(100_000);
  assert(await ask(conn, message) === message);
});

Deno.test("a client that leaves without a farewell has simply ended", async () => {
  await using running = await serving();
  const conn = await running.connectTls();
  await conn.handshake();
  await running.emitted("opened");
  conn.close();
  const [closed] = await running.emitted("closed");
  assertEquals(closed && "reason" in closed ? closed.reason : "", "done");
  assertEquals(running.server.stats().failed, 0);
});

Deno.test("a client that says nothing is dropped at the deadline, and counted", async () => {
  await using running = await serving(echo, { handshakeTimeoutMs: 20 });
  using conn = await running.connectPlain();
  await gone(conn);
  const failures = await running.emitted("failed");
  assertEquals(errorsOf(failures), ["handshake: not finished within 20 ms"]);
  const { handshakesFailed, opened, open } = running.server.stats();
  assertEquals({ handshakesFailed, opened, open }, { handshakesFailed: 1, opened: 0, open: 0 });
});

Deno.test("two hundred silent clients are dropped while others are served", async () => {
  await using running = await serving(echo, { handshakeTimeoutMs: 5000 });
  const silent = await Promise.all(Array.from({ length: 200 }, () => running.connectPlain()));
  using conn = await running.connectTls();
  assertEquals(await ask(conn, "still here"), "still here");
  await Promise.all(silent.map(gone));
  await running.emitted("failed", 200);
  silent.forEach((conn) => conn.close());
  assertEquals(running.server.stats().handshakesFailed, 200);
});

Deno.test("a client that leaves during the handshake is dropped at once, and counted", async () => {
  await using running = await serving();
  for (const hello of [new Uint8Array(), new Uint8Array([22, 3, 1, 0])]) {
    using conn = await running.connectPlain();
    if (hello.length > 0) await conn.write(hello);
    await conn.closeWrite();
    await gone(conn);
  }
  assertEquals(errorsOf(await running.emitted("failed", 2)).length, 2);
  assertEquals(running.server.stats().handshakesFailed, 2);
});

Deno.test("a client that speaks something else is dropped at once, and counted", async () => {
  await using running = await serving();
  using conn = await running.connectPlain();
  await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  await gone(conn);
  const [error] = errorsOf(await running.emitted("failed"));
  assertStringIncludes(error ?? "", "handshake: ");
  assertEquals(running.server.stats().handshakesFailed, 1);
});

peerTest("a client that resets during the handshake is counted, others go on", [
  "python3",
], async () => {
  await using running = await serving();
  // It waits for the server's answer to its hello: a connection that is reset before it was
  // accepted never gets as far as a handshake.
  const reset = [
    "import socket, ssl, struct",
    `sock = socket.create_connection(("127.0.0.1", ${running.port}))`,
    "received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()",
    "tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(received, sent, False, 'localhost')",
    "try: tls.do_handshake()",
    "except ssl.SSLWantReadError: sock.sendall(sent.read())",
    "sock.recv(1)",
    "sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))",
    "sock.close()",
  ].join("\n");
  assertEquals((await runPeer("python3", ["-c", reset])).code, 0);
  await running.emitted("failed");
  assertEquals(running.server.stats().handshakesFailed, 1);
  using conn = await running.connectTls();
  assertEquals(await ask(conn, "still here"), "still here");
});

Deno.test("a tls server that stops ends handshakes under way", async () => {
  const running = await serving();
  using conn = await running.connectPlain();
  // The first half of a record: the server is in the middle of a handshake.
  await conn.write(new Uint8Array([22, 3, 1]));
  using other = await running.connectTls();
  await other.handshake();
  await running.emitted("opened");
  await running.server.shutdown({ graceMs: 0 });
  await gone(conn);
  // What we end has not failed.
  assertEquals(running.server.stats().handshakesFailed, 0);
});

Deno.test("a client that sends without end and never reads is made to wait", async () => {
  await using running = await serving();
  const conn = await running.connectTls();
  const block = new Uint8Array(256 * 1024);
  const most = 64 * 1024 * 1024;
  let sent = 0;
  const sending = (async () => {
    while (sent < most) {
      await conn.write(block);
      sent += block.length;
    }
  })().catch(() => {});
  // Made to wait, it sends no more; were it not, all would be gone in half a second.
  for (let before = -1; before !== sent && sent < most;) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  // The answer that nobody reads does not keep the server.
  await running.server.shutdown({ graceMs: 0 });
  conn.close();
  await sending;
  assertLess(sent, most);
});

Deno.test("a denied client is turned away before the handshake", async () => {
  await using running = await serving(echo, { deny: ["127.0.0.0/8"] });
  using conn = await running.connectPlain();
  await gone(conn);
  const { denied, handshakesFailed } = running.server.stats();
  assertEquals({ denied, handshakesFailed }, { denied: 1, handshakesFailed: 0 });
});

Deno.test("a port in use is an error that names the URL, and nothing stays open", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `tls://127.0.0.1:${taken.addr.port}`;
  await assertRejects(() => serve(url, echo), Error, `Cannot listen on ${url}: port`);
});

/** The three ways of listening. */
const ways = {
  "node:tls on a native socket": listenTls,
  "node:tls on a carrier": (
    endpoint: Endpoint,
    options: ListenTlsOptions,
    context: Parameters<typeof listenTls>[2],
  ) => listenTls(endpoint, { ...options, native: false }, context),
  "Deno.listenTls": listenDenoTls,
};

for (const [way, listen] of Object.entries(ways)) {
  Deno.test(`${way} does not begin a handshake that was called off`, async () => {
    const { acceptor, dial } = await listening(listen);
    using _acceptor = acceptor;
    using conn = await Deno.connectTls(dial);
    using accepted = await acceptor.accept() ?? raise();
    const calledOff = new DOMException("called off", "AbortError");
    const failure = await assertRejects(() => accepted.ready!(AbortSignal.abort(calledOff)));
    assertEquals(failure, calledOff);
    conn.handshake().catch(() => {});
  });

  Deno.test(`${way} gives up a handshake when it is told to`, async () => {
    const { acceptor, dial } = await listening(listen);
    using _acceptor = acceptor;
    using _silent = await Deno.connect(dial);
    using accepted = await acceptor.accept() ?? raise();
    const giveUp = new AbortController();
    const ready = accepted.ready!(giveUp.signal);
    giveUp.abort();
    await assertRejects(() => ready);
  });

  Deno.test(`${way} agrees on a protocol that both sides know`, async () => {
    const { acceptor, dial } = await listening(listen, ["h2", "http/1.1"]);
    using _acceptor = acceptor;
    using conn = await Deno.connectTls({ ...dial, alpnProtocols: ["http/1.0", "http/1.1"] });
    using accepted = await acceptor.accept() ?? raise();
    const [{ alpnProtocol }] = await Promise.all([
      conn.handshake(),
      accepted.ready!(new AbortController().signal),
    ]);
    assertEquals(alpnProtocol, "http/1.1");
  });

  Deno.test(`${way} reads to the end that a client makes without a farewell`, async () => {
    const { acceptor, dial } = await listening(listen);
    using _acceptor = acceptor;
    const conn = await Deno.connectTls(dial);
    using accepted = await acceptor.accept() ?? raise();
    await Promise.all([conn.handshake(), accepted.ready!(new AbortController().signal)]);
    await conn.write(new Uint8Array(3));
    conn.close();
    const buffer = new Uint8Array(10);
    assertEquals([await accepted.read(buffer), await accepted.read(buffer)], [3, null]);
  });
}

peerTest("Python's ssl verifies a certificate made on the spot by each of its names", [
  "python3",
], async () => {
  await using folder = await temporaryFolder();
  await using running = await serving();
  const file = `${folder.path}/cert.pem`;
  await Deno.writeTextFile(file, running.server.certificate?.pem ?? "");
  for (const name of ["localhost", "127.0.0.1", "::1"]) {
    const place = placeArguments(running.server.url);
    const { stdout } = await runPython("tls_client.py", [
      ...place,
      ...["--cafile", file, "--name", name],
    ]);
    assertEquals(stdout, "TLSv1.3\nReceived b'Hello, world'\n");
  }
});

peerTest("openssl s_client verifies a certificate made on the spot", ["openssl"], async () => {
  await using folder = await temporaryFolder();
  await using running = await serving();
  const file = `${folder.path}/cert.pem`;
  await Deno.writeTextFile(file, running.server.certificate?.pem ?? "");
  await using client = startPeer("openssl", [
    ...["s_client", "-quiet", "-connect", `127.0.0.1:${running.port}`, "-CAfile", file],
    ...["-verify_return_error", "-x509_strict", "-verify_ip", "127.0.0.1"],
  ]);
  await client.write("over TLS\n");
  await client.stdout.line(/^over TLS$/);
});

/** A bare listener, without a server around it, and how to dial it. */
async function listening(
  listen: (...parameters: Parameters<typeof listenTls>) => Promise<Listener>,
  alpnProtocols: readonly string[] = [],
) {
  const endpoint = parseEndpoint("tls://127.0.0.1:0", new Map([["tls", "host"]]));
  const files = { tlsCert: undefined, tlsKey: undefined, dataFolder: undefined };
  const { acceptor, url, certificate } = await listen(
    endpoint,
    { ...files, backlog: 10, ipv4: false, ipv6: false, alpnProtocols },
    { emit: () => {}, now: Date.now },
  );
  const port = Number(new URL(url.replace("tls:", "http:")).port);
  return { acceptor, dial: { hostname: "127.0.0.1", port, caCerts: [certificate!.pem] } };
}

function raise(): never {
  throw new Error("The acceptor was disposed");
}
