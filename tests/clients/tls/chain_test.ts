/** The certificates that a server shows. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { fetchChain } from "../../../clients/tls/chain.ts";
import { createAuthority } from "../../../core/certificates/authority.ts";
import { parseEndpoint } from "../../../core/addresses/endpoint.ts";
import { issueCertificate } from "../../../core/certificates/issue.ts";
import { pemBlocks } from "../../../core/certificates/pem.ts";
import { serve } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { openAuthority } from "../../../core/certificates/authority_folder.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const SCHEMES = new Map([["tls", "host"]] as const);
const ROUTE = { ipv4: false, ipv6: false, local: undefined, serverName: undefined };

const chainAt = (url: string, signal = AbortSignal.timeout(60_000)) =>
  fetchChain(parseEndpoint(url, SCHEMES), ROUTE, signal);

Deno.test("the chain that a server shows is its certificate and the authority's", async () => {
  await using folder = await temporaryFolder();
  const authority = await createAuthority();
  const { chain, key } = await issueCertificate(authority, { names: ["quay.example"] });
  const [tlsCert, tlsKey] = [`${folder.path}/cert.pem`, `${folder.path}/key.pem`];
  await Deno.writeTextFile(tlsCert, chain);
  await Deno.writeTextFile(tlsKey, key);
  await using server = await serve("tls://127.0.0.1:0", echo, { tlsCert, tlsKey });
  const { certificates, version } = await chainAt(server.url);
  assertEquals(version, "TLSv1.3");
  assertEquals(certificates, pemBlocks(chain).map(({ der }) => der));
});

Deno.test("a server with the data folder of an authority shows a certificate of that one", async () => {
  await using folder = await temporaryFolder();
  const { authority } = await openAuthority(folder.path, Date.now());
  const options = { dataFolder: folder.path };
  let fingerprint: string | undefined;
  for (const _start of [1, 2]) {
    await using server = await serve("tls://127.0.0.1:0", echo, options);
    const { certificates } = await chainAt(server.url);
    assertEquals(certificates[1], pemBlocks(authority.cert)[0]!.der);
    fingerprint ??= server.certificate?.fingerprint;
    assertEquals(server.certificate?.fingerprint, fingerprint, "the same at the next start");
  }
});

Deno.test("without an authority in the data folder the certificate is made on the spot", async () => {
  await using folder = await temporaryFolder();
  await using server = await serve("tls://127.0.0.1:0", echo, { dataFolder: folder.path });
  assertEquals((await chainAt(server.url)).certificates.length, 1);
  assertEquals([...Deno.readDirSync(folder.path)], [], "the library makes no authority");
});

Deno.test("a server that does not speak TLS, or says nothing, is an error", async () => {
  await using plain = await serve("tcp://127.0.0.1:0", echo);
  const url = plain.url.replace("tcp", "tls");
  await assertRejects(() => chainAt(url), Error, `Cannot connect to ${url}:`);

  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  const giveUp = new AbortController();
  const shown = chainAt(`tls://127.0.0.1:${listener.addr.port}`, giveUp.signal);
  using _silent = await accepted;
  giveUp.abort(new Error("too long"));
  const error = await assertRejects(() => shown, Error);
  assert(error.message.includes("too long"), error.message);
});
