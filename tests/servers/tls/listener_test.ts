/** `--listener deno`: Deno.listenTls as it is, and the keys that it writes. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type { ServerEvent } from "../../../core/event.ts";
import { serve, type ServeOptions } from "../../../dock/serve.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { echo } from "../../../protocols/echo.ts";
import { hello } from "../../../web/hello.ts";
import { CertificateAuthority } from "../../certificate_authority.ts";
import { peerTest, runPeer, runPython } from "../../peer.ts";
import { Program } from "../../program.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { Recorder } from "./recorder.ts";

const NOTICE = " (--listener deno): ";

for (const scheme of ["tls", "wss", "https"] as const) {
  Deno.test(`${scheme} on Deno's listener says which limits do not hold, on ours it does not`, async () => {
    const what = scheme === "https" ? hello : echo;
    for (const listener of ["deno", "guarded"] as const) {
      const events: ServerEvent[] = [];
      const emit = (event: ServerEvent) => void events.push(event);
      await using _server = await serve(`${scheme}://127.0.0.1:0`, what, { listener, emit });
      // Programs wait for `listening` as the first event.
      assertEquals(events[0]?.event, "listening");
      const notices = events.filter((one) => one.event === "notice" && one.text.includes(NOTICE));
      assertEquals(notices.length, listener === "deno" ? 1 : 0);
    }
  });
}

Deno.test("Deno's listener refuses each option that it cannot keep", async () => {
  await using folder = await temporaryFolder();
  const authority = await CertificateAuthority.create(folder.path);
  const one = await authority.issue("one", { names: ["DNS:one.example"] });
  const two = await authority.issue("two", { names: ["DNS:two.example"] });
  const cases: readonly (readonly [ServeOptions, string])[] = [
    [{ requireClientCert: true, tlsCa: [authority.file] }, "--require-client-cert"],
    [{ tlsMin: "1.3" }, "--tls-min 1.3"],
    [{ tlsCert: [one.cert, two.cert], tlsKey: [one.key, two.key] }, "more than one --tls-cert"],
  ];
  for (const scheme of ["tls", "wss"]) {
    for (const [options, flag] of cases) {
      const refused = serve(`${scheme}://127.0.0.1:0`, echo, { listener: "deno", ...options });
      const { message } = await assertRejects(() => refused, UsageError);
      assertEquals(message, `--listener deno cannot keep ${flag}; leave one of the two away`);
    }
  }
});

peerTest("tshark decrypts what Deno's listener served, with SSLKEYLOGFILE", [
  "python3",
  "tshark",
], async () => {
  await using folder = await temporaryFolder();
  const authority = await CertificateAuthority.create(folder.path);
  const { cert, key } = await authority.issue("server", { names: ["DNS:localhost"] });
  const keys = `${folder.path}/keys`;
  const args = ["serve", "echo", "tls://127.0.0.1:0", "--tls-cert", cert, "--tls-key", key];
  const env = { SSLKEYLOGFILE: keys };
  await using server = new Program([...args, "--listener", "deno"], { env });
  await server.listening(1, false);
  const warning = await server.stderr.line(/.*SSLKEYLOGFILE.*/);
  assertStringIncludes(warning[0], `the keys of every TLS session are written to ${keys}`);
  const { port } = new URL(server.url.replace("tls:", "http:"));
  await using recorder = new Recorder(Number(port));
  const { stdout } = await runPython("tls_client.py", [
    ...["127.0.0.1", `${recorder.port}`, "--cafile", authority.file, "a secret of the harbour"],
  ]);
  assertStringIncludes(stdout, "a secret of the harbour");
  const capture = `${folder.path}/capture.pcap`;
  await Deno.writeFile(capture, recorder.capture());
  const follow = (more: readonly string[]) =>
    runPeer("tshark", ["-r", capture, ...more, "-q", "-z", "follow,tls,ascii,0"]);
  const decrypted = await follow(["-o", `tls.keylog_file:${keys}`]);
  assertEquals(decrypted.stdout.split("a secret of the harbour").length - 1, 2);
  const sealed = await follow([]);
  assertEquals(sealed.stdout.includes("secret"), false);
});

Deno.test("our own listener says that it writes no keys", async () => {
  await using folder = await temporaryFolder();
  const env = { SSLKEYLOGFILE: `${folder.path}/keys` };
  await using server = new Program(["serve", "echo", "tls://127.0.0.1:0"], { env });
  const [line] = await server.stderr.line(/.*SSLKEYLOGFILE.*/);
  assertStringIncludes(line, "no keys are written");
  assertStringIncludes(line, "--listener deno writes them");
});
