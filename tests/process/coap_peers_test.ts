/** CoAP over DTLS with a pre-shared key, as small devices speak it: libcoap's client, our server. */

import { assert, assertEquals } from "@std/assert";
import { statelessProtocol } from "../../core/protocol.ts";
import { hasFeature } from "../../core/runtime.ts";
import { serve } from "../../dock/serve.ts";
import { peerTest, runPeer } from "../peer.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const IDENTITY = "sensor 7";
const KEY = "the key of seven";

/** Acknowledges each request with the content "ahoy": 2.05, with its message number and its token,
 * and a payload after 255 (RFC 7252 3). */
const coapAnswer = statelessProtocol({
  name: "coap-answer",
  summary: "answers every CoAP request with ahoy",
  framing: "none",
  datagramReply: "larger",
  async serve(session) {
    for await (const message of session) {
      const request = message as Uint8Array;
      const tokenBytes = request[0]! & 15;
      const head = [0x60 | tokenBytes, 0x45, ...request.subarray(2, 4 + tokenBytes), 0xff];
      await session.send(Uint8Array.from([...head, ...new TextEncoder().encode("ahoy")]));
    }
  },
});

/** Leaves libcoap on GnuTLS no suite that we have too but those of AES-128-CCM-8. */
const CCM_8_ALONE = "[overrides]\n" +
  ["CHACHA20-POLY1305", "AES-128-GCM", "AES-256-GCM", "AES-128-CCM", "AES-256-CCM"]
    .map((name) => `tls-disabled-cipher = ${name}\n`).join("");

for (const name of ["coap-client-openssl", "coap-client-gnutls"] as const) {
  if (!hasFeature("dtls")) continue;
  peerTest(`${name} gets its answer with a pre-shared key`, [name], async (t) => {
    await using folder = await temporaryFolder();
    const pskFile = `${folder.path}/psk`;
    const hex = new TextEncoder().encode(KEY).toHex();
    await Deno.writeTextFile(pskFile, `${IDENTITY}:${hex}\n`, { mode: 0o600 });
    const priorities = `${folder.path}/priorities`;
    await Deno.writeTextFile(priorities, CCM_8_ALONE);
    await using server = await serve("dtls://127.0.0.1:0", coapAnswer, { pskFile });
    const url = server.url.replace("dtls:", "coaps:");
    const get = (key: string, env: Record<string, string> = {}) =>
      runPeer(name, ["-B", "20", "-u", IDENTITY, "-k", key, `${url}/x`], { env });
    await t.step("with the suite that we prefer", async () => {
      assertEquals((await get(KEY)).stdout.trimEnd(), "ahoy");
    });
    if (name === "coap-client-gnutls") {
      await t.step("with TLS_PSK_WITH_AES_128_CCM_8 alone", async () => {
        const { stdout } = await get(KEY, { GNUTLS_SYSTEM_PRIORITY_FILE: priorities });
        assertEquals(stdout.trimEnd(), "ahoy");
      });
      // It would go on trying with another key until its time is up.
      return;
    }
    await t.step("and none with another key", async () => {
      const { stdout } = await get("another key it is");
      assert(!stdout.includes("ahoy"), stdout);
      assertEquals(server.stats().handshakesFailed, 1);
    });
  });
}
