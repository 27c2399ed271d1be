/** DTLS: openssl and gnutls against our server, our client against theirs. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { statelessProtocol } from "../../core/protocol.ts";
import { textOf } from "../../core/session.ts";
import { connect } from "../../dock/connect.ts";
import { serve } from "../../dock/serve.ts";
import { DatagramRelay } from "../datagram_relay.ts";
import { freePort } from "../free_port.ts";
import { peerTest, runPeer, startPeer } from "../peer.ts";
import { type Program, runProgram, startProgram } from "../program.ts";
import { runsOn } from "../program_runtime.ts";
import type { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const KEY = "000102030405060708090a0b0c0d0e0f";

/** An authority and what it has signed, all as PEM files in one folder. */
interface Files {
  readonly folder: string;
  readonly ca: string;
  /** For localhost and 127.0.0.1, by the kind of its key. */
  readonly ecdsa: readonly [cert: string, key: string];
  readonly ed25519: readonly [cert: string, key: string];
  readonly rsa: readonly [cert: string, key: string];
  readonly expired: readonly [cert: string, key: string];
  /** For alice.test. */
  readonly alice: readonly [cert: string, key: string];
  /** `alice` and `bob`. */
  readonly psk: string;
}

async function openssl(folder: string, command: string): Promise<void> {
  const { code, stderr } = await runPeer("openssl", command.split(" "), { cwd: folder });
  if (code !== 0) throw new Error(`openssl ${command}: ${stderr}`);
}

async function makeFiles(folder: string): Promise<Files> {
  const ec = "-newkey ec -pkeyopt ec_paramgen_curve:P-256";
  await openssl(
    folder,
    `req -x509 ${ec} -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem ` +
      "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign",
  );
  async function issue(name: string, key: string, san: string, dates: string) {
    await openssl(
      folder,
      `req ${key} -nodes -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`,
    );
    await Deno.writeTextFile(
      `${folder}/${name}.ext`,
      `subjectAltName=${san}\nbasicConstraints=CA:FALSE\n`,
    );
    await openssl(
      folder,
      `x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ${name}.pem ` +
        `-extfile ${name}.ext ${dates}`,
    );
    return [`${folder}/${name}.pem`, `${folder}/${name}.key`] as const;
  }
  const san = "DNS:localhost,IP:127.0.0.1";
  const psk = `${folder}/psk`;
  await Deno.writeTextFile(psk, `alice:${KEY}\nbob:${KEY}\n`, { mode: 0o600 });
  return {
    folder,
    ca: `${folder}/ca.pem`,
    ecdsa: await issue("ecdsa", ec, san, "-days 2"),
    ed25519: await issue("ed25519", "-newkey ed25519", san, "-days 2"),
    rsa: await issue("rsa", "-newkey rsa:2048", san, "-days 2"),
    expired: await issue("expired", ec, san, "-days -1"),
    alice: await issue("alice", ec, "DNS:alice.test", "-days 2"),
    psk,
  };
}

/** CI can only get an old runtime for the executable. */
const runs = await runsOn("2.8.3");

if (!runs) {
  Deno.test("on a runtime that a peer could crash, DTLS is refused with the reason", async () => {
    for (const command of [["serve", "echo", "dtls://127.0.0.1:0"], ["send", "dtls://:9", "x"]]) {
      const { code, stderr } = await runProgram(command);
      assertEquals(code, 2);
      assertStringIncludes(stderr, "dtls needs Deno 2.8.3 or newer");
    }
  });
}

/** A test with a folder of files. */
function dtlsTest(
  name: string,
  needs: Parameters<typeof peerTest>[1],
  body: (files: Files, t: Deno.TestContext) => Promise<void>,
): void {
  if (!runs) return;
  peerTest(name, [...new Set([...needs, "openssl" as const])], async (t) => {
    await using folder = await temporaryFolder();
    await body(await makeFiles(folder.path), t);
  });
}

/** `serve upper` over DTLS, whose answers cannot be mistaken for what was sent. */
function serving(...options: readonly string[]): Promise<Program> {
  return startProgram(["serve", "upper", "dtls://127.0.0.1:0", "--json", ...options]);
}

const portOf = ({ url }: Program) => new URL(url.replace(/^\w+/, "http")).port;

function dial(program: Program, ...options: readonly string[]): RunningProcess {
  const to = ["-connect", `127.0.0.1:${portOf(program)}`];
  return startPeer("openssl", ["s_client", "-dtls1_2", "-quiet", ...to, ...options]);
}

/** Says something to our server and waits for the answer, in its own process. */
async function assertAnswered(client: RunningProcess, words = "over dtls"): Promise<void> {
  await client.write(`${words}\n`);
  await client.stdout.includes(words.toUpperCase());
}

dtlsTest(
  "openssl verifies our certificates with each suite, group and a small MTU",
  [],
  async (files, t) => {
    const verify = ["-CAfile", files.ca, "-verify_return_error", "-verify_ip", "127.0.0.1"];
    for (const kind of ["ecdsa", "rsa"] as const) {
      const [cert, key] = files[kind];
      await using program = await serving(
        "--tls-cert",
        cert,
        "--tls-key",
        key,
        "--dtls-mtu",
        "300",
      );
      const base = `ECDHE-${kind.toUpperCase()}`;
      const ccm = kind === "ecdsa" ? ["AES128-CCM", "AES128-CCM8@SECLEVEL=0"] : [];
      for (
        const cipher of ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305", ...ccm]
      ) {
        await t.step(`${base}-${cipher}`, async () => {
          await using client = dial(
            program,
            ...verify,
            "-cipher",
            `${base}-${cipher}`,
            "-mtu",
            "512",
          );
          await assertAnswered(client);
        });
      }
      for (const groups of ["X25519:P-256", "P-256", "P-384:P-256"]) {
        await t.step(`${base} with the groups ${groups}`, async () => {
          await using client = dial(program, ...verify, "-groups", groups);
          await assertAnswered(client);
        });
      }
    }
  },
);

dtlsTest("openssl is shown the certificate that it takes", [], async (files, t) => {
  await using program = await serving(
    ...["--tls-cert", files.ed25519[0], "--tls-key", files.ed25519[1]],
    ...["--tls-cert", files.ecdsa[0], "--tls-key", files.ecdsa[1]],
    ...["--tls-cert", files.alice[0], "--tls-key", files.alice[1]],
  );
  const verify = ["-CAfile", files.ca, "-verify_return_error"];
  const cases = [
    ["Ed25519", [...verify, "-verify_hostname", "localhost"]],
    ["P-256", [...verify, "-verify_hostname", "localhost", "-sigalgs", "ECDSA+SHA256"]],
    ["a name", [...verify, "-servername", "alice.test", "-verify_hostname", "alice.test"]],
  ] as const;
  for (const [name, options] of cases) {
    await t.step(name, async () => {
      await using client = dial(program, ...options);
      await assertAnswered(client);
    });
  }
});

dtlsTest(
  "openssl is answered with each suite of pre-shared keys, and refused by name",
  [],
  async (files, t) => {
    await using program = await serving("--psk-file", files.psk);
    const ciphers = [
      "PSK-AES128-GCM-SHA256",
      "PSK-AES256-GCM-SHA384",
      "PSK-CHACHA20-POLY1305",
      "ECDHE-PSK-CHACHA20-POLY1305",
      "PSK-AES128-CCM",
      "PSK-AES128-CCM8@SECLEVEL=0",
    ];
    const alice = ["-psk_identity", "alice", "-psk"];
    for (const cipher of ciphers) {
      await t.step(cipher, async () => {
        await using client = dial(program, ...alice, KEY, "-cipher", cipher);
        await assertAnswered(client);
      });
    }
    await t.step("an identity that nobody has", async () => {
      await using client = dial(program, "-psk_identity", "mallory", "-psk", KEY);
      await client.stderr.includes("bad record mac");
    });
    await t.step("another key", async () => {
      await using client = dial(program, ...alice, `00${KEY}`);
      await client.stderr.includes("bad record mac");
    });
  },
);

dtlsTest(
  "openssl goes on with a session, which the server asks nothing anew",
  [],
  async (files) => {
    const [cert, key] = files.alice;
    await using program = await serving(
      ...["--tls-cert", files.ecdsa[0], "--tls-key", files.ecdsa[1]],
      ...["--require-client-cert", "--tls-ca", files.ca],
    );
    const session = `${files.folder}/session`;
    const to = ["-connect", `127.0.0.1:${portOf(program)}`, "-CAfile", files.ca];
    for (
      const [how, words, options] of [
        ["New", "out", ["-sess_out", session, "-cert", cert, "-key", key]],
        ["Reused", "in", ["-sess_in", session]],
      ] as const
    ) {
      await using client = startPeer("openssl", ["s_client", "-dtls1_2", ...to, ...options]);
      await client.stdout.includes(`${how}, TLSv1.2, Cipher is`);
      await assertAnswered(client, words);
      const identity = (await program.event("opened")).identity as { readonly name: string };
      assertEquals(identity.name, "alice.test");
    }
  },
);

dtlsTest("openssl has to show a certificate where one is required", [], async (files, t) => {
  const [cert, key] = files.rsa;
  await using program = await serving(
    ...["--tls-cert", cert, "--tls-key", key, "--require-client-cert", "--tls-ca", files.ca],
  );
  await t.step("with one", async () => {
    const [own, ownKey] = files.alice;
    await using client = dial(program, "-CAfile", files.ca, "-cert", own, "-key", ownKey);
    await assertAnswered(client);
  });
  await t.step("without one", async () => {
    await using client = dial(program, "-CAfile", files.ca);
    await client.stderr.includes("alert handshake failure");
    assertStringIncludes(String((await program.event("failed")).error), "shows no certificate");
  });
  await t.step("with one that has expired", async () => {
    const [own, ownKey] = files.expired;
    await using client = dial(program, "-CAfile", files.ca, "-cert", own, "-key", ownKey);
    await client.stderr.includes("alert certificate expired");
  });
});

dtlsTest("openssl's renegotiation is refused", [], async (files) => {
  const [cert, key] = files.ecdsa;
  await using program = await serving("--tls-cert", cert, "--tls-key", key);
  // Without -quiet a line that is R asks for a new handshake.
  const to = ["-connect", `127.0.0.1:${portOf(program)}`, "-CAfile", files.ca];
  await using client = startPeer("openssl", ["s_client", "-dtls1_2", ...to]);
  await assertAnswered(client);
  await client.write("R\n");
  await client.stderr.includes("no renegotiation");
});

dtlsTest("openssl says goodbye and is heard, and hears ours", [], async (files) => {
  const [cert, key] = files.ecdsa;
  await using program = await serving("--tls-cert", cert, "--tls-key", key);
  {
    const to = ["-connect", `127.0.0.1:${portOf(program)}`, "-CAfile", files.ca];
    await using client = startPeer("openssl", ["s_client", "-dtls1_2", ...to]);
    await assertAnswered(client);
    await client.write("Q\n");
    assertEquals((await program.event("closed")).reason, "closed by the peer");
  }
  await using client = dial(program, "-CAfile", files.ca);
  await assertAnswered(client);
  program.interrupt();
  assertEquals((await client.ended()).code, 0);
});

dtlsTest("gnutls-cli verifies our certificate and is answered", ["gnutls-cli"], async (files) => {
  for (const kind of ["ecdsa", "ed25519", "rsa"] as const) {
    const [cert, key] = files[kind];
    await using program = await serving("--tls-cert", cert, "--tls-key", key);
    const trust = ["--x509cafile", files.ca, "--verify-hostname", "localhost"];
    await using client = startPeer(
      "gnutls-cli",
      ["--udp", ...trust, "-p", portOf(program), "127.0.0.1"],
    );
    await client.stdout.includes("Handshake was completed");
    await assertAnswered(client);
  }
});

dtlsTest(
  "gnutls-cli is answered with the suites that devices have",
  ["gnutls-cli"],
  async (files, t) => {
    await using program = await serving("--psk-file", files.psk);
    for (const cipher of ["AES-128-CCM", "AES-128-CCM-8"]) {
      await t.step(cipher, async () => {
        const priority = `NONE:+VERS-DTLS1.2:+PSK:+${cipher}:+AEAD:+SIGN-ALL:+COMP-NULL:+GROUP-ALL`;
        const psk = ["--pskusername", "alice", "--pskkey", KEY, "--priority", priority];
        await using client = startPeer(
          "gnutls-cli",
          ["--udp", ...psk, "-p", portOf(program), "127.0.0.1"],
        );
        await client.stdout.includes(`(PSK)-(${cipher})`);
        await assertAnswered(client);
      });
    }
  },
);

/** Answers three times at once, so that the answers leave together. */
const thrice = statelessProtocol({
  name: "thrice",
  summary: "Answers three times at once",
  framing: "none",
  datagramReply: "larger",
  async serve(session) {
    for await (const message of session) {
      const text = textOf(message).trim().toUpperCase();
      await Promise.all([1, 2, 3].map((number) => session.send(`${number} ${text}\n`)));
    }
  },
});

/** How many records a datagram holds. */
function recordsIn(datagram: Uint8Array): number {
  let count = 0;
  for (let at = 0; at < datagram.length; count++) {
    at += 13 + (datagram[at + 11]! << 8 | datagram[at + 12]!);
  }
  return count;
}

dtlsTest(
  "openssl and gnutls are heard, and hear, when several records share a datagram",
  ["gnutls-cli"],
  async ({ ca, ecdsa: [cert, key] }, t) => {
    for (const peer of ["openssl", "gnutls-cli"] as const) {
      await t.step(peer, async () => {
        // What gnutls-cli does not read before the next datagram is not sent to it in one.
        await using server = await serve("dtls://127.0.0.1:0", thrice, {
          tlsCert: cert,
          tlsKey: key,
          dtlsPack: peer === "openssl",
        });
        using relay = new DatagramRelay(Number(/\d+$/.exec(server.url)![0]));
        const words = peer === "openssl"
          ? ["s_client", "-dtls1_2", "-quiet", "-connect", `127.0.0.1:${relay.port}`]
          : ["--udp", "--insecure", "--x509cafile", ca, "-p", `${relay.port}`, "127.0.0.1"];
        await using client = startPeer(peer, words);
        await client.write("one\n");
        await client.stdout.includes("3 ONE");
        const before = relay.fromServer.length;
        relay.hold();
        for (const [count, word] of ["two", "three"].entries()) {
          await client.write(`${word}\n`);
          await relay.holds(count + 1);
        }
        await relay.release();
        await client.stdout.includes("3 TWO");
        await client.stdout.includes("3 THREE");
        const most = Math.max(...relay.fromServer.slice(before).map(recordsIn));
        assertEquals(most > 1, peer === "openssl");
      });
    }
  },
);

/** A server of openssl's, once it listens. */
async function opensslServer(...options: readonly string[]): Promise<
  { readonly process: RunningProcess; readonly url: string; [Symbol.asyncDispose](): Promise<void> }
> {
  await using starting = new AsyncDisposableStack();
  const process = starting.use(
    startPeer("openssl", ["s_server", "-dtls1_2", "-accept", "127.0.0.1:0", ...options]),
  );
  const [, address] = await process.stdout.line(/^ACCEPT (.+)$/);
  const owned = starting.move();
  return {
    process,
    url: `dtls://${address}`,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Our client says something, openssl answers. */
async function assertTalksTo(
  server: { readonly process: RunningProcess; readonly url: string },
  ...options: readonly string[]
): Promise<void> {
  const sending = runProgram(["send", server.url, "ahoy from us", ...options]);
  const heard = server.process.stdout.includes("ahoy from us");
  // Whatever goes wrong, our own words tell why.
  const early = await Promise.race([heard, sending]);
  assertEquals(early, undefined);
  await server.process.write("aye from them\n");
  const { code, stdout, stderr } = await sending;
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertStringIncludes(stdout, "aye from them");
}

dtlsTest(
  "send verifies openssl s_server with each suite, group and a small MTU",
  [],
  async (files, t) => {
    for (const kind of ["ecdsa", "rsa"] as const) {
      const [cert, key] = files[kind];
      const base = `ECDHE-${kind.toUpperCase()}`;
      const setups = [
        ["-cipher", `${base}-AES128-GCM-SHA256`, "-mtu", "300"],
        ["-cipher", `${base}-AES256-GCM-SHA384`, "-groups", "P-256"],
        ["-cipher", `${base}-CHACHA20-POLY1305`, "-groups", "P-384:P-256"],
      ];
      for (const setup of setups) {
        await t.step(setup.join(" "), async () => {
          await using server = await opensslServer("-cert", cert, "-key", key, ...setup);
          await assertTalksTo(server, "--tls-ca", files.ca, "--dtls-mtu", "256");
        });
      }
    }
  },
);

dtlsTest("a program goes on with its session at openssl s_server", [], async (files) => {
  const [cert, key] = files.ecdsa;
  await using server = await opensslServer("-cert", cert, "-key", key);
  for (const how of ["New", "Reused"]) {
    await using session = await connect(server.url, { tlsCa: [files.ca] });
    const told = how === "Reused" ? server.process.stdout.includes("Reused session-id") : null;
    await session.send(`${how}\n`);
    await server.process.stdout.includes(how);
    await told;
  }
});

dtlsTest("send shows openssl s_server a certificate", [], async (files) => {
  const [cert, key] = files.ecdsa;
  const verify = ["-CAfile", files.ca, "-Verify", "2", "-verify_return_error"];
  await using server = await opensslServer("-cert", cert, "-key", key, ...verify);
  for (const [own, ownKey] of [files.alice, files.ed25519]) {
    await assertTalksTo(server, "--tls-ca", files.ca, "--tls-cert", own, "--tls-key", ownKey);
  }
});

dtlsTest("send shares a key with openssl s_server", [], async (files, t) => {
  for (
    const cipher of [
      "PSK-AES128-GCM-SHA256",
      "ECDHE-PSK-CHACHA20-POLY1305",
      "PSK-AES128-CCM",
      // Newer versions of openssl offer a tag of 8 bytes at this level alone.
      "PSK-AES128-CCM8@SECLEVEL=0",
    ]
  ) {
    await t.step(cipher, async () => {
      const psk = ["-nocert", "-psk_identity", "bob", "-psk", KEY, "-cipher", cipher];
      await using server = await opensslServer(...psk);
      await assertTalksTo(server, "--psk-file", files.psk, "--psk-identity", "bob");
    });
  }
});

dtlsTest("send is echoed by gnutls-serv, with a certificate", ["gnutls-serv"], async (files) => {
  const [cert, key] = files.ed25519;
  const port = freePort();
  const files509 = ["--x509certfile", cert, "--x509keyfile", key];
  await using _server = startPeer("gnutls-serv", ["--udp", "--echo", "-p", `${port}`, ...files509]);
  // It does not say when it listens; a ClientHello that comes too early is sent again.
  const { code, stdout } = await runProgram(
    ["send", `dtls://127.0.0.1:${port}`, "--line", "ahoy", "--tls-ca", files.ca],
  );
  assertEquals({ code, stdout: stdout.trimEnd() }, { code: 0, stdout: "ahoy" });
});

dtlsTest(
  "a server that cannot be verified is refused, and the error says which check failed",
  [],
  async (files, t) => {
    async function refusal(cert: readonly [string, string], ...options: readonly string[]) {
      await using server = await opensslServer("-cert", cert[0], "-key", cert[1]);
      const { code, stdout, stderr } = await runProgram(["send", server.url, "secret", ...options]);
      assertEquals({ code, stdout }, { code: 1, stdout: "" });
      assertMatch(stderr, /^error: Cannot connect to dtls:[^\n]*\n$/);
      return stderr;
    }
    const trust = ["--tls-ca", files.ca];
    await t.step("another name", async () => {
      const words = await refusal(files.ecdsa, ...trust, "--server-name", "other.test");
      assertStringIncludes(words, "not for other.test but for DNS:localhost, IP Address:127.0.0.1");
    });
    await t.step("expired", async () => {
      assertStringIncludes(await refusal(files.expired, ...trust), "its certificate expired on");
    });
    await t.step("unknown authority", async () => {
      assertStringIncludes(await refusal(files.ecdsa), "no authority known here issued");
      assertStringIncludes(
        await refusal(files.ecdsa, "--tls-ca", files.alice[0]),
        "alice.pem vouches for its certificate",
      );
    });
    await t.step("another fingerprint", async () => {
      const words = await refusal(files.ecdsa, "--tls-fingerprint", "00".repeat(32));
      assertStringIncludes(words, "not the one of --tls-fingerprint");
    });
  },
);

dtlsTest(
  "connect talks to serve over DTLS, and an unverified one is talked to with --insecure",
  [],
  async () => {
    await using program = await serving();
    const { code, stdout } = await runProgram(
      ["connect", program.url, "--insecure"],
      { stdin: "typed\n" },
    );
    assertEquals(code, 0);
    assertStringIncludes(stdout, "TYPED");
    assert(!stdout.includes("typed"));
  },
);
