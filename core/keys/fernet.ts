// Fernet tokens: AES-128-CBC, HMAC-SHA-256, a time in seconds, in url-safe base64
// (https://github.com/fernet/spec/blob/master/Spec.md). Synchronous, because for a datagram the way
// to another thread and back costs several times the work.

import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";
import { KEY_BYTES, paddedBase64 } from "./key.ts";

const VERSION = 0x80;
const BLOCK_BYTES = 16;
const MAC_BYTES = 32;
/** Version, time and initialization vector. */
const HEAD_BYTES = 25;
/** One block at least, because there is always padding. */
const LEAST_BYTES = HEAD_BYTES + BLOCK_BYTES + MAC_BYTES;

/** A token taken apart, and not yet authenticated. */
interface FernetToken {
  /** Seconds since the epoch. */
  readonly seconds: number;
  readonly iv: Uint8Array;
  readonly mac: Uint8Array;
  readonly bytes: Uint8Array;
}

/** The length of the token of a payload, in bytes. */
export function tokenBytes(payloadBytes: number): number {
  const padded = BLOCK_BYTES * (Math.floor(payloadBytes / BLOCK_BYTES) + 1);
  return 4 * Math.ceil((HEAD_BYTES + padded + MAC_BYTES) / 3);
}

/** The longest payload whose token is no longer than this; negative when there is none. */
export function payloadBytes(maxTokenBytes: number): number {
  const bytes = 3 * Math.floor(maxTokenBytes / 4) - HEAD_BYTES - MAC_BYTES;
  return BLOCK_BYTES * Math.floor(bytes / BLOCK_BYTES) - 1;
}

/** Takes a token apart; null when it is none. Never throws. Only the one canonical spelling with its
 * padding is a token, so that none has two. */
export function parseToken(token: Uint8Array): FernetToken | null {
  if (token.length % 4 !== 0 || token.length < 4 * Math.ceil(LEAST_BYTES / 3)) return null;
  const text = Buffer.from(token.buffer, token.byteOffset, token.length).toString("latin1");
  const decoded = decodeBase64(text);
  if (decoded === null || paddedBase64(decoded) !== text) return null;
  const sealed = decoded.length - HEAD_BYTES - MAC_BYTES;
  if (decoded[0] !== VERSION || sealed < BLOCK_BYTES || sealed % BLOCK_BYTES !== 0) return null;
  const bytes = new Uint8Array(decoded.buffer, decoded.byteOffset, decoded.length);
  return {
    seconds: decoded.readUInt32BE(1) * 2 ** 32 + decoded.readUInt32BE(5),
    iv: bytes.subarray(9, HEAD_BYTES),
    mac: bytes.subarray(bytes.length - MAC_BYTES),
    bytes,
  };
}

/** One key, for tokens both ways. */
export class Fernet {
  readonly #signing: Uint8Array;
  readonly #encryption: Uint8Array;

  /** @throws {RangeError} when the key has not 32 bytes */
  constructor(key: Uint8Array) {
    if (key.length !== KEY_BYTES) {
      throw new RangeError(`Cannot use a key of ${key.length} bytes: Fernet's have ${KEY_BYTES}`);
    }
    this.#signing = key.slice(0, 16);
    this.#encryption = key.slice(16);
  }

  /** The token of a payload, in ASCII.
   * @param iv 16 bytes that cannot be predicted */
  seal(
    payload: Uint8Array,
    seconds: number,
    iv: Uint8Array,
  ): { token: Uint8Array; mac: Uint8Array } {
    const head = Buffer.alloc(HEAD_BYTES);
    head[0] = VERSION;
    head.writeUInt32BE(Math.floor(seconds / 2 ** 32), 1);
    head.writeUInt32BE(seconds % 2 ** 32, 5);
    head.set(iv, 9);
    const cipher = createCipheriv("aes-128-cbc", this.#encryption, iv);
    const signed = Buffer.concat([head, cipher.update(payload), cipher.final()]);
    const mac = this.#mac(signed);
    const token = Buffer.from(paddedBase64(Buffer.concat([signed, mac])), "latin1");
    return { token: new Uint8Array(token), mac };
  }

  /** Whether the token was made with this key. */
  isAuthentic({ bytes, mac }: FernetToken): boolean {
    return timingSafeEqual(mac, this.#mac(bytes.subarray(0, bytes.length - MAC_BYTES)));
  }

  /** The payload of an authentic token; null when its padding is wrong. */
  open({ bytes, iv }: FernetToken): Uint8Array | null {
    const decipher = createDecipheriv("aes-128-cbc", this.#encryption, iv);
    try {
      return Buffer.concat([
        decipher.update(bytes.subarray(HEAD_BYTES, bytes.length - MAC_BYTES)),
        decipher.final(),
      ]);
    } catch {
      return null;
    }
  }

  #mac(signed: Uint8Array): Buffer {
    return createHmac("sha256", this.#signing).update(signed).digest();
  }
}

/** Null where the runtime throws at text that is not base64; some runtimes skip what they cannot read
 * instead. */
function decodeBase64(text: string): Buffer | null {
  try {
    return Buffer.from(text, "base64url");
  } catch {
    return null;
  }
}
