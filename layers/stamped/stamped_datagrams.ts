// Datagrams with a stamp, under a seal or a signature, for `signed` and for `sealed` with AES-GCM.
// One that fails a check is dropped without an answer and counted; cheap checks come first.

import { Buffer } from "node:buffer";
import type { Address } from "../../core/addresses/address.ts";
import type { Clock } from "../../core/clock.ts";
import type { Datagram, DatagramSocket } from "../../core/connection.ts";
import type { Counters } from "../../core/counters.ts";
import { type Identity, sameIdentity } from "../../core/session.ts";
import { WrappedDatagrams } from "../../core/datagrams/wrapped_datagrams.ts";
import { Recipients } from "../peers/recipients.ts";
import { OwnInstance } from "./own_instance.ts";
import type { Opener, OpeningKey, SealingKey } from "./protection.ts";
import { ReplayWindow } from "../peers/replay_window.ts";
import { type Sender, SenderTable } from "./sender_table.ts";
import {
  type Direction,
  direction,
  field,
  INSTANCE_BYTES,
  KEY_ID_BYTES,
  MAX_COUNTER,
  readUint64,
  STAMP_BYTES,
  VERSION,
} from "./stamp.ts";

interface StampedOptions {
  readonly role: "listen" | "dial";
  /** The keys whose holders are believed; no two have the same id. */
  readonly keys: readonly OpeningKey[];
  /** The key by which a dialling socket protects its own datagrams. */
  readonly own: SealingKey | undefined;
  /** How far the time in a datagram may be from ours, either way. */
  readonly lifetimeMs: number;
  readonly maxSenders: number;
  /** Addresses that a listening socket can answer at once. */
  readonly maxPeers: number;
  readonly clock: Clock;
  readonly counters: Counters;
  /** When our own instance is replaced. @default 2^40 */
  readonly datagramsPerInstance?: number;
}

/** A sender whose datagrams were authentic. */
interface KnownSender extends Sender {
  /** The id of its key, and its instance, as they stand in its datagrams. */
  readonly id: Uint8Array;
  readonly instance: Uint8Array;
  readonly key: OpeningKey;
  readonly opener: Opener;
  readonly window: ReplayWindow;
}

/** The recipient of an answer, and the key that protects it. */
interface Answered {
  readonly sender: KnownSender;
  readonly identity: Identity;
  readonly key: SealingKey;
}

/** What a sender is known by: the id of its key, and its instance. */
const ID_BYTES = KEY_ID_BYTES + INSTANCE_BYTES;

const NOBODY = new Uint8Array(0);

/** Stamps and protects what is sent, and lets through what is authentic, timely and new. */
export class StampedDatagrams extends WrappedDatagrams {
  readonly #maxBytes: number;
  readonly #options: StampedOptions;
  readonly #keys: ReadonlyMap<string, OpeningKey>;
  readonly #self: OwnInstance;
  readonly #incoming: Direction;
  readonly #senders: SenderTable<KnownSender>;
  /** On a listening socket alone. */
  readonly #answered: Recipients<Answered> | undefined;
  /** The sender of the last datagram: on a dialling socket, there is hardly another. */
  #latest: KnownSender | undefined;

  constructor(inner: DatagramSocket, options: StampedOptions) {
    super(inner);
    const { role, keys, own, lifetimeMs, maxSenders, clock } = options;
    const listens = role === "listen";
    this.#options = options;
    this.#keys = new Map(keys.map((key) => [latin1(key.id, 0, KEY_ID_BYTES), key]));
    this.#incoming = listens ? direction.toListener : direction.toDialler;
    this.#self = new OwnInstance(
      listens ? direction.toDialler : direction.toListener,
      options.datagramsPerInstance,
    );
    // Before this start, the listening end may have taken datagrams that it cannot remember. A
    // dialling socket has a new instance, and answers to another one are not authentic.
    this.#senders = new SenderTable(maxSenders, lifetimeMs, listens ? clock.now() : -Infinity);
    this.#answered = listens ? new Recipients(options.maxPeers) : undefined;
    const sealing = listens ? keys.map(({ answer }) => answer) : [own!];
    const tagBytes = Math.max(0, ...new Set(sealing.map((key) => key.tagBytes)));
    this.#maxBytes = inner.maxBytes - STAMP_BYTES - tagBytes;
  }

  override get maxBytes(): number {
    return this.#maxBytes;
  }

  override send(bytes: Uint8Array, to: Address): Promise<void> {
    const { own, clock, counters } = this.#options;
    if (this.#answered === undefined) {
      return this.inner.send(this.#self.seal(own!, bytes, NOBODY, clock.now()), to);
    }
    const answered = this.#answered.get(to);
    if (answered === undefined) {
      counters.unanswerable++;
      return Promise.resolve();
    }
    const { key, sender } = answered;
    return this.inner.send(this.#self.seal(key, bytes, sender.instance, clock.now()), to);
  }

  override async receive(): Promise<Datagram | null> {
    this.#answered?.settle();
    for (;;) {
      const datagram = await this.inner.receive();
      if (datagram === null || !("bytes" in datagram)) return datagram;
      const { from, bytes, identity } = datagram;
      const opened = this.#open(from, bytes);
      // An identity that a layer nearer to the wire proved says more than a key, which several
      // senders may have.
      if (opened !== null) return { from, ...opened, ...(identity && { identity }) };
    }
  }

  override forget(to: Address): void {
    this.#answered?.delete(to);
    super.forget(to);
  }

  #open(from: Address, datagram: Uint8Array): { bytes: Uint8Array; identity: Identity } | null {
    const { counters, lifetimeMs, clock } = this.#options;
    const drop = (reason: "malformed" | "unknownSenders" | "replayed" | "stale" | "tableFull") => {
      counters[reason]++;
      return null;
    };
    const way = datagram[field.direction];
    if (datagram.length < STAMP_BYTES || datagram[field.version] !== VERSION || way! > 1) {
      return drop("malformed");
    }
    // A datagram of our own role: ours, sent back to us, or one of another end like us.
    if (way !== this.#incoming) return drop("replayed");
    const answered = this.#answered?.get(from);
    let sender = this.#recognized(datagram, answered);
    const key = sender?.key ?? this.#keys.get(latin1(datagram, field.keyId, KEY_ID_BYTES));
    if (key === undefined) return drop("unknownSenders");
    const counter = readUint64(datagram, field.counter);
    if (
      datagram[field.algorithm] !== key.algorithm || counter > MAX_COUNTER ||
      datagram.length < STAMP_BYTES + key.tagBytes
    ) return drop("malformed");
    const now = clock.now();
    const timeMs = readUint64(datagram, field.time);
    if (Math.abs(now - timeMs) > lifetimeMs || timeMs < this.#senders.notBeforeMs) {
      return drop("stale");
    }
    sender ??= this.#senders.get(latin1(datagram, field.keyId, ID_BYTES));
    if (sender?.window.has(counter)) return drop("replayed");
    if (sender === undefined && !this.#senders.hasRoom(now)) return drop("tableFull");

    const instance = sender?.instance ??
      datagram.slice(field.instance, field.instance + INSTANCE_BYTES);
    const opener = sender?.opener ?? key.opener(instance, this.#incoming);
    const bytes = this.#openFor(opener, datagram);
    if (bytes === null) {
      counters.forged++;
      return null;
    }
    // Nothing is kept of a sender before this.
    if (sender === undefined) {
      const id = datagram.slice(field.keyId, field.keyId + ID_BYTES);
      const window = new ReplayWindow();
      sender = { id, instance, key, opener, window, latestMs: timeMs, isKnown: true };
      this.#senders.add(latin1(id, 0, ID_BYTES), sender);
    }
    this.#latest = sender;
    sender.window.add(counter);
    sender.latestMs = Math.max(sender.latestMs, timeMs);
    const { identity, answer } = key;
    if (answered?.sender !== sender) {
      const isSame = answered === undefined || sameIdentity(answered.identity, identity);
      this.#answered?.set(from, { sender, identity, key: answer }, isSame);
    }
    return { bytes, identity };
  }

  /** The sender of a datagram, if it is the one that was last heard, at this address or at all. That
   * takes a fraction of the time of a look into the table, whose keys are made of the bytes. */
  #recognized(datagram: Uint8Array, answered: Answered | undefined): KnownSender | undefined {
    const likely = answered?.sender ?? this.#latest;
    if (likely === undefined || !likely.isKnown) return undefined;
    const { id } = likely;
    for (let at = 0; at < ID_BYTES; at++) {
      if (id[at] !== datagram[field.keyId + at]) return undefined;
    }
    return likely;
  }

  #openFor(opener: Opener, datagram: Uint8Array): Uint8Array | null {
    if (this.#answered !== undefined) return opener(datagram, NOBODY);
    const { id, previous } = this.#self;
    return opener(datagram, id) ?? (previous === undefined ? null : opener(datagram, previous));
  }
}

/** Bytes as a key of a map. */
function latin1(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString("latin1");
}
