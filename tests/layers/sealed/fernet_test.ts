/** Fernet tokens beside the vectors of the specification (github.com/fernet/spec). */

import { assert, assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Fernet, parseToken, payloadBytes, tokenBytes } from "../../../core/keys/fernet.ts";
import { FernetDatagrams } from "../../../layers/sealed/fernet_datagrams.ts";
import { createCounters, type Stats } from "../../../core/counters.ts";
import { settled } from "../../fake_time.ts";
import { MemoryDatagramSocket, udpAddress, utf8 } from "../../memory.ts";
import { SetClock } from "../protected.ts";

const SECRET = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
const TOKEN =
  "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
const NOW = "1985-10-26T01:20:01-07:00";

/** Those that have to be refused, each 60 s old at most, and what we count them as. */
const INVALID: readonly [why: string, token: string, now: string, counted: keyof Stats][] = [
  [
    "incorrect mac",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==",
    NOW,
    "forged",
  ],
  ["too short", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==", NOW, "malformed"],
  [
    "invalid base64",
    "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
    NOW,
    "malformed",
  ],
  [
    "payload size not multiple of block size",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm",
    NOW,
    "malformed",
  ],
  [
    "payload padding error",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==",
    NOW,
    "malformed",
  ],
  [
    "far-future TS (unacceptable clock skew)",
    "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==",
    NOW,
    "stale",
  ],
  [
    "expired TTL",
    "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==",
    "1985-10-26T01:21:31-07:00",
    "stale",
  ],
  [
    "incorrect IV (causes padding error)",
    "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==",
    NOW,
    "malformed",
  ],
];

const key = () => new Fernet(new Uint8Array(Buffer.from(SECRET, "base64url")));

/** What a socket with that key takes of a token that arrives, and what it counts. */
async function arrive(
  token: string,
  now: string,
  role: "listen" | "dial" = "listen",
  startMs = Date.parse(NOW) - 60_000,
) {
  const clock = new SetClock(startMs);
  const wire = new MemoryDatagramSocket();
  const counters = createCounters();
  const identity = { name: "any", source: "psk", fingerprint: "" } as const;
  const socket = new FernetDatagrams(wire, {
    role,
    keys: [{ fernet: key(), identity }],
    lifetimeMs: 60_000,
    maxTokens: 10,
    maxPeers: 10,
    clock,
    counters,
  });
  clock.ms = Date.parse(now);
  wire.arriveFrom(udpAddress(5001), token);
  let text: string | undefined;
  const receiving = socket.receive().then((datagram) => {
    if (datagram !== null && "bytes" in datagram) text = new TextDecoder().decode(datagram.bytes);
  });
  await settled();
  wire[Symbol.dispose]();
  await receiving;
  return { text, counters };
}

Deno.test("the token of the specification is made", () => {
  const seconds = Date.parse("1985-10-26T01:20:00-07:00") / 1000;
  const iv = Uint8Array.from({ length: 16 }, (_, index) => index);
  const { token } = key().seal(utf8("hello"), seconds, iv);
  assertEquals(new TextDecoder().decode(token), TOKEN);
});

Deno.test("the valid token of the specification is opened", async () => {
  const { text } = await arrive(TOKEN, NOW);
  assertEquals(text, "hello");
});

for (const [why, token, now, counted] of INVALID) {
  Deno.test(`the invalid token of the specification is refused: ${why}`, async () => {
    const { text, counters } = await arrive(token, now);
    assertEquals(text, undefined);
    assertEquals(counters[counted], 1);
  });
}

Deno.test("a token has one spelling: no other alphabet, padding or last bits", () => {
  const made = key().seal(utf8("ten bytes."), 500_000_000, new Uint8Array(16).fill(255)).token;
  const token = new TextDecoder().decode(made);
  assert(token.endsWith("=") && /[-_]/.test(token));
  assert(parseToken(utf8(token)) !== null);
  const at = token.indexOf("=") - 1;
  const next = String.fromCharCode(token.charCodeAt(at) + 1);
  for (
    const other of [
      token.replaceAll("-", "+").replaceAll("_", "/"),
      token.replaceAll("=", ""),
      `${token}====`,
      `${token}\n`,
      ` ${token}`,
      token.slice(0, at) + next + token.slice(at + 1),
    ]
  ) {
    assertEquals(parseToken(utf8(other)), null);
  }
});

Deno.test("tokenBytes() and payloadBytes() agree, byte by byte", () => {
  for (let payload = 0; payload < 200; payload++) {
    const { token } = key().seal(new Uint8Array(payload), 0, new Uint8Array(16));
    assertEquals(token.length, tokenBytes(payload));
  }
  for (let room = tokenBytes(0); room < 2000; room++) {
    const payload = payloadBytes(room);
    assert(tokenBytes(payload) <= room && tokenBytes(payload + 1) > room, `${room}`);
  }
});

Deno.test("a server's clock may be a little behind that of whoever dials, a client's not", async () => {
  // When the token of the specification was made.
  const madeMs = Date.parse("1985-10-26T01:20:00-07:00");
  const taken = async (role: "listen" | "dial", startedAfterMs: number) => {
    const startMs = madeMs + startedAfterMs;
    const { text } = await arrive(TOKEN, new Date(startMs + 10).toISOString(), role, startMs);
    return text;
  };
  assertEquals(await taken("dial", 5000), "hello");
  assertEquals(await taken("dial", 6000), undefined);
  assertEquals(await taken("listen", 1000), undefined);
});
