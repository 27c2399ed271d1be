/** TLS sessions that clients resume (RFC 8446 2.2, RFC 5077). */

import { assertEquals } from "@std/assert";
import { serve, type ServeOptions } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { CertificateAuthority } from "../../certificate_authority.ts";
import { peerTest, runPython } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const TIMES = 20;

/** Connects again and again, each time with the session of the connection before. */
async function resuming(
  version: string,
  options: (authority: CertificateAuthority) => ServeOptions = () => ({}),
  certificate: readonly string[] = [],
) {
  await using folder = await temporaryFolder();
  const authority = await CertificateAuthority.create(folder.path);
  const { cert, key } = await authority.issue("server", { names: ["DNS:localhost"] });
  const alice = await authority.issue("alice", { purpose: "client", names: ["DNS:alice.example"] });
  const files = { tlsCert: cert, tlsKey: key };
  await using running = await serve("tls://127.0.0.1:0", echo, { ...files, ...options(authority) });
  const { port } = new URL(running.url.replace("tls:", "http:"));
  const { stdout, stderr } = await runPython("tls_resuming_client.py", [
    ...["127.0.0.1", port, "--cafile", authority.file, "--version", version],
    ...["--times", `${TIMES}`],
    ...(certificate.length > 0 ? ["--cert", alice.cert, "--key", alice.key] : []),
  ]);
  assertEquals(stderr, "");
  return stdout;
}

for (const version of ["1.2", "1.3"]) {
  peerTest(`a client resumes its session each time, TLS ${version}`, ["python3"], async () => {
    assertEquals(await resuming(version), `new\n${"resumed\n".repeat(TIMES - 1)}`);
  });

  peerTest(`so does a client with a certificate, TLS ${version}`, ["python3"], async () => {
    const guarded = ({ file }: CertificateAuthority) => ({
      requireClientCert: true,
      tlsCa: [file],
    });
    const answers = await resuming(version, guarded, ["alice"]);
    assertEquals(answers, `new\n${"resumed\n".repeat(TIMES - 1)}`);
  });
}
