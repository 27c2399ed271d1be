/** TLS servers: certificates by name, ALPN, the oldest version, and files that change. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { ServerEvent } from "../../core/event.ts";
import { textOf } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";
import { connect } from "../../dock/connect.ts";
import { serve, type ServeOptions } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import { CertificateAuthority } from "../certificate_authority.ts";
import { peerTest, runPeer } from "../peer.ts";
import { startProgram } from "../program.ts";
import { temporaryFolder } from "../temporary_folder.ts";

type Scheme = "tls" | "https" | "wss";

/** A server with certificates of an authority's, and its events. */
async function serving(scheme: Scheme, options: ServeOptions = {}) {
  await using opening = new AsyncDisposableStack();
  const { path } = opening.use(await temporaryFolder());
  const authority = await CertificateAuthority.create(path);
  const first = await authority.issue("first", { names: ["DNS:localhost", "IP:127.0.0.1"] });
  const events: ServerEvent[] = [];
  const waiting: (() => void)[] = [];
  const start = async (own: ServeOptions) =>
    opening.use(
      await serve(
        `${scheme}://127.0.0.1:0`,
        scheme === "https" ? () => new Response("hi") : echo,
        {
          tlsCert: first.cert,
          tlsKey: first.key,
          ...own,
          emit(event) {
            events.push(event);
            waiting.splice(0).forEach((wake) => wake());
          },
        },
      ),
    );
  const server = await start(options);
  const port = Number(new URL(server.url.replace(/^\w+/, "http")).port);
  const owned = opening.move();
  return {
    ...{ path, authority, first, server, port, start },
    /** What a notice says that holds these words. */
    async notice(words: string): Promise<string> {
      for (;;) {
        const found = events.find((event) =>
          event.event === "notice" && event.text.includes(words)
        );
        if (found?.event === "notice") return found.text;
        await within(new Promise<void>((resolve) => waiting.push(resolve)));
      }
    },
    /** The end of a handshake of openssl's, and what it found. */
    async openssl(...args: string[]): Promise<string> {
      const { stdout, stderr } = await runPeer("openssl", [
        ...["s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", authority.file, ...args],
      ]);
      return stdout + stderr;
    },
    async shown(): Promise<string> {
      return /Fingerprint=(\S+)/.exec(await fingerprintOf(port))?.[1]
        ?.replaceAll(":", "").toLowerCase() ?? "none";
    },
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

async function fingerprintOf(port: number): Promise<string> {
  const shown = await runPeer("openssl", ["s_client", "-connect", `127.0.0.1:${port}`]);
  const pem = /-----BEGIN[^]*?-----END CERTIFICATE-----/.exec(shown.stdout)?.[0] ?? "";
  const args = ["x509", "-noout", "-fingerprint", "-sha256"];
  return (await runPeer("openssl", args, { stdin: pem })).stdout;
}

for (const scheme of ["tls", "https", "wss"] as const) {
  peerTest(`${scheme}: of several certificates a client gets the one for the name it asks for`, [
    "openssl",
  ], async () => {
    await using folder = await temporaryFolder();
    const authority = await CertificateAuthority.create(folder.path);
    const files = [
      await authority.issue("one", { names: ["DNS:one.example"] }),
      await authority.issue("two", { names: ["DNS:two.example", "DNS:*.two.example"] }),
      await authority.issue("three", { names: ["DNS:three.example"], commonName: "four.example" }),
    ];
    await using at = await serving(scheme, {
      tlsCert: files.map(({ cert }) => cert),
      tlsKey: files.map(({ key }) => key),
    });
    for (
      const [name, subject] of [
        ["one.example", "one"],
        ["TWO.example", "two"],
        ["a.two.example", "two"],
        ["a.b.two.example", "one"],
        ["three.example", "four.example"],
        // A common name is no name, and whoever asks for nobody's gets the first.
        ["four.example", "one"],
        ["none.example", "one"],
      ] as const
    ) {
      assertStringIncludes(await at.openssl("-servername", name), `subject=CN = ${subject}\n`);
    }
    assertStringIncludes(await at.openssl("-noservername"), "subject=CN = one\n");
  });

  peerTest(`${scheme}: --tls-min 1.3 turns TLS 1.2 away, also where a name is asked for`, [
    "openssl",
  ], async () => {
    await using folder = await temporaryFolder();
    const authority = await CertificateAuthority.create(folder.path);
    const one = await authority.issue("one", { names: ["DNS:one.example"] });
    for (const count of [1, 2]) {
      await using at = await serving(scheme, {
        tlsMin: "1.3",
        tlsCert: Array(count).fill(one.cert),
        tlsKey: Array(count).fill(one.key),
      });
      const name = ["-servername", "one.example"];
      assertStringIncludes(await at.openssl("-tls1_2", ...name), "Cipher is (NONE)");
      assertStringIncludes(await at.openssl("-tls1_3", ...name), "New, TLSv1.3, Cipher is TLS_");
    }
  });

  peerTest(`${scheme}: TLS 1.2 is spoken unless told otherwise, and nothing older`, [
    "openssl",
  ], async () => {
    await using at = await serving(scheme);
    assertStringIncludes(await at.openssl("-tls1_2"), "New, TLSv1.2, Cipher is ECDHE");
    assertStringIncludes(await at.openssl("-tls1_1"), "Cipher is (NONE)");
  });

  peerTest(
    `${scheme}: changed files are taken up, and connections go on`,
    ["openssl"],
    async () => {
      await using at = await serving(scheme);
      assertEquals(await at.shown(), at.first.fingerprint);
      using open = await Deno.connectTls({
        hostname: "127.0.0.1",
        port: at.port,
        caCerts: [await Deno.readTextFile(at.authority.file)],
      });
      await open.handshake();

      const next = await at.authority.issue("first", { names: ["DNS:localhost", "IP:127.0.0.1"] });
      assertStringIncludes(await at.notice("took up a new"), `SHA-256 ${next.fingerprint}`);
      assertEquals(await at.shown(), next.fingerprint);
      assertEquals(at.server.certificate?.fingerprint, next.fingerprint);

      const request = scheme === "tls"
        ? "still here"
        : "GET / HTTP/1.1\r\nHost: nowhere.example\r\n\r\n";
      await open.write(new TextEncoder().encode(request));
      const buffer = new Uint8Array(1024);
      const answer = new TextDecoder().decode(buffer.subarray(0, await open.read(buffer) ?? 0));
      assertStringIncludes(answer, scheme === "tls" ? "still here" : "HTTP/1.1 421");
    },
  );

  peerTest(
    `${scheme}: changed files that cannot be used leave the old in use, and it is said why`,
    [
      "openssl",
    ],
    async () => {
      await using at = await serving(scheme);
      const { cert, key, fingerprint } = at.first;
      const pem = await Deno.readTextFile(cert);
      const other = await at.authority.issue("other", { names: ["DNS:localhost"] });

      await Deno.copyFile(other.cert, cert);
      assertStringIncludes(
        await at.notice("does not belong"),
        `kept the certificate in use: --tls-key: the key in ${key} does not belong to`,
      );
      await Deno.writeTextFile(cert, pem.slice(0, 300));
      await at.server.servers[0]?.reload?.();
      assertStringIncludes(await at.notice("is damaged"), `the certificate in ${cert} is damaged`);
      await Deno.remove(cert);
      await at.server.servers[0]?.reload?.();
      assertStringIncludes(await at.notice("no such file"), `cannot read ${cert}`);
      assertEquals(await at.shown(), fingerprint);

      await Deno.copyFile(other.cert, cert);
      await Deno.copyFile(other.key, key);
      await at.notice("took up a new");
      assertEquals(await at.shown(), other.fingerprint);
    },
  );
}

peerTest("tls: --alpn agrees on the server's first, and turns away who knows none", [
  "openssl",
], async () => {
  await using at = await serving("tls", { alpn: ["harbour/2", "harbour/1"] });
  assertStringIncludes(await at.openssl("-alpn", "harbour/1,harbour/2"), "protocol: harbour/2");
  assertStringIncludes(await at.openssl("-alpn", "harbour/1"), "protocol: harbour/1");
  assertStringIncludes(await at.openssl("-alpn", "other"), "alert no application protocol");
  assertStringIncludes(await at.openssl(), "No ALPN negotiated");
});

Deno.test("certificates and keys that do not come in pairs are refused", async () => {
  await using at = await serving("tls");
  const { cert, key } = at.first;
  const error = await assertRejects(
    () => at.start({ tlsCert: [cert, cert], tlsKey: [key] }),
    UsageError,
  );
  assertEquals(
    error.message,
    "--tls-cert and --tls-key go in pairs, got 2 and 1; " +
      "give each certificate its key, in the same order",
  );
});

Deno.test("an https server with files still finds that its port is taken", async () => {
  await using at = await serving("https");
  const { cert: tlsCert, key: tlsKey } = at.first;
  const second = () => serve(at.server.url, () => new Response("hi"), { tlsCert, tlsKey });
  await assertRejects(second, Error, `Cannot listen on ${at.server.url}: port`);
});

Deno.test("a client sees a certificate taken up by its name", async () => {
  await using at = await serving("wss");
  await at.authority.issue("first", { names: ["DNS:localhost"] });
  await at.server.servers[0]?.reload?.();
  const options = { tlsCa: [at.authority.file] };
  const failure = await assertRejects(() => connect(at.server.url, options), Error);
  assertStringIncludes(failure.message, "127.0.0.1");
  using session = await connect(at.server.url.replace("127.0.0.1", "localhost"), options);
  await session.send("ahoy");
  for await (const message of session) {
    assertEquals(textOf(message), "ahoy");
    break;
  }
});

Deno.test({
  name: "SIGHUP takes up changed files, and does not stop the server",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using folder = await temporaryFolder();
    const authority = await CertificateAuthority.create(folder.path);
    const first = await authority.issue("first", { names: ["IP:127.0.0.1"] });
    const files = ["--tls-cert", first.cert, "--tls-key", first.key];
    await using program = await startProgram([
      ...["serve", "echo", "tls://127.0.0.1:0", "--json", ...files],
    ]);
    for (const _ of [1, 2]) {
      program.signal("SIGHUP");
      await program.stdout.line(/"notice".*took up the certificate files again/);
    }
  },
});

/** What should have happened long ago fails instead of hanging. */
async function within(happening: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("nothing happened for 60 s")), 60_000);
  await Promise.race([happening, late.promise]).finally(() => clearTimeout(timer));
}
