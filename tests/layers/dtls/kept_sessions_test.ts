import { assertEquals } from "@std/assert";
import type { DtlsSession } from "../../../layers/dtls/client_peer.ts";
import { resuming } from "../../../layers/dtls/kept_sessions.ts";
import { sharedCertificate } from "./peer_pair.ts";

const session = (suite: number): DtlsSession => ({
  ticket: new Uint8Array(1),
  master: new Uint8Array(48),
  suite,
  identity: undefined,
  expiresAt: Infinity,
});

const OPEN = {
  url: "dtls://quay.test:5684",
  serverName: "quay.test",
  trust: { by: "nothing" },
} as const;

Deno.test("a session is offered under the circumstances that it was made under, and no others", async () => {
  const { certificate, credentials } = await sharedCertificate();
  const key = new Uint8Array(16);
  const all = [
    OPEN,
    { ...OPEN, url: "dtls://quay.test:5685" },
    { ...OPEN, serverName: "pier.test" },
    { ...OPEN, trust: { by: "fingerprint", fingerprint: "00".repeat(32) } },
    { ...OPEN, trust: { by: "authority", authorities: [] } },
    { ...OPEN, trust: { by: "authority", authorities: [certificate] } },
    { ...OPEN, credentials },
    { ...OPEN, psk: { identity: "alice", key } },
    { ...OPEN, psk: { identity: "bob", key } },
    { ...OPEN, psk: { identity: "alice", key: key.with(0, 1) } },
  ] as const;
  for (const [at, one] of all.entries()) {
    assertEquals(resuming(one).session, undefined, `${at}`);
    resuming(one).keepSession!(session(at));
  }
  for (const [at, one] of all.entries()) assertEquals(resuming(one).session?.suite, at);
});

Deno.test("of many sessions the one used longest ago is let go", () => {
  const at = (port: number) => ({ ...OPEN, url: `dtls://many.test:${port}` });
  for (let port = 1; port <= 256; port++) resuming(at(port)).keepSession!(session(port));
  assertEquals(resuming(at(1)).session?.suite, 1);
  resuming(at(257)).keepSession!(session(257));
  const kept = [1, 2, 3, 257].map((port) => resuming(at(port)).session?.suite);
  assertEquals(kept, [1, undefined, 3, 257]);
});
