/** Certificates and keys as texts in place of files: on every transport that shows one, on both
 * sides, and with errors that quote none. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { fileOrText } from "../../core/files/file_or_text.ts";
import {
  connect,
  echo,
  send,
  type SendOptions,
  serve,
  type ServeOptions,
  UsageError,
} from "../../mod.ts";
import { createAuthority, issueCertificate, makeKey } from "../../mod/cert.ts";
import { fetchUrl } from "../../mod/http.ts";
import { makeCertificate } from "../certificate.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const authority = await createAuthority();
const { chain, key } = await issueCertificate(authority, { names: ["127.0.0.1", "localhost"] });
const client = await issueCertificate(authority, {
  names: ["harbour.example"],
  use: "client",
});
const other = await issueCertificate(authority, { names: ["other.example"] });

const served = { tlsCert: chain, tlsKey: key };
const trusting = { tlsCa: [authority.cert] };

async function echoed(url: string, serving: ServeOptions, sending: SendOptions): Promise<string> {
  await using server = await serve(url, echo, serving);
  assertEquals(await server.reload?.(), undefined);
  return new TextDecoder().decode(await send(server.url, "ahoy", sending));
}

for (const url of ["tls://127.0.0.1:0", "wss://127.0.0.1:0", "dtls://127.0.0.1:0"]) {
  Deno.test(`${url} takes its certificate, key and authorities as PEM text`, async () => {
    assertEquals(await echoed(url, served, trusting), "ahoy");
  });

  Deno.test(`${url} takes those of mutual authentication as PEM text`, async () => {
    const asked = {
      ...served,
      ...trusting,
      requireClientCert: true,
      allowIdentity: ["harbour.example"],
    };
    const shown = { ...trusting, tlsCert: client.chain, tlsKey: client.key };
    assertEquals(await echoed(url, asked, shown), "ahoy");
    await assertRejects(() => echoed(url, asked, { ...trusting, timeoutMs: 60_000 }), Error);
  });
}

Deno.test("https takes PEM text for servers and clients", async () => {
  await using server = await serve("https://127.0.0.1:0", () => new Response("ahoy"), served);
  await using response = await fetchUrl(server.url, trusting);
  assertEquals(await response.text(), "ahoy");
});

Deno.test("Deno.listenTls takes PEM text", async () => {
  assertEquals(
    await echoed("tls://127.0.0.1:0", { ...served, listener: "deno" }, trusting),
    "ahoy",
  );
});

Deno.test("a path and a text go together, and several certificates are chosen from by name", async () => {
  await using folder = await temporaryFolder();
  const made = await makeCertificate(folder.path);
  await using server = await serve("tls://127.0.0.1:0", echo, {
    tlsCert: [other.chain, made.cert],
    tlsKey: [other.key, made.key],
  });
  assert(server.reload !== undefined);
  for (const [serverName, ca] of [["other.example", authority.cert], ["localhost", made.cert]]) {
    using session = await connect(server.url, { serverName: serverName!, tlsCa: [ca!] });
    assert(session.signal.aborted === false);
  }
});

Deno.test("keys of the layers are taken as text", async () => {
  const sealed = { sealedKey: [makeKey("aes-gcm").text] };
  assertEquals(await echoed("udp+sealed://127.0.0.1:0", sealed, sealed), "ahoy");
  const [one, two] = [makeKey("ed25519", { name: "one" }), makeKey("ed25519", { name: "two" })];
  assertEquals(
    await echoed(
      "udp+signed://127.0.0.1:0",
      { signedKey: one.text, signedSenders: `${two.publicLine}\n` },
      { signedKey: two.text, signedSenders: `${one.publicLine}\n` },
    ),
    "ahoy",
  );
});

const CUT_OFF = "-----BEGIN CERTIFICATE-----\nAQID\n";
const KEY_LINE = key.split("\n")[1]!;

const REFUSED: readonly [what: string, options: ServeOptions, message: string][] = [
  ["a certificate alone", { tlsCert: chain }, "--tls-cert the text given needs its private key"],
  ["a key alone", { tlsKey: key }, "--tls-key the text given needs its certificate"],
  [
    "two certificates",
    { tlsCert: chain, tlsKey: chain },
    "--tls-key: the text given holds no private key",
  ],
  [
    "the key of another",
    { tlsCert: other.chain, tlsKey: key },
    "--tls-key: the key in the text given does not belong to the certificate in the text given",
  ],
  [
    "one that is cut off",
    { tlsCert: CUT_OFF, tlsKey: key },
    "--tls-cert: the certificate in the text given is damaged",
  ],
  [
    "a text of something else",
    { tlsCert: "ahoy\nahoy\n", tlsKey: key },
    "--tls-cert: the text given holds no certificate in PEM; it should begin with -----BEGIN",
  ],
  [
    "a key without line breaks",
    { tlsCert: chain, tlsKey: key.replaceAll("\n", "") },
    "--tls-key: the private key in the text given has lost its line breaks",
  ],
  [
    "a key as a variable has it, with \\n",
    { tlsCert: chain, tlsKey: key.replaceAll("\n", "\\n") },
    "--tls-key: the private key in the text given has lost its line breaks; where it has \\n",
  ],
  [
    "an encrypted key",
    { tlsCert: chain, tlsKey: key.replaceAll("PRIVATE KEY", "ENCRYPTED PRIVATE KEY") },
    "--tls-key: the key in the text given is encrypted; decrypt it with: openssl pkey -in FILE",
  ],
];

for (const [what, options, message] of REFUSED) {
  Deno.test(`${what} as text is refused, and the message quotes no key`, async () => {
    for (const url of ["tls://127.0.0.1:0", "dtls://127.0.0.1:0"]) {
      const error = await assertRejects(() => serve(url, echo, options), UsageError, message);
      assertEquals(error.message.includes(KEY_LINE), false, error.message);
    }
  });
}

Deno.test("a text where a list is expected is refused unquoted", async () => {
  const { text } = makeKey("aes-gcm");
  const options = { sealedKey: text as unknown as string[] };
  const error = await assertRejects(
    () => serve("udp+sealed://127.0.0.1:0", echo, options),
    TypeError,
    "sealedKey: expected an array, got one value; put it in brackets",
  );
  assertEquals(error.message.includes(text.slice(8, 20)), false);
});

Deno.test("a key that has lost its line break is refused unquoted", async () => {
  for (const kind of ["aes-gcm", "fernet"] as const) {
    const text = makeKey(kind).text.trim();
    const error = await assertRejects(
      () => serve("udp+sealed://127.0.0.1:0", echo, { sealedKey: [text] }),
      UsageError,
      "a key that is given as text ends with a line break",
    );
    assertEquals(error.message.includes(text.slice(-20, -10)), false, error.message);
  }
});

Deno.test("a text on a command line or in the environment is refused unread", async () => {
  const option = fileOrText({ help: "a key" });
  const error = await assertRejects(
    async () => await Promise.resolve(option.parse(key, "--tls-key")),
    UsageError,
    "--tls-key: expected the path of a file, got the text of one",
  );
  assertEquals(error.message.includes(KEY_LINE), false);
  assertThrows(
    () => option.parse(key.replaceAll("\n", "\\n"), "--tls-key"),
    UsageError,
    "the text",
  );
  assertEquals(option.parse("key.pem", "--tls-key"), "key.pem");
});
