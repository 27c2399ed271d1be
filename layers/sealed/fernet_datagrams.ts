// Datagrams that are Fernet tokens, one each, as any Fernet library makes and reads them. One that
// fails a check is dropped without an answer and counted; cheap checks come first.

import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Address } from "../../core/addresses/address.ts";
import type { Clock } from "../../core/clock.ts";
import type { Datagram, DatagramSocket } from "../../core/connection.ts";
import type { Counters } from "../../core/counters.ts";
import type { Side } from "../../core/layer.ts";
import type { Identity } from "../../core/session.ts";
import { WrappedDatagrams } from "../../core/datagrams/wrapped_datagrams.ts";
import { Recipients } from "../peers/recipients.ts";
import { type Fernet, parseToken, payloadBytes } from "../../core/keys/fernet.ts";
import { TokenTable } from "./token_table.ts";

/** How far in the future a token may be, in seconds, as the specification has it. */
const MAX_CLOCK_SKEW_SECONDS = 60;

export interface FernetKey {
  readonly fernet: Fernet;
  readonly identity: Identity;
}

/** How far the clock of a dialled server may be behind ours, in seconds. A token does not say which
 * question it answers, so without this an answer right after our start could look older than it. */
const DIALLED_SLACK_SECONDS = 5;

interface FernetOptions {
  readonly role: Side["role"];
  /** The first key seals; every key opens. */
  readonly keys: readonly [FernetKey, ...FernetKey[]];
  readonly lifetimeMs: number;
  readonly maxTokens: number;
  /** For how many addresses the socket remembers the key that they use. */
  readonly maxPeers: number;
  readonly clock: Clock;
  readonly counters: Counters;
}

/** Seals what is sent, and lets through what is authentic, timely and new. */
export class FernetDatagrams extends WrappedDatagrams {
  readonly #maxBytes: number;
  readonly #options: FernetOptions;
  readonly #lifetimeSeconds: number;
  readonly #taken: TokenTable;
  readonly #own = new OwnTokens();
  readonly #keyOf: Recipients<FernetKey>;

  constructor(inner: DatagramSocket, options: FernetOptions) {
    super(inner);
    this.#options = options;
    this.#maxBytes = payloadBytes(inner.maxBytes);
    this.#lifetimeSeconds = Math.ceil(options.lifetimeMs / 1000);
    // A token that is older than this socket may have been taken by an earlier one.
    const slack = options.role === "dial" ? DIALLED_SLACK_SECONDS : 0;
    this.#taken = new TokenTable(
      options.maxTokens,
      this.#lifetimeSeconds,
      this.#seconds() - slack,
    );
    this.#keyOf = new Recipients(options.maxPeers);
  }

  override get maxBytes(): number {
    return this.#maxBytes;
  }

  override send(bytes: Uint8Array, to: Address): Promise<void> {
    // A peer has the key that it used itself, and perhaps no other.
    const { fernet } = this.#keyOf.get(to) ?? this.#options.keys[0];
    return this.inner.send(fernet.seal(bytes, this.#seconds(), this.#own.nextIv()).token, to);
  }

  override async receive(): Promise<Datagram | null> {
    this.#keyOf.settle();
    for (;;) {
      const datagram = await this.inner.receive();
      if (datagram === null || !("bytes" in datagram)) return datagram;
      const { from, bytes, identity } = datagram;
      const opened = this.#open(from, bytes);
      if (opened !== null) return { from, ...opened, ...(identity && { identity }) };
    }
  }

  override forget(to: Address): void {
    this.#keyOf.delete(to);
    super.forget(to);
  }

  #open(from: Address, datagram: Uint8Array): { bytes: Uint8Array; identity: Identity } | null {
    const { counters, keys } = this.#options;
    const drop = (reason: "malformed" | "forged" | "replayed" | "stale" | "tableFull") => {
      counters[reason]++;
      return null;
    };
    const token = parseToken(datagram);
    if (token === null) return drop("malformed");
    const { seconds } = token;
    const now = this.#seconds();
    if (
      seconds + this.#lifetimeSeconds < now || seconds > now + MAX_CLOCK_SKEW_SECONDS ||
      seconds < this.#taken.notBefore
    ) return drop("stale");
    const mac = Buffer.from(token.mac).toString("latin1");
    if (this.#taken.has(seconds, mac)) return drop("replayed");
    if (!this.#taken.hasRoom(now)) return drop("tableFull");
    const key = keys.find(({ fernet }) => fernet.isAuthentic(token));
    if (key === undefined) return drop("forged");
    // Our own token, sent back to us.
    if (this.#own.isOwn(token.iv)) return drop("replayed");
    const bytes = key.fernet.open(token);
    if (bytes === null) return drop("malformed");
    this.#taken.add(seconds, mac);
    const known = this.#keyOf.get(from);
    if (known !== key) this.#keyOf.set(from, key, known === undefined);
    return { bytes, identity: key.identity };
  }

  #seconds(): number {
    return Math.floor(this.#options.clock.now() / 1000);
  }
}

const BLOCK_BYTES = 16;
/** With this vector, CBC does to a single block what the bare cipher does. (Deno 2.6 has no usable
 * ECB: it wants a vector for it, and panics at an empty one.) */
const ZERO_IV = new Uint8Array(BLOCK_BYTES);

/** Makes the initialization vectors of our tokens: a counter, encrypted with a key that never leaves
 * this object. So no two are the same, none can be predicted, and a token of ours that comes back is
 * known for one; Fernet itself does not say who made a token, and a table of all that we sent would
 * have to be large. */
class OwnTokens {
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

  /** Whether a vector is one of ours. One of another sender looks like it once in 2^64. */
  isOwn(iv: Uint8Array): boolean {
    const decipher = createDecipheriv("aes-128-cbc", this.#key, ZERO_IV).setAutoPadding(false);
    const block = decipher.update(iv);
    decipher.final();
    return block.subarray(0, 8).every((byte) => byte === 0);
  }
}
