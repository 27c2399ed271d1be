// ChaCha20-Poly1305 (RFC 8439) over the program that this process assembles once.

import { byteCutter } from "../../core/sessions/small_bytes.ts";
import type { Aead } from "./aead.ts";
import { MAX_ASSOCIATED_BYTES, MAX_TEXT_BYTES, place, program, TAG_BYTES } from "./program.ts";

interface Program {
  readonly memory: WebAssembly.Memory;
  seal(associatedBytes: number, textBytes: number): void;
  /** Whether the tag is right. */
  open(associatedBytes: number, textBytes: number): number;
}

/** An array for a text, cut from a block: to make one of its own costs more than to decrypt it. */
const textBytes = byteCutter(64 * 1024, 4096);

let loaded: { readonly program: Program; readonly memory: Uint8Array } | undefined | null;

/** The program, or null where the processor or the runtime cannot run it. */
function load() {
  if (loaded === undefined) {
    const bytes = program();
    if (!WebAssembly.validate(bytes)) return loaded = null;
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    const exports = instance.exports as unknown as Program;
    loaded = { program: exports, memory: new Uint8Array(exports.memory.buffer) };
  }
  return loaded;
}

/** The cipher with a key of 32 bytes; null where there is none, and node:crypto has to do. */
export function chaCha20Poly1305(key: Uint8Array): Aead | null {
  const here = load();
  if (here === null) return null;
  const { program, memory } = here;
  /** For a few bytes a loop takes less time than the call of `set`. */
  const put = (bytes: Uint8Array, to: number): void => {
    for (let at = 0; at < bytes.length; at++) memory[to + at] = bytes[at]!;
  };
  const prepare = (
    nonce: Uint8Array,
    associatedData: Uint8Array,
    text: Uint8Array,
    length: number,
  ): void => {
    if (length > MAX_TEXT_BYTES || associatedData.length > MAX_ASSOCIATED_BYTES) {
      throw new RangeError(
        `Cannot seal or open ${length} bytes with ${associatedData.length} associated ones: ` +
          `at most ${MAX_TEXT_BYTES} and ${MAX_ASSOCIATED_BYTES}`,
      );
    }
    put(key, place.key);
    put(nonce, place.nonce);
    put(associatedData, place.associatedData);
    memory.set(text, place.text);
  };
  return {
    seal(nonce, associatedData, plain, into, at) {
      prepare(nonce, associatedData, plain, plain.length);
      program.seal(associatedData.length, plain.length);
      into.set(memory.subarray(place.text, place.text + plain.length + TAG_BYTES), at);
    },
    open(nonce, associatedData, sealed) {
      const length = sealed.length - TAG_BYTES;
      if (length < 0) return null;
      prepare(nonce, associatedData, sealed, length);
      if (program.open(associatedData.length, length) === 0) return null;
      const plain = textBytes(length);
      plain.set(memory.subarray(place.text, place.text + length));
      return plain;
    },
  };
}
