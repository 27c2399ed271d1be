/** An echo on every transport, with layers, keys and certificates, for those who dial it. */

import { echo, serve, type ServeOptions } from "../../mod.ts";
import { makeKey } from "../../core/keys/make.ts";
import { openAuthority } from "../../core/certificates/authority_folder.ts";
import type { Dock } from "../../dock/serve.ts";

const HOST = "127.0.0.1:0";

/** Starts one server for each way to be reached, in a folder that is there as long as they are. */
export async function everyServer(folder: string): Promise<readonly Dock[]> {
  const pskFile = `${folder}/psk`;
  await Deno.writeTextFile(pskFile, `bob:${"5a".repeat(16)}\ncarol:${"6b".repeat(16)}\n`, {
    mode: 0o600,
  });
  const data = { dataFolder: `${folder}/data` };
  await Deno.mkdir(data.dataFolder, { mode: 0o700 });
  const { authority } = await openAuthority(data.dataFolder, Date.now());
  const common = makeKey("hmac").text;
  const wanted: readonly (readonly [url: string, options?: ServeOptions])[] = [
    [`tcp://${HOST}`],
    [`udp://${HOST}`],
    [`unix://${folder}/stream`],
    [`unixgram://${folder}/datagrams`],
    [`tls://${HOST}`, data],
    [`tls://${HOST}`, { ...data, requireClientCert: true, tlsCa: [authority.cert] }],
    [`dtls://${HOST}`, data],
    [`dtls://${HOST}`, { pskFile }],
    [`ws://${HOST}/echo`, { subprotocol: ["echo"] }],
    [`ws://${HOST}`, { auth: "ada:swordfish" }],
    [`wss://${HOST}`, { ...data, authToken: "swordfish" }],
    [`udp+sealed://${HOST}`, { sealedKey: [makeKey("aes-gcm").text] }],
    [`udp+sealed+reliable://${HOST}`, { sealedKey: [makeKey("fernet").text] }],
    [`udp+signed://${HOST}`, { signedKey: common }],
    [`udp+signed+reliable://${HOST}`, { signedSenders: `ada ${common}` }],
    [`udp+reliable://${HOST}`],
    ["tcp://0.0.0.0:0"],
  ];
  return await Promise.all(wanted.map(([url, options]) => serve(url, echo, options)));
}
