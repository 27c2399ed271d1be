// Initialization vectors by which we know our own tokens again, when somebody sends one back to us:
// Fernet says nothing of who made a token, and a table of all that we sent would have to be large.

import { createCipheriv, createDecipheriv } from "node:crypto";

const BLOCK_BYTES = 16;
/** Of a single block with this vector, CBC makes what the bare cipher does. (Deno 2.6 has no ECB that
 * can be used: it wants a vector for it, and panics at an empty one.) */
const ZERO_IV = new Uint8Array(BLOCK_BYTES);

/** Makes vectors that are a counter, encrypted with a key that is made here and known to nobody: so no
 * two are the same, nobody can foresee one, and we can tell ours from those of others. */
export class OwnTokens {
  readonly #key = crypto.getRandomValues(new Uint8Array(BLOCK_BYTES));
  #counter = 0;

  nextIv(): Uint8Array {
    const block = new Uint8Array(BLOCK_BYTES);
    let rest = this.#counter++;
    for (let place = BLOCK_BYTES - 1; rest > 0; place--) {
      block[place] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    const cipher = createCipheriv("aes-128-cbc", this.#key, ZERO_IV).setAutoPadding(false);
    const iv = cipher.update(block);
    cipher.final();
    return iv;
  }

  /** Whether we made it. One of another's looks so once in 2^64. */
  isOwn(iv: Uint8Array): boolean {
    const decipher = createDecipheriv("aes-128-cbc", this.#key, ZERO_IV).setAutoPadding(false);
    const block = decipher.update(iv);
    decipher.final();
    return block.subarray(0, 8).every((byte) => byte === 0);
  }
}
