/** Every stack that has `reliable` at its top, over real sockets: each message once and in order. */

import { assert, assertEquals } from "@std/assert";
import { makeKey } from "../../core/keys/make.ts";
import { connect } from "../../dock/connect.ts";
import { serve } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import { messageOf } from "../layers/reliable/association_pair.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { withoutDatagramSockets } from "../without_datagram_sockets.ts";

const UDP = "127.0.0.1:0";

interface Stack {
  readonly url: string;
  readonly layers?: readonly string[];
  /** What the client does to the wire, both ways. */
  readonly fault?: readonly string[];
  /** The key that both have. */
  readonly key?: readonly ["sealedKey" | "signedKey", "aes-gcm" | "fernet" | "hmac"];
  /** Whether node:dgram stands in for Deno.listenDatagram. */
  readonly onNode?: true;
}

const stacks: readonly Stack[] = [
  { url: `udp+reliable://${UDP}` },
  { url: "udp+reliable://[::1]:0" },
  { url: "unixgram+reliable://FOLDER/socket" },
  { url: `dtls+reliable://${UDP}` },
  { url: `udp+signed+reliable://${UDP}`, key: ["signedKey", "hmac"] },
  { url: `udp+sealed+reliable://${UDP}`, key: ["sealedKey", "aes-gcm"] },
  { url: `udp+sealed+reliable://${UDP}`, key: ["sealedKey", "fernet"] },
  { url: "unixgram+sealed+reliable://FOLDER/socket", key: ["sealedKey", "aes-gcm"] },
  { url: `udp://${UDP}`, layers: ["reliable", "sealed"], key: ["sealedKey", "aes-gcm"] },
  { url: `udp+reliable://${UDP}`, onNode: true },
  { url: "udp+reliable://[::1]:0", onNode: true },
  { url: `dtls+reliable://${UDP}`, onNode: true },
  { url: `udp+signed+reliable://${UDP}`, key: ["signedKey", "hmac"], onNode: true },
  { url: `udp+sealed+reliable://${UDP}`, key: ["sealedKey", "aes-gcm"], onNode: true },
];

/** What a handshake of DTLS does not survive is damage, which its plain records cannot find. */
const damage = ["corrupt=5%"];
const faults = ["loss=10%", "reorder=5%", "duplicate=5%"];

/** Each stack as it is, and with faults below it. */
const table = stacks.flatMap((stack) => [
  stack,
  { ...stack, fault: stack.url.startsWith("dtls") ? faults : [...faults, ...damage] },
]);

for (const { url, layers, fault, key, onNode } of table) {
  const scheme = url.slice(0, url.indexOf("://") + 3);
  const host = url.includes("[::1]") ? ["IPv6"] : [];
  const node = onNode ? ["on node:dgram"] : [];
  const named = [scheme, ...host, ...layers ?? [], ...key ? [key[1]] : [], ...node].join(" ");
  Deno.test(`messages arrive once and in order over ${named}${fault ? " and faults" : ""}`, async () => {
    using _project = onNode ? withoutDatagramSockets() : undefined;
    await using folder = await temporaryFolder();
    const options: Record<string, unknown> = {};
    if (key !== undefined) {
      const path = `${folder.path}/key`;
      await Deno.writeTextFile(path, makeKey(key[1], { name: "both" }).text, { mode: 0o600 });
      options[key[0]] = key[0] === "signedKey" ? path : [path];
    }
    await using server = await serve(url.replace("FOLDER", folder.path), echo, {
      ...options,
      ...(layers && { layers }),
    });
    const { certificate } = server;
    const place = server.url.replace(/^[a-z+]+/, scheme.slice(0, -3));
    using session = await connect(place, {
      ...options,
      ...(layers && { layers }),
      ...(fault && { fault, seed: 8, connectTimeoutMs: 120_000 }),
      ...(certificate && { tlsFingerprint: certificate.fingerprint }),
    });
    const lengths = [0, 1, 1199, 1200, 65_536, 200_000, ...Array(94).fill(700)];
    const messages = lengths.map((length, number) => messageOf(number, length));
    const sending = (async () => {
      for (const message of messages) await session.send(message);
      await session.end();
    })();
    let number = 0;
    for await (const message of session) assertEquals(message, messages[number++]);
    await sending;
    assertEquals(number, messages.length);
    assertEquals(session.delivery!.acknowledged, messages.length);
    if (fault !== undefined) assert(session.delivery!.retransmitted > 0);
  });
}
