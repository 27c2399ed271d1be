/** Files of a DTLS server that change while it runs. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { connect } from "../../../dock/connect.ts";
import { send } from "../../../dock/send.ts";
import { serve } from "../../../dock/serve.ts";
import { TicketKeys } from "../../../layers/dtls/crypto/tickets.ts";
import { echo } from "../../../protocols/echo.ts";
import { DtlsSecrets } from "../../../servers/datagrams/dtls_secrets.ts";
import { make } from "../../layers/dtls/made_certificates.ts";
import { VirtualClock } from "../../layers/virtual_clock.ts";
import { EventLog } from "../../memory.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const URL = "dtls://127.0.0.1:0";
const KEY = "000102030405060708090a0b0c0d0e0f";
const NOW = Date.now();
const dates = { notBefore: NOW - 60_000, notAfter: NOW + 60_000 };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Files in a folder, and what writes another certificate into them. */
async function certified(folder: string) {
  const [tlsCert, tlsKey] = [`${folder}/cert.pem`, `${folder}/key.pem`];
  const write = async () => {
    const { pem, keyPem, certificate } = await make({ ...dates, names: ["localhost"] });
    await Deno.writeTextFile(tlsCert, pem);
    await Deno.writeTextFile(tlsKey, keyPem);
    return certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  };
  return { files: { tlsCert, tlsKey }, write, first: await write() };
}

Deno.test("a new certificate is taken up, and associations go on with what they began with", async () => {
  await using folder = await temporaryFolder();
  const { files, write, first } = await certified(folder.path);
  const log = new EventLog();
  await using server = await serve(URL, echo, { ...files, emit: log.emit });
  using session = await connect(server.url, { tlsFingerprint: first });
  const messages = session.messages();
  const say = async (words: string) => {
    await session.send(words);
    return text((await messages.next()).value as Uint8Array);
  };
  assertEquals(await say("before"), "before");
  const second = await write();
  // The server finds it out by itself.
  assertStringIncludes((await log.next("notice")).text, `a new certificate, SHA-256 ${second}`);
  assertEquals(server.certificate?.fingerprint, second);
  assertEquals(await say("after"), "after");
  assertEquals(text(await send(server.url, "new", { tlsFingerprint: second })), "new");
  // A client that has a session may go on with it; one by another name has none.
  assertEquals(text(await send(server.url, "known", { tlsFingerprint: first })), "known");
  const unknown = server.url.replace("127.0.0.1", "localhost");
  await assertRejects(() => send(unknown, "old", { tlsFingerprint: first }), Error, second);
});

Deno.test("a certificate that cannot be used leaves the old one in use, and it is said why", async () => {
  await using folder = await temporaryFolder();
  const { files, first } = await certified(folder.path);
  const log = new EventLog();
  await using server = await serve(URL, echo, { ...files, emit: log.emit });
  await Deno.writeTextFile(files.tlsCert, "no certificate");
  await server.reload?.();
  assertStringIncludes((await log.next("notice")).text, "kept the certificate in use: ");
  assertEquals(text(await send(server.url, "ahoy", { tlsFingerprint: first })), "ahoy");
});

Deno.test("pre-shared keys that change are taken up", async () => {
  await using folder = await temporaryFolder();
  const [ours, theirs] = [`${folder.path}/server`, `${folder.path}/client`];
  const write = (path: string, key: string) =>
    Deno.writeTextFile(path, `alice:${key}\n`, { mode: 0o600 });
  await write(ours, KEY);
  await write(theirs, KEY);
  const log = new EventLog();
  await using server = await serve(URL, echo, { pskFile: ours, emit: log.emit });
  assertEquals(text(await send(server.url, "one", { pskFile: theirs })), "one");
  const other = KEY.replaceAll("0", "f");
  await write(ours, other);
  await server.reload?.();
  assertEquals((await log.next("notice")).text, "took up the key files again");
  // Not by its ticket either, which was made with the old key.
  await assertRejects(() => send(server.url, "two", { pskFile: theirs }), Error, "another one");
  await write(theirs, other);
  assertEquals(text(await send(server.url, "three", { pskFile: theirs })), "three");
});

Deno.test("tickets outlive a new certificate, but not a change of who vouches for clients", async () => {
  await using folder = await temporaryFolder();
  const { files, write } = await certified(folder.path);
  const ca = `${folder.path}/ca.pem`;
  const authority = () => make({ ...dates, subject: "CN=authority", isAuthority: true, names: [] });
  await Deno.writeTextFile(ca, (await authority()).pem);
  using secrets = await DtlsSecrets.load(
    {
      ...files,
      tlsCa: [ca],
      requireClientCert: true,
      allowIdentity: [],
      dataFolder: undefined,
      pskFile: undefined,
    },
    { host: "127.0.0.1", emit: undefined, now: () => NOW },
    () => new TicketKeys(new VirtualClock(NOW)),
  );
  const before = secrets.current();
  await write();
  await secrets.reload!();
  const renewed = secrets.current();
  assert(renewed.credentials !== before.credentials);
  assertEquals(renewed.tickets === before.tickets, true);
  await Deno.writeTextFile(ca, (await authority()).pem);
  await secrets.reload!();
  assertEquals(secrets.current().tickets === before.tickets, false);
});
