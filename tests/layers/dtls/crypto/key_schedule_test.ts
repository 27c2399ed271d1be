import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { masterSecret, prf, pskPremaster } from "../../../../layers/dtls/crypto/key_schedule.ts";

const hex = (text: string) => Uint8Array.from(text.match(/../g)!, (two) => parseInt(two, 16));

Deno.test("the PRF with SHA-256 gives what the working group's vector says", () => {
  const secret = hex("9bbe436ba940f017b17652849a71db35");
  const seed = hex("a0ba9f936cda311827a6f796ffd5198c");
  const wanted = "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a" +
    "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab" +
    "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701" +
    "87347b66";
  assertEquals(prf("sha256", secret, "test label", seed, 100), hex(wanted));
});

Deno.test("a pre-shared key alone stands beside as many zeros", () => {
  assertEquals(
    pskPremaster(Uint8Array.of(1, 2, 3)),
    Uint8Array.of(0, 3, 0, 0, 0, 0, 3, 1, 2, 3),
  );
  assertEquals(
    pskPremaster(Uint8Array.of(1), Uint8Array.of(9, 8)),
    Uint8Array.of(0, 2, 9, 8, 0, 1, 1),
  );
});

Deno.test("the extended master secret depends on the transcript, the other on the randoms", () => {
  const suite = { hash: "sha256" } as const;
  const [premaster, transcript] = [Uint8Array.of(1, 2), Uint8Array.of(3, 4)];
  const randoms = { client: Uint8Array.of(5), server: Uint8Array.of(6) };
  const digest = createHash("sha256").update(transcript).digest();
  assertEquals(
    masterSecret(suite, premaster, randoms, transcript),
    prf("sha256", premaster, "extended master secret", digest, 48),
  );
  assertEquals(
    masterSecret(suite, premaster, randoms, null),
    prf("sha256", premaster, "master secret", Uint8Array.of(5, 6), 48),
  );
});
