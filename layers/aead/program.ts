// ChaCha20-Poly1305 (RFC 8439) as a program for WebAssembly, which does for a small record in half a
// microsecond what takes node:crypto, with an object and five calls for each, two to five.
//
// It is constant in time: it adds, multiplies, rotates and takes the exclusive or, and no address and
// no branch depends on a secret; only on lengths, which anybody can see. (AES without the processor's
// instructions is not to be had that way at this speed: the fast ones look up tables by secrets.)

import {
  assemble,
  type Code,
  i32,
  i64,
  repeatWhile,
  v128,
  type Variable,
  when,
} from "./assembler.ts";

/** Where in the memory what is. */
export const place = {
  key: 0,
  nonce: 32,
  associatedData: 64,
  /** 256 bytes of the keystream. The first 32 of a message are the key of Poly1305. */
  keystream: 1024,
  authenticator: 1280,
  lengths: 1296,
  /** The text, and its tag right behind it. */
  text: 2048,
} as const;

export const MAX_ASSOCIATED_BYTES = place.keystream - place.associatedData - 16;
const PAGE_BYTES = 65_536;
const PAGES = 2;
export const TAG_BYTES = 16;
/** Leaves room to read and write beyond the end in whole parts of the keystream. */
export const MAX_TEXT_BYTES = PAGES * PAGE_BYTES - place.text - 512;

const WORDS = 16;
const BLOCK_BYTES = 64;
const BATCH_BYTES = 4 * BLOCK_BYTES;
const zero = i32.constant(0);

/** RFC 8439 2.3: "expand 32-byte k". */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];

/** RFC 8439 2.3: the columns and the diagonals. */
const DOUBLE_ROUND = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

const bytesOfWords = (...words: readonly number[]): Code =>
  words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte));

/** Writes four blocks of the keystream, from a block's number on. Word n of all four blocks is one
 * vector, so that the four are computed in the time of one. */
const keystream = {
  name: "keystream",
  parameters: 1,
  body([number]: readonly Variable[], variable: (type: "v128" | "i32") => Variable) {
    const words = Array.from({ length: WORDS }, () => variable("v128"));
    const counters = variable("v128");
    const rounds = variable("i32");
    const spare = variable("v128");
    const first = (word: number): Code => {
      if (word < 4) return v128.constant(...Array(4).fill(CONSTANTS[word]));
      if (word === 12) return counters.get;
      return word < 12
        ? v128.loadSplat32(zero, place.key + 4 * (word - 4))
        : v128.loadSplat32(zero, place.nonce + 4 * (word - 13));
    };
    const rotated = (value: Variable, bits: number): Code =>
      bits % 8 === 0
        // To the left by whole bytes of each word.
        ? v128.shuffle(
          [0, 4, 8, 12].flatMap((word) => [0, 1, 2, 3].map((at) => word + (at + 4 - bits / 8) % 4)),
        )(value.get, value.get)
        : v128.or(
          v128.shiftLeft32(value.get, i32.constant(bits)),
          v128.shiftRight32(value.get, i32.constant(32 - bits)),
        );
    const mix = (to: Variable, from: Variable, turned: Variable, bits: number): Code => [
      ...to.set(v128.add32(to.get, from.get)),
      ...turned.set(v128.xor(turned.get, to.get)),
      ...turned.set(rotated(turned, bits)),
    ];
    const quarters = DOUBLE_ROUND.map((places) => {
      const [a, b, c, d] = places.map((place) => words[place]!) as [
        Variable,
        Variable,
        Variable,
        Variable,
      ];
      return [...mix(a, b, d, 16), ...mix(c, d, b, 12), ...mix(a, b, d, 8), ...mix(c, d, b, 7)];
    });
    /** From four vectors of a word each, the four words of each block. */
    const turn = (from: number): Code => {
      const [a, b, c, d] = words.slice(from, from + 4) as [Variable, Variable, Variable, Variable];
      const low = v128.shuffle(bytesOfWords(0, 4, 1, 5));
      const high = v128.shuffle(bytesOfWords(2, 6, 3, 7));
      const left = v128.shuffle(bytesOfWords(0, 1, 4, 5));
      const right = v128.shuffle(bytesOfWords(2, 3, 6, 7));
      const store = (block: number, value: Code) =>
        v128.store(zero, place.keystream + block * BLOCK_BYTES + 4 * from, value);
      return [
        ...spare.set(low(a.get, b.get)),
        ...a.set(high(a.get, b.get)),
        ...b.set(low(c.get, d.get)),
        ...c.set(high(c.get, d.get)),
        ...store(0, left(spare.get, b.get)),
        ...store(1, right(spare.get, b.get)),
        ...store(2, left(a.get, c.get)),
        ...store(3, right(a.get, c.get)),
      ];
    };
    return [
      counters.set(v128.add32(v128.splat32(number!.get), v128.constant(0, 1, 2, 3))),
      ...words.map((word, index) => word.set(first(index))),
      rounds.set(i32.constant(10)),
      repeatWhile(
        rounds.get,
        ...quarters,
        rounds.set(i32.subtract(rounds.get, i32.constant(1))),
      ),
      ...words.map((word, index) => word.set(v128.add32(word.get, first(index)))),
      ...[0, 4, 8, 12].map(turn),
    ];
  },
};

/** Takes the exclusive or of the text and the keystream from its second block on; the first four are
 * there already. */
const crypt = {
  name: "crypt",
  parameters: 1,
  body(
    [length]: readonly Variable[],
    variable: (type: "i32") => Variable,
    call: (name: string, ...values: readonly Code[]) => Code,
  ) {
    const [text, end, stream, block] = ["i32", "i32", "i32", "i32"].map(() => variable("i32")) as [
      Variable,
      Variable,
      Variable,
      Variable,
    ];
    const step = (value: Variable, by: number) => value.set(i32.add(value.get, i32.constant(by)));
    const streamEnd = i32.constant(place.keystream + BATCH_BYTES);
    return [
      text.set(i32.constant(place.text)),
      end.set(i32.add(text.get, length!.get)),
      stream.set(i32.constant(place.keystream + BLOCK_BYTES)),
      when(
        length!.get,
        repeatWhile(
          i32.lessThan(text.get, end.get),
          when(
            i32.isZero(i32.lessThan(stream.get, streamEnd)),
            step(block, 4),
            call("keystream", block.get),
            stream.set(i32.constant(place.keystream)),
          ),
          v128.store(text.get, 0, v128.xor(v128.load(text.get, 0), v128.load(stream.get, 0))),
          step(text, 16),
          step(stream, 16),
        ),
      ),
    ];
  },
};

const MASK_26 = i64.constant((1n << 26n) - 1n);
const bits = (value: bigint | number) => i64.constant(BigInt(value));
const sum = (...values: readonly Code[]): Code =>
  values.reduce((total, value) => i64.add(total, value));

/** Authenticates the associated data and the text, each filled up with zeros, and their lengths (RFC
 * 8439 2.5 and 2.8). Numbers of 130 bits are five limbs of 26. */
const authenticate = {
  name: "authenticate",
  parameters: 2,
  body(
    [associated, length]: readonly Variable[],
    variable: (type: "i32" | "i64") => Variable,
  ) {
    const five = () => Array.from({ length: 5 }, () => variable("i64"));
    const [r, h, d] = [five(), five(), five()];
    // Five times a limb of r: what overflows 2^130 comes in again below, times five.
    const r5 = five();
    const [at, end] = [variable("i32"), variable("i32")];
    const [low, high] = [variable("i64"), variable("i64")];
    const limbsOf = (low: Code, high: Code): Code[] => [
      i64.and(low, MASK_26),
      i64.and(i64.shiftRight(low, bits(26)), MASK_26),
      i64.and(i64.or(i64.shiftRight(low, bits(52)), i64.shiftLeft(high, bits(12))), MASK_26),
      i64.and(i64.shiftRight(high, bits(14)), MASK_26),
      i64.shiftRight(high, bits(40)),
    ];
    const carry = (from: Variable, to: Variable, times = 1): Code => [
      ...to.set(i64.add(
        to.get,
        times === 1
          ? i64.shiftRight(from.get, bits(26))
          : i64.multiply(i64.shiftRight(from.get, bits(26)), bits(times)),
      )),
      ...from.set(i64.and(from.get, MASK_26)),
    ];
    const [h0, h1, h2, h3, h4] = h as [Variable, Variable, Variable, Variable, Variable];
    const [d0, d1, d2, d3, d4] = d as [Variable, Variable, Variable, Variable, Variable];
    /** Every block is whole, and has a bit set above it. */
    const block: Code = [
      ...low.set(i64.load(at.get, 0)),
      ...high.set(i64.load(at.get, 8)),
      ...limbsOf(low.get, high.get).flatMap((limb, index) =>
        h[index]!.set(
          index === 4 ? sum(h4.get, limb, bits(1 << 24)) : i64.add(h[index]!.get, limb),
        )
      ),
      ...d.flatMap((limb, index) =>
        limb.set(sum(...h.map((one, other) => {
          const factor = other <= index ? r[index - other]! : r5[index - other + 5]!;
          return i64.multiply(one.get, factor.get);
        })))
      ),
      ...carry(d0, d1),
      ...carry(d1, d2),
      ...carry(d2, d3),
      ...carry(d3, d4),
      ...carry(d4, d0, 5),
      ...carry(d0, d1),
      ...h.flatMap((limb, index) => limb.set(d[index]!.get)),
    ];
    /** All blocks from a place on. What is behind the last byte is made zero first. */
    const blocks = (from: number, bytes: Code): Code => [
      ...at.set(i32.constant(from)),
      ...end.set(i32.add(at.get, bytes)),
      ...v128.store(end.get, 0, v128.constant(0, 0, 0, 0)),
      ...when(
        bytes,
        repeatWhile(
          i32.lessThan(at.get, end.get),
          block,
          at.set(i32.add(at.get, i32.constant(16))),
        ),
      ),
    ];
    const word = (offset: number) => i64.load(zero, offset);
    return [
      ...limbsOf(
        // RFC 8439 2.5: some bits of r are cleared.
        i64.and(word(place.keystream), bits(0x0ffffffc0fffffffn)),
        i64.and(word(place.keystream + 8), bits(0x0ffffffc0ffffffcn)),
      ).map((limb, index) => r[index]!.set(limb)),
      ...r.map((limb, index) => r5[index]!.set(i64.multiply(limb.get, bits(5)))),
      blocks(place.associatedData, associated!.get),
      blocks(place.text, length!.get),
      i64.store(zero, place.lengths, i64.extend(associated!.get)),
      i64.store(zero, place.lengths + 8, i64.extend(length!.get)),
      at.set(i32.constant(place.lengths)),
      block,
      carry(h1, h2),
      carry(h2, h3),
      carry(h3, h4),
      carry(h4, h0, 5),
      carry(h0, h1),
      // d = h + 5 - 2^130, which is negative if h was below 2^130 - 5 and stays as it is.
      d0.set(i64.add(h0.get, bits(5))),
      d1.set(h1.get),
      d2.set(h2.get),
      d3.set(h3.get),
      d4.set(i64.subtract(h4.get, bits(1 << 26))),
      carry(d0, d1),
      carry(d1, d2),
      carry(d2, d3),
      d4.set(i64.add(d4.get, i64.shiftRight(d3.get, bits(26)))),
      d3.set(i64.and(d3.get, MASK_26)),
      // All ones where h stays, else zero.
      low.set(i64.subtract(bits(0), i64.shiftRight(d4.get, bits(63)))),
      ...h.map((limb, index) =>
        limb.set(
          i64.or(
            i64.and(limb.get, low.get),
            i64.and(d[index]!.get, i64.xor(low.get, bits(-1))),
          ),
        )
      ),
      low.set(
        i64.or(
          i64.or(h0.get, i64.shiftLeft(h1.get, bits(26))),
          i64.shiftLeft(h2.get, bits(52)),
        ),
      ),
      high.set(
        i64.or(
          i64.or(i64.shiftRight(h2.get, bits(12)), i64.shiftLeft(h3.get, bits(14))),
          i64.shiftLeft(h4.get, bits(40)),
        ),
      ),
      d0.set(word(place.keystream + 16)),
      low.set(i64.add(low.get, d0.get)),
      i64.store(zero, place.authenticator, low.get),
      i64.store(
        zero,
        place.authenticator + 8,
        sum(
          high.get,
          word(place.keystream + 24),
          i64.extend(i64.lessThan(low.get, d0.get)),
        ),
      ),
    ];
  },
};

const tagAddress = (length: Variable) => i32.add(i32.constant(place.text), length.get);

/** Encrypts the text where it is and puts its tag behind it. */
const seal = {
  name: "seal",
  parameters: 2,
  body(
    [associated, length]: readonly Variable[],
    _variable: unknown,
    call: (name: string, ...values: readonly Code[]) => Code,
  ) {
    return [
      call("keystream", zero),
      call("crypt", length!.get),
      // The exclusive or has used the keystream up, and with it the key of Poly1305, if it was long.
      when(
        i32.lessThan(i32.constant(BATCH_BYTES - BLOCK_BYTES), length!.get),
        call("keystream", zero),
      ),
      call("authenticate", associated!.get, length!.get),
      v128.store(tagAddress(length!), 0, v128.load(zero, place.authenticator)),
    ];
  },
};

/** Decrypts the text where it is, if its tag is right. Returns whether it is. */
const open = {
  name: "open",
  parameters: 2,
  returns: true,
  body(
    [associated, length]: readonly Variable[],
    variable: (type: "i64" | "i32") => Variable,
    call: (name: string, ...values: readonly Code[]) => Code,
  ) {
    const [low, high] = [variable("i64"), variable("i64")];
    const good = variable("i32");
    return [
      // Kept, since the text is filled up with zeros where the tag stands.
      low.set(i64.load(tagAddress(length!), 0)),
      high.set(i64.load(tagAddress(length!), 8)),
      call("keystream", zero),
      call("authenticate", associated!.get, length!.get),
      good.set(i64.isZero(i64.or(
        i64.xor(low.get, i64.load(zero, place.authenticator)),
        i64.xor(high.get, i64.load(zero, place.authenticator + 8)),
      ))),
      when(good.get, call("crypt", length!.get)),
      good.get,
    ];
  },
};

export const program = (): Uint8Array<ArrayBuffer> =>
  assemble([keystream, crypt, authenticate, seal, open], PAGES);
