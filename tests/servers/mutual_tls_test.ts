/** Mutual TLS: who is let in, who is not, and what is said of it. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { ServerEvent } from "../../core/event.ts";
import type { HttpApp, HttpHandler } from "../../core/http/app.ts";
import { type Protocol, statelessProtocol } from "../../core/protocol.ts";
import { textOf } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";
import { connect, type ConnectOptions } from "../../dock/connect.ts";
import { send } from "../../dock/send.ts";
import { serve, type ServeOptions } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import { checkTlsOptions } from "../../servers/tls/options.ts";
import { CertificateAuthority, type IssuedFiles } from "../certificate_authority.ts";
import { peerTest, runPeer } from "../peer.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** Says who it speaks with. */
const greeter = statelessProtocol({
  name: "greeter",
  summary: "Greets by name, once",
  framing: "none",
  datagramReply: "none",
  async serve(session) {
    const { name, source, fingerprint } = session.identity ?? {};
    for await (const _ of session) {
      return await session.send(JSON.stringify({ name, source, fingerprint }));
    }
  },
});

/** A folder with an authority, a server's certificate and that of a client. */
async function setUp() {
  await using opening = new AsyncDisposableStack();
  const { path } = opening.use(await temporaryFolder());
  const authority = await CertificateAuthority.create(path);
  const server = await authority.issue("server", { names: ["DNS:localhost", "IP:127.0.0.1"] });
  const alice = await authority.issue("alice", {
    names: ["DNS:alice.example", "email:alice@example.com", "URI:spiffe://harbour/alice"],
    commonName: "admin.example",
    purpose: "client",
  });
  const foreign = await CertificateAuthority.create(path, "foreign");
  const owned = opening.move();
  return {
    ...{ path, authority, foreign, server, alice },
    /** Starts a server that asks for certificates; null leaves the authorities out. */
    async serving(
      scheme: "tls" | "https" | "wss",
      what: Protocol | HttpHandler | HttpApp = echo,
      { tlsCa = [authority.file], ...options }: Settings = {},
    ) {
      const events: ServerEvent[] = [];
      const waiting: (() => void)[] = [];
      const running = await serve(`${scheme}://127.0.0.1:0`, what, {
        tlsCert: server.cert,
        tlsKey: server.key,
        ...(tlsCa !== null && { tlsCa }),
        requireClientCert: true,
        ...options,
        emit(event) {
          events.push(event);
          waiting.splice(0).forEach((wake) => wake());
        },
      });
      const port = Number(new URL(running.url.replace(/^\w+/, "http")).port);
      return {
        ...{ running, events, port },
        async emitted<Name extends ServerEvent["event"]>(name: Name, count = 1) {
          for (;;) {
            const found = events.filter((event) => event.event === name);
            if (found.length >= count) return found as Extract<ServerEvent, { event: Name }>[];
            await within(new Promise<void>((resolve) => waiting.push(resolve)));
          }
        },
        [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
      };
    },
    as: (files: IssuedFiles): ConnectOptions => ({
      tlsCa: [authority.file],
      tlsCert: files.cert,
      tlsKey: files.key,
    }),
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

type Settings = Omit<ServeOptions, "tlsCa"> & { readonly tlsCa?: readonly string[] | null };
type Place = Awaited<ReturnType<typeof setUp>>;
type Serving = Awaited<ReturnType<Place["serving"]>>;

/** Speaks as a client of openssl's, and returns what it was told and what openssl said. */
async function openssl(at: Place, { port }: Serving, args: readonly string[]): Promise<string> {
  const fixed = ["s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", at.authority.file];
  const { stdout, stderr } = await runPeer("openssl", [...fixed, ...args], { stdin: "hello\n" });
  return stdout + stderr;
}

const certificate = (files: IssuedFiles) => ["-cert", files.cert, "-key", files.key];

for (const scheme of ["tls", "wss"] as const) {
  Deno.test(`${scheme}: a client is known by the names in its certificate, never by its common name`, async () => {
    await using at = await setUp();
    await using server = await at.serving(scheme, greeter);
    const answer = textOf(await send(server.running.url, "who am I?", at.as(at.alice)));
    const identity = {
      name: "alice.example",
      source: "certificate" as const,
      fingerprint: at.alice.fingerprint,
    };
    assertEquals(JSON.parse(answer), identity);
    const [opened] = await server.emitted("opened");
    assertEquals(opened?.identity, identity);
  });
}

Deno.test("https: a handler is told who asks, over HTTP/1.1 and HTTP/2", async () => {
  await using at = await setUp();
  const name: HttpHandler = (_request, { identity }) => new Response(identity?.name ?? "nobody");
  await using server = await at.serving("https", name);
  for (const http2 of [false, true]) {
    using client = Deno.createHttpClient({
      caCerts: [await Deno.readTextFile(at.authority.file)],
      cert: await Deno.readTextFile(at.alice.cert),
      key: await Deno.readTextFile(at.alice.key),
      http1: !http2,
      http2,
    });
    assertEquals(await (await fetch(server.running.url, { client })).text(), "alice.example");
  }
});

Deno.test("https: a WebSocket within an application knows who speaks", async () => {
  await using at = await setUp();
  const app: HttpApp = {
    name: "app",
    summary: "A WebSocket that says who speaks",
    options: {},
    open: () => ({
      handle: () => new Response("hi"),
      upgrade: (_request, { identity }) => ({
        async serve(session) {
          await session.send(`${identity?.name} ${session.identity?.name}`);
        },
      }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
  await using server = await at.serving("https", app);
  using session = await connect(server.running.url.replace("https", "wss"), at.as(at.alice));
  for await (const message of session) {
    assertEquals(textOf(message), "alice.example alice.example");
  }
});

const refused = [
  ["no certificate", () => Promise.resolve(null), /peer sent no certificates/],
  [
    "a certificate of another authority",
    ({ foreign }: Place) =>
      foreign.issue("eve", { names: ["DNS:alice.example"], purpose: "client" }),
    /certificate of alice\.example \(sha256:[0-9a-f]{64}\) was refused: its issuer, CN=foreign, is not on --tls-ca/,
  ],
  [
    "a certificate of an authority that has only the name of the right one",
    async ({ path }: Place) => {
      await Deno.mkdir(`${path}/other`);
      const namesake = await CertificateAuthority.create(`${path}/other`);
      return await namesake.issue("eve", { names: ["DNS:eve.example"], purpose: "client" });
    },
    /certificate of eve\.example .* was refused: its signature is not that of its issuer/,
  ],
  [
    "a certificate that has expired",
    ({ authority }: Place) =>
      authority.issue("old", { names: ["DNS:old.example"], purpose: "client", from: -9, to: -1 }),
    /certificate of old\.example .* was refused: it expired on \d{4}-\d\d-\d\d$/,
  ],
  [
    "a certificate that is not valid yet",
    ({ authority }: Place) =>
      authority.issue("early", { names: ["DNS:early.example"], purpose: "client", from: 3, to: 9 }),
    /certificate of early\.example .* was refused: it is not valid before \d{4}-\d\d-\d\d$/,
  ],
  [
    "a certificate for the purpose of a server",
    ({ authority }: Place) => authority.issue("purpose", { names: ["DNS:server.example"] }),
    /certificate of server\.example .* was refused: it is not for the purpose of a client/,
  ],
] as const;

for (const scheme of ["tls", "https", "wss"] as const) {
  for (const [what, make, message] of refused) {
    peerTest(`${scheme}: ${what} is refused by name and counted, and no byte is answered`, [
      "openssl",
    ], async () => {
      await using at = await setUp();
      let spoken = false;
      const handler: HttpHandler = () => {
        spoken = true;
        return new Response("hello");
      };
      await using server = await at.serving(scheme, scheme === "https" ? handler : echo);
      const files = await make(at);
      const said = await runPeer("openssl", [
        ...["s_client", "-quiet", "-connect", `127.0.0.1:${server.port}`],
        ...(files === null ? [] : certificate(files)),
      ], { stdin: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" });
      assertEquals(said.stdout, "");
      const [failed] = await server.emitted("failed");
      assertMatch(failed?.error ?? "", /^handshake: /);
      assertMatch(failed?.error ?? "", message);
      const { handshakesFailed, opened, requests } = server.running.stats();
      assertEquals({ handshakesFailed, opened, requests }, {
        handshakesFailed: 1,
        opened: 0,
        requests: 0,
      });
      assert(!spoken);
    });
  }
}

for (const scheme of ["tls", "wss"] as const) {
  Deno.test(`${scheme}: --allow-identity lets in by name of each kind and by fingerprint, and nobody else`, async () => {
    await using at = await setUp();
    const bob = await at.authority.issue("bob", { names: ["DNS:bob.example"], purpose: "client" });
    const colons = at.alice.fingerprint.toUpperCase().replace(/..(?=.)/g, "$&:");
    for (
      const [entry, name] of [
        ["ALICE.example", "alice.example"],
        ["alice@example.com", "alice@example.com"],
        ["spiffe://harbour/alice", "spiffe://harbour/alice"],
        [`sha256:${at.alice.fingerprint}`, "alice.example"],
        [`SHA256:${colons}`, "alice.example"],
      ] as const
    ) {
      const allowIdentity = ["nobody.example", entry];
      await using server = await at.serving(scheme, greeter, { allowIdentity });
      const answer = textOf(await send(server.running.url, "who?", at.as(at.alice)));
      assertEquals(JSON.parse(answer).name, name);
      await send(server.running.url, "who?", at.as(bob)).catch(() => {});
      const [denied] = await server.emitted("denied");
      assertEquals(
        denied?.reason,
        `bob.example (sha256:${bob.fingerprint}) is not on --allow-identity`,
      );
      const { identitiesDenied, handshakesFailed, opened } = server.running.stats();
      assertEquals({ identitiesDenied, handshakesFailed, opened }, {
        identitiesDenied: 1,
        handshakesFailed: 0,
        opened: 1,
      });
    }
  });
}

Deno.test("--allow-identity is not fooled by a common name, a name of another kind or two names in one", async () => {
  await using at = await setUp();
  const allowIdentity = ["admin.example", "root@example.com"];
  await using server = await at.serving("tls", greeter, { allowIdentity });
  const tricks = [
    [],
    ["DNS:a.example, DNS:admin.example"],
    ["DNS:*.example"],
    ["DNS:root@example.com"],
    ["URI:admin.example"],
    ["email:x@admin.example"],
  ];
  for (const [count, names] of tricks.entries()) {
    const files = await at.authority.issue("trick", {
      names,
      purpose: "client",
      commonName: "admin.example",
    });
    await send(server.running.url, "who?", at.as(files)).catch(() => {});
    for (;;) {
      const { identitiesDenied, handshakesFailed, opened } = server.running.stats();
      assertEquals(opened, 0, `${names}`);
      // Some are refused for what they are before anybody asks for the list.
      if (identitiesDenied + handshakesFailed === count + 1) break;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  assert(server.running.stats().identitiesDenied >= 4);
});

for (const version of ["-tls1_2", "-tls1_3"]) {
  peerTest(`a client that was verified may resume its session with ${version}`, [
    "openssl",
  ], async () => {
    await using at = await setUp();
    await using server = await at.serving("tls", greeter);
    const file = `${at.path}/session`;
    const flags = [version, "-ign_eof", ...certificate(at.alice)];
    assertStringIncludes(
      await openssl(at, server, [...flags, "-sess_out", file]),
      "alice.example",
    );
    const again = await openssl(at, server, [...flags, "-sess_in", file]);
    assertStringIncludes(again, "Reused, ");
    assertStringIncludes(again, "alice.example");
    assertEquals(server.running.stats().opened, 2);
  });

  peerTest(`a session that began under other authorities lets nobody in with ${version}`, [
    "openssl",
  ], async () => {
    await using at = await setUp();
    const eve = await at.foreign.issue("eve", {
      names: ["DNS:alice.example"],
      purpose: "client",
    });
    // Deno keeps the sessions of all servers of a process together.
    await using other = await at.serving("tls", greeter, { tlsCa: [at.foreign.file] });
    await using server = await at.serving("tls", greeter);
    const file = `${at.path}/session`;
    const begin = [version, "-ign_eof", ...certificate(eve), "-sess_out", file];
    assertStringIncludes(await openssl(at, other, begin), eve.fingerprint);
    for (const [count, shown] of [certificate(eve), certificate(at.alice), []].entries()) {
      const flags = [version, "-ign_eof", "-sess_in", file, ...shown];
      const answer = await openssl(at, server, flags);
      assert(!answer.includes("fingerprint"), answer);
      const failed = await server.emitted("failed", count + 1);
      assertStringIncludes(
        failed[count]?.error ?? "",
        "resumed a session whose certificate was not verified here",
      );
    }
    assertEquals(server.running.stats().opened, 0);
  });

  peerTest(
    `a session that began without a certificate lets nobody in with ${version}`,
    [
      "openssl",
    ],
    async () => {
      await using at = await setUp();
      const { tlsCa, requireClientCert } = { tlsCa: null, requireClientCert: false };
      await using open = await at.serving("tls", greeter, { tlsCa, requireClientCert });
      await using closed = await at.serving("tls", greeter);
      const file = `${at.path}/session`;
      await openssl(at, open, [version, "-ign_eof", "-sess_out", file]);
      for (const shown of [[], certificate(at.alice)]) {
        const answer = await openssl(at, closed, [version, "-ign_eof", "-sess_in", file, ...shown]);
        assert(!answer.includes("fingerprint"), answer);
      }
      for (const { error } of await closed.emitted("failed", 2)) {
        assertStringIncludes(error, "resumed a session that began without a certificate");
      }
      assertEquals(closed.running.stats().opened, 0);
    },
  );

  peerTest(`a resumed session is held against --allow-identity with ${version}`, [
    "openssl",
  ], async () => {
    await using at = await setUp();
    await using open = await at.serving("tls", greeter);
    await using server = await at.serving("tls", greeter, { allowIdentity: ["bob.example"] });
    const file = `${at.path}/session`;
    const flags = [version, "-ign_eof", ...certificate(at.alice)];
    await openssl(at, open, [...flags, "-sess_out", file]);
    // Verified here too, and so not refused for want of that.
    await openssl(at, server, flags);
    await server.emitted("denied");
    await openssl(at, server, [...flags, "-sess_in", file]);
    await server.emitted("denied", 2);
    assertEquals(server.running.stats().opened, 0);
  });
}

peerTest("a session from before the authorities changed is not resumed", ["openssl"], async () => {
  await using at = await setUp();
  await using server = await at.serving("tls", greeter);
  const file = `${at.path}/session`;
  const flags = ["-tls1_3", "-ign_eof", ...certificate(at.alice)];
  assertStringIncludes(await openssl(at, server, [...flags, "-sess_out", file]), "alice.example");
  await Deno.copyFile(at.foreign.file, at.authority.file);
  await server.running.servers[0]?.reload?.();
  await openssl(at, server, [...flags, "-sess_in", file]);
  assertStringIncludes((await server.emitted("failed"))[0]?.error ?? "", "resumed a session");
});

peerTest("Python's ssl shows its certificate and is greeted, and without one is not", [
  "python3",
], async () => {
  await using at = await setUp();
  await using server = await at.serving("tls", greeter);
  const program = [
    "import socket, ssl, sys",
    "port, ca, *shown = sys.argv[1:]",
    "context = ssl.create_default_context(cafile=ca)",
    "if shown: context.load_cert_chain(*shown)",
    "try:",
    "    with socket.create_connection(('127.0.0.1', int(port))) as plain:",
    "        with context.wrap_socket(plain, server_hostname='localhost') as sock:",
    "            sock.sendall(b'who am I?')",
    "            print(sock.recv(1024).decode())",
    "except OSError as error: print('refused:', error)",
  ].join("\n");
  const ask = async (...shown: string[]) => {
    const args = ["-c", program, `${server.port}`, at.authority.file, ...shown];
    return (await runPeer("python3", args)).stdout;
  };
  assertStringIncludes(await ask(at.alice.cert, at.alice.key), '"name":"alice.example"');
  assertMatch(await ask(), /^(refused: .*)?\n$/);
});

peerTest("curl --cert is answered over HTTP/1.1 and HTTP/2, and without one is not", [
  "curl",
], async () => {
  await using at = await setUp();
  const name: HttpHandler = (_request, { identity }) => new Response(identity?.name ?? "nobody");
  await using server = await at.serving("https", name);
  const fixed = ["-sS", "--cacert", at.authority.file, server.running.url];
  for (const version of ["--http1.1", "--http2"]) {
    const shown = ["--cert", at.alice.cert, "--key", at.alice.key];
    const { stdout } = await runPeer("curl", [version, ...shown, ...fixed]);
    assertEquals(stdout, "alice.example");
    const refused = await runPeer("curl", [version, ...fixed]);
    assertEquals(refused.stdout, "");
    assert(refused.code !== 0);
  }
  assertEquals(server.running.stats().requests, 2);
});

Deno.test("options that would keep nobody out are refused with what is missing", async () => {
  await using at = await setUp();
  const cases = [
    [{ tlsCa: null, requireClientCert: true }, "--require-client-cert needs to know whose"],
    [{ requireClientCert: false }, "--tls-ca alone keeps nobody out"],
    [
      { requireClientCert: false, tlsCa: null, allowIdentity: ["alice.example"] },
      "--allow-identity alone keeps nobody out",
    ],
    [{ allowIdentity: ["sha256:abc"] }, "--allow-identity: expected a SHA-256 of 64"],
    [{ allowIdentity: ["two words"] }, "--allow-identity: expected a name"],
    [{ tlsCa: ["/nowhere.pem"] }, "--tls-ca: cannot read /nowhere.pem"],
  ] as const;
  for (const scheme of ["tls", "wss", "https"] as const) {
    for (const [options, message] of cases) {
      const what = scheme === "https" ? () => new Response("hi") : echo;
      const error = await assertRejects(() => at.serving(scheme, what, options), UsageError);
      assertStringIncludes(error.message, message);
    }
  }
});

Deno.test("a runtime that ignores client certificates does not serve those who rely on them", () => {
  const files = { tlsCert: undefined, tlsKey: undefined, dataFolder: undefined };
  const asking = { ...files, requireClientCert: true, tlsCa: ["ca.pem"] };
  let message = "";
  try {
    checkTlsOptions(asking, "2.6.10");
  } catch (error) {
    assert(error instanceof UsageError);
    message = error.message;
  }
  assertEquals(
    message,
    "--require-client-cert needs Deno 2.7.14 or newer; this is 2.6.10, " +
      "which ignores client certificates and would let everyone in",
  );
  checkTlsOptions(asking, "2.7.14");
  checkTlsOptions(files, "2.6.10");
});

/** What should have happened long ago fails instead of hanging. */
async function within(happening: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("nothing happened for 60 s")), 60_000);
  await Promise.race([happening, late.promise]).finally(() => clearTimeout(timer));
}
