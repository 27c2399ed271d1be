/** TLS servers that refuse or close after the handshake: an error in words, or the answer. */

import { assertEquals, assertRejects } from "@std/assert";
import { connect } from "../../../dock/connect.ts";
import { copyTo } from "../../../dock/copy.ts";
import { send, type SendOptions } from "../../../dock/send.ts";
import { serve, type ServeOptions } from "../../../dock/serve.ts";
import { waitFor } from "../../../dock/wait.ts";
import { discard } from "../../../protocols/discard.ts";
import { echo } from "../../../protocols/echo.ts";
import { fetchUrl } from "../../../clients/http/client.ts";
import { CertificateAuthority, type IssuedFiles } from "../../certificate_authority.ts";
import { peerTest, startPeer, startPythonServer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const VERSIONS = ["1.2", "1.3"] as const;

const WANTS_ONE = "the server wants a client certificate: --tls-cert and --tls-key show one";
const MAY_WANT_ONE = "before it said anything; it may want a client certificate: " +
  "--tls-cert and --tls-key show one";

/** An authority with the certificates of a server and two clients, one of them foreign to it. */
async function setUp() {
  await using opening = new AsyncDisposableStack();
  const { path } = opening.use(await temporaryFolder());
  const authority = await CertificateAuthority.create(path);
  const server = await authority.issue("server", { names: ["DNS:localhost", "IP:127.0.0.1"] });
  const client = { names: ["DNS:alice.example"], purpose: "client" } as const;
  const alice = await authority.issue("alice", client);
  const stranger = await CertificateAuthority.create(path, "stranger");
  const foreign = await stranger.issue("foreign", client);
  const owned = opening.move();
  const trust = { tlsCa: [authority.file] };
  const showing = ({ cert, key }: IssuedFiles) => ({ ...trust, tlsCert: cert, tlsKey: key });
  return {
    ...{ path, authority, server, trust },
    asAlice: showing(alice),
    asForeign: showing(foreign),
    serving: (url: string, what = echo, options: ServeOptions = {}) =>
      serve(url, what, {
        tlsCert: server.cert,
        tlsKey: server.key,
        tlsCa: [authority.file],
        requireClientCert: true,
        ...options,
      }),
    /** Python's server, and its URL. */
    async closing(tls: string, end: string, ...flags: string[]) {
      const python = await startPythonServer("tls_closing_server.py", [
        ...["--cert", server.cert, "--key", server.key, "--tls", tls, "--end", end, ...flags],
        ...["127.0.0.1", "0"],
      ]);
      return {
        url: `tls://${python.place}`,
        [Symbol.asyncDispose]: () => python[Symbol.asyncDispose](),
      };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function sent(url: string, options: SendOptions): Promise<string> {
  return new TextDecoder().decode(await send(url, "hello", options));
}

/** What `send` is rejected with, without the URL. */
async function refusal(url: string, options: SendOptions): Promise<string> {
  const { message } = await assertRejects(() => send(url, "hello", options), Error);
  return message.replace(`Cannot connect to ${url}: `, "");
}

for (const tls of VERSIONS) {
  peerTest(
    `a server that replies and closes without waiting for our end is heard, TLS ${tls}`,
    ["python3"],
    async () => {
      await using at = await setUp();
      await using server = await at.closing(tls, "reply");
      for (let time = 0; time < 50; time++) {
        assertEquals(await sent(server.url, at.trust), "HELLO");
      }
    },
  );

  for (const end of ["close_notify", "close", "reset"]) {
    peerTest(`a server that ends by ${end} right after the handshake is an error, TLS ${tls}`, [
      "python3",
    ], async () => {
      await using at = await setUp();
      await using server = await at.closing(tls, end);
      const did = "(?:closed|reset the connection)";
      for (let time = 0; time < 5; time++) {
        const found = await refusal(server.url, at.trust);
        assertEquals(
          found.replace(new RegExp(`^the server ${did} after the handshake, `), ""),
          MAY_WANT_ONE,
        );
        assertEquals(
          (await refusal(server.url, at.asAlice)).replace(new RegExp(`^the server ${did} `), ""),
          "after the handshake: it may not accept alice.example",
        );
      }
    });
  }

  peerTest(`a server that has nothing to answer gives an empty answer, TLS ${tls}`, [
    "python3",
  ], async () => {
    await using at = await setUp();
    await using server = await at.closing(tls, "discard", "--cafile", at.authority.file);
    for (let time = 0; time < 3; time++) assertEquals(await sent(server.url, at.asAlice), "");
  });
}

peerTest("a refusal that lies unread when writing fails is read", ["python3"], async () => {
  await using at = await setUp();
  await using server = await at.closing("1.3", "reply", "--cafile", at.authority.file);
  using session = await connect(server.url, at.trust);
  const writes: Promise<void>[] = [];
  for (let time = 0; time < 4; time++) {
    blockFor(100);
    writes.push(session.send("hello"));
  }
  blockFor(100);
  await assertRejects(() => Array.fromAsync(session), Error, WANTS_ONE);
  for (const result of await Promise.allSettled(writes)) {
    if (result.status === "rejected") assertEquals(result.reason.message, WANTS_ONE);
  }
});

/** Keeps everything else in this process from happening, without which the refusal would be read. */
function blockFor(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

const REFUSED = {
  "1.2": "the server refused the handshake (alert handshake_failure): it shares no version or " +
    "cipher with this client, or wants a client certificate: --tls-cert and --tls-key show one",
  "1.3": WANTS_ONE,
};
const UNKNOWN_ISSUER = "the server does not accept alice.example: it does not know the issuer of " +
  "this certificate (alert unknown_ca)";

for (const tls of VERSIONS) {
  peerTest(`Python's ssl wants a certificate that it knows, TLS ${tls}`, ["python3"], async () => {
    await using at = await setUp();
    await using server = await at.closing(tls, "reply", "--cafile", at.authority.file);
    for (let time = 0; time < 10; time++) {
      assertEquals(await refusal(server.url, at.trust), REFUSED[tls]);
      assertEquals(await refusal(server.url, at.asForeign), UNKNOWN_ISSUER);
    }
    assertEquals(await sent(server.url, at.asAlice), "HELLO");
  });

  peerTest(`openssl s_server wants a certificate that it knows, TLS ${tls}`, [
    "openssl",
  ], async () => {
    await using at = await setUp();
    await using server = startPeer("openssl", [
      ...["s_server", "-accept", "127.0.0.1:0", `-tls${tls.replace(".", "_")}`, "-rev"],
      ...["-cert", at.server.cert, "-key", at.server.key],
      ...["-CAfile", at.authority.file, "-Verify", "1", "-verify_return_error"],
    ]);
    const [, address] = await server.stdout.line(/^ACCEPT (.+)$/);
    const url = `tls://${address}`;
    assertEquals(await refusal(url, at.trust), REFUSED[tls]);
    assertEquals(await refusal(url, at.asForeign), UNKNOWN_ISSUER);
    assertEquals(
      new TextDecoder().decode(await send(url, "stressed\n", at.asAlice)),
      "desserts\n",
    );
  });
}

Deno.test("a server of ours wants a certificate, and send, connect, wait, copy and fetch say so", async () => {
  await using at = await setUp();
  await using server = await at.serving("tls://127.0.0.1:0");
  const { url } = server;
  for (let time = 0; time < 20; time++) {
    assertEquals(await refusal(url, at.trust), WANTS_ONE);
  }
  using session = await connect(url, at.trust);
  await assertRejects(() => Array.fromAsync(session), Error, WANTS_ONE);
  // Writing fails for the same reason, where it fails.
  await assertRejects(
    async () => {
      for (;;) await session.send(new Uint8Array(100_000));
    },
    Error,
    WANTS_ONE,
  );
  await assertRejects(
    () => waitFor(url, { ...at.trust, timeoutMs: 30_000, intervalMs: 30_000 }),
    DOMException,
    WANTS_ONE,
  );
  const { failed } = await copyTo(url, [at.server.cert], at.trust);
  assertEquals(failed.map(({ reason }) => reason), [WANTS_ONE]);
  await using web = await serve("https://127.0.0.1:0", () => new Response("hello"), {
    ...{ tlsCert: at.server.cert, tlsKey: at.server.key, tlsCa: [at.authority.file] },
    requireClientCert: true,
  });
  await assertRejects(() => fetchUrl(web.url, at.trust), Error, WANTS_ONE);
  await using sockets = await at.serving("wss://127.0.0.1:0");
  await assertRejects(() => connect(sockets.url, at.trust), Error, WANTS_ONE);
});

Deno.test("a server of ours that does not admit a certificate is said to refuse its name", async () => {
  await using at = await setUp();
  const allowIdentity = ["bob.example"];
  for (const what of [echo, discard]) {
    await using server = await at.serving("tls://127.0.0.1:0", what, { allowIdentity });
    for (let time = 0; time < 10; time++) {
      assertEquals(
        (await refusal(server.url, at.asAlice)).replace("reset the connection", "closed"),
        "the server closed after the handshake: it may not accept alice.example",
      );
    }
  }
  await using admitting = await at.serving("tls://127.0.0.1:0", discard);
  assertEquals(await sent(admitting.url, at.asAlice), "");
});
