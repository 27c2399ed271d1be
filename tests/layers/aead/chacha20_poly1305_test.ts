/** ChaCha20-Poly1305 by WebAssembly, beside the RFC, node:crypto and plain arithmetic. */

import { type CipherGCM, createCipheriv } from "node:crypto";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { chaCha20Poly1305 } from "../../../layers/aead/chacha20_poly1305.ts";
import {
  MAX_ASSOCIATED_BYTES,
  MAX_TEXT_BYTES,
  place,
  program,
} from "../../../layers/aead/program.ts";

const TAG_BYTES = 16;
const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

function byNode(
  key: Uint8Array,
  nonce: Uint8Array,
  data: Uint8Array,
  plain: Uint8Array,
): Uint8Array {
  const cipher = createCipheriv("chacha20-poly1305" as "aes-256-gcm", key, nonce, {
    authTagLength: TAG_BYTES,
  }) as CipherGCM;
  cipher.setAAD(data);
  const sealed = cipher.update(plain);
  cipher.final();
  return Uint8Array.from([...sealed, ...cipher.getAuthTag()]);
}

function seal(key: Uint8Array, nonce: Uint8Array, data: Uint8Array, plain: Uint8Array): Uint8Array {
  // Something stands before and behind it, which has to stay.
  const into = new Uint8Array(3 + plain.length + TAG_BYTES + 2).fill(7);
  chaCha20Poly1305(key)!.seal(nonce, data, plain, into, 3);
  assertEquals([...into.subarray(0, 3), ...into.subarray(-2)], [7, 7, 7, 7, 7]);
  return into.slice(3, -2);
}

Deno.test("ChaCha20-Poly1305 gives the ciphertext and tag of RFC 8439 2.8.2", () => {
  const text =
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, " +
    "sunscreen would be it.";
  const sealed = seal(
    Uint8Array.from({ length: 32 }, (_, at) => 0x80 + at),
    Uint8Array.fromHex("070000004041424344454647"),
    Uint8Array.fromHex("50515253c0c1c2c3c4c5c6c7"),
    new TextEncoder().encode(text),
  );
  assertEquals(
    sealed.toHex(),
    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6" +
      "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36" +
      "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc" +
      "3ff4def08e4b7a9de576d26586cec64b6116" +
      "1ae10b594f09e26a7e902ecbd0600691",
  );
});

Deno.test("ChaCha20-Poly1305 does what node:crypto does, for every length", () => {
  const lengths = [...Array(600).keys(), 1000, 4095, 4096, 4097, 16_384, MAX_TEXT_BYTES];
  for (const length of lengths) {
    const [key, nonce] = [random(32), random(12)];
    const data = random(length % (MAX_ASSOCIATED_BYTES + 1));
    // The random numbers of one call are 65,536 bytes at most.
    const plain = new Uint8Array(length);
    for (let at = 0; at < length; at += 65_536) {
      crypto.getRandomValues(plain.subarray(at, at + 65_536));
    }
    const sealed = byNode(key, nonce, data, plain);
    assertEquals(seal(key, nonce, data, plain), sealed, `sealing ${length} bytes`);
    const opened = chaCha20Poly1305(key)!.open(nonce, data, sealed);
    assertEquals(opened, plain, `opening ${length} bytes`);
  }
});

Deno.test("ChaCha20-Poly1305 opens nothing of which a bit, the nonce or the data is another", () => {
  const [key, nonce, data] = [random(32), random(12), random(13)];
  const cipher = chaCha20Poly1305(key)!;
  for (const length of [0, 1, 15, 16, 17, 64, 300]) {
    const sealed = seal(key, nonce, data, random(length));
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const bent = sealed.slice();
      bent[bit >> 3]! ^= 1 << (bit & 7);
      assertEquals(cipher.open(nonce, data, bent), null, `bit ${bit} of ${length} bytes`);
    }
    assertEquals(cipher.open(random(12), data, sealed), null);
    assertEquals(cipher.open(nonce, data.subarray(1), sealed), null);
    assertEquals(cipher.open(nonce, data, sealed.subarray(1)), null);
    assert(cipher.open(nonce, data, sealed) !== null);
  }
  assertEquals(cipher.open(nonce, data, new Uint8Array(TAG_BYTES - 1)), null);
});

Deno.test("ChaCha20-Poly1305 keeps two ciphers and what they opened apart", () => {
  const [one, other] = [chaCha20Poly1305(random(32))!, chaCha20Poly1305(random(32))!];
  const nonce = random(12);
  const data = new Uint8Array(0);
  const [first, second] = [new Uint8Array(116), new Uint8Array(116)];
  one.seal(nonce, data, new Uint8Array(100).fill(1), first, 0);
  other.seal(nonce, data, new Uint8Array(100).fill(2), second, 0);
  const opened = one.open(nonce, data, first);
  assertEquals(one.open(nonce, data, second), null);
  assertEquals(other.open(nonce, data, second), new Uint8Array(100).fill(2));
  assertEquals(opened, new Uint8Array(100).fill(1));
});

Deno.test("ChaCha20-Poly1305 refuses what its memory has no room for", () => {
  const cipher = chaCha20Poly1305(random(32))!;
  const [nonce, data] = [random(12), random(13)];
  const long = new Uint8Array(MAX_TEXT_BYTES + 1);
  assertThrows(
    () => cipher.seal(nonce, data, long, new Uint8Array(long.length + TAG_BYTES), 0),
    RangeError,
    "at most",
  );
  const much = new Uint8Array(MAX_ASSOCIATED_BYTES + 1);
  assertThrows(() => cipher.open(nonce, much, new Uint8Array(64)), RangeError, "at most");
});

/** Poly1305 over whole blocks with arithmetic of any size (RFC 8439 2.5.1). */
function authenticator(r: bigint, s: bigint, blocks: readonly bigint[]): bigint {
  const p = (1n << 130n) - 5n;
  let sum = 0n;
  for (const block of blocks) {
    sum = (sum + block + (1n << 128n)) * (r & 0x0ffffffc0ffffffc0ffffffc0fffffffn) % p;
  }
  return (sum + s) & ((1n << 128n) - 1n);
}

Deno.test("Poly1305 carries and reduces at its limits as plain arithmetic does", () => {
  const { memory, authenticate } = new WebAssembly.Instance(new WebAssembly.Module(program()))
    .exports as unknown as {
      memory: WebAssembly.Memory;
      authenticate(associatedBytes: number, textBytes: number): void;
    };
  const view = new DataView(memory.buffer);
  const write = (at: number, value: bigint) => {
    view.setBigUint64(at, value & 0xffffffffffffffffn, true);
    view.setBigUint64(at + 8, value >> 64n, true);
  };
  const most = (1n << 128n) - 1n;
  const any = () => BigInt(`0x${random(16).toHex()}`);
  const lengthsOf = (count: number) => BigInt(16 * count) << 64n;
  const cases: [r: bigint, s: bigint, blocks: bigint[]][] = [
    [most, most, Array(64).fill(most)],
    [most, 0n, Array(64).fill(0n)],
    [0n, most, [any()]],
    ...Array.from({ length: 200 }, (_, index): [bigint, bigint, bigint[]] => [
      any(),
      any(),
      Array.from({ length: index % 9 }, () => index % 3 === 0 ? most : any()),
    ]),
    // With r = 1 the blocks are only added up: just below and just above 2^130 - 5 and 2^130.
    ...Array.from({ length: 17 }, (_, index): [bigint, bigint, bigint[]] => [
      1n,
      index % 2 === 0 ? 0n : most,
      [
        (1n << 128n) - 8n - lengthsOf(2) + BigInt(Math.min(index, 7)),
        BigInt(Math.max(0, index - 7)),
      ],
    ]),
  ];
  for (const [r, s, blocks] of cases) {
    write(place.keystream, r);
    write(place.keystream + 16, s);
    blocks.forEach((block, index) => write(place.text + 16 * index, block));
    authenticate(0, 16 * blocks.length);
    const got = view.getBigUint64(place.authenticator, true) |
      view.getBigUint64(place.authenticator + 8, true) << 64n;
    assertEquals(got, authenticator(r, s, [...blocks, lengthsOf(blocks.length)]), `${[r, s]}`);
  }
});
