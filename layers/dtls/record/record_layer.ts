// The records of one DTLS association: their numbers, their keys, and which of them to believe (RFC
// 6347 4.1).

import type { DirectionKeys } from "../crypto/key_schedule.ts";
import { contentTypes, type DtlsRecord, MAX_SEQUENCE, plainRecord } from "./format.ts";
import { NO_CONNECTION_ID, RecordProtection } from "./protection.ts";
import { ReplayWindow } from "../../peers/replay_window.ts";
import type { RecordCipher } from "../crypto/suites.ts";

/** How far back a late record may come; RFC 6347 4.1.2.6 asks for 32 at least and advises 64. */
const WINDOW = 128;

/** Why a record was dropped without an answer (RFC 6347 4.1.2.7). */
export type DropReason =
  | "malformed"
  | "replayed"
  | "bad_record_mac"
  | "unknown_epoch"
  | "unexpected";

/** The epoch before the keys and the one after. There are no others: a renegotiation, which would
 * begin one, is refused. */
export type Epoch = 0 | 1;

/** Records of the next epoch that came before it was known are kept, but not many. */
const MAX_EARLY_RECORDS = 8;
const MAX_EARLY_BYTES = 16 * 1024;

/** The connection ids of an association (RFC 9146 3): the one that we were given, for what we send, and
 * the one that we have given. */
export interface ConnectionIds {
  readonly theirs: Uint8Array;
  readonly ours: Uint8Array;
}

export class RecordLayer {
  readonly #sequence: [number, number] = [0, 0];
  readonly #seen = [new ReplayWindow(WINDOW), new ReplayWindow(WINDOW)] as const;
  #sealing: RecordProtection | undefined;
  #opening: RecordProtection | undefined;
  #peerChangedCipher = false;
  /** The highest number of an authentic record under the keys. */
  #newest = -1;
  #early: Uint8Array[] = [];
  #earlyBytes = 0;

  /** Continues the numbers of the cookie exchange, which kept none (RFC 6347 4.2.1). */
  resumeAt(sequence: number): void {
    this.#sequence[0] = sequence;
  }

  /** @param ids what stands in our records, and in those of the peer; empty where nothing does */
  useKeys(
    cipher: RecordCipher,
    own: DirectionKeys,
    peers: DirectionKeys,
    ids: ConnectionIds = { theirs: NO_CONNECTION_ID, ours: NO_CONNECTION_ID },
  ): void {
    this.#sealing = new RecordProtection(cipher, own, ids.theirs);
    this.#opening = new RecordProtection(cipher, peers, ids.ours);
  }

  /** The peer announces that it seals from here on. Which records are sealed shows in their epoch. */
  changeCipher(): void {
    this.#peerChangedCipher = true;
  }

  /** Whether an epoch has no numbers left. */
  isUsedUp(epoch: Epoch): boolean {
    return this.#sequence[epoch] > MAX_SEQUENCE;
  }

  /** A record with the next number of its epoch. Numbers are never used twice, not even for the
   * same message (RFC 6347 4.1). */
  write(epoch: Epoch, type: number, plain: Uint8Array): Uint8Array {
    const sequence = this.#sequence[epoch]++;
    if (sequence > MAX_SEQUENCE) {
      throw new RangeError("Cannot send: the association has used up its record numbers");
    }
    return epoch === 0
      ? plainRecord(type, sequence, plain)
      : this.#sealing!.seal(type, epoch, sequence, plain);
  }

  /** The content of a record, or the reason to drop it, or null when it is kept for later.
   * @param shaking whether the handshake is still going on */
  read(record: DtlsRecord, shaking: boolean): Uint8Array | DropReason | null {
    const { epoch, sequence } = record;
    if (epoch > 1) return "unknown_epoch";
    const seen = this.#seen[epoch as Epoch];
    if (seen.has(sequence)) return "replayed";
    if (epoch === 1) {
      if (!this.#canOpen) return shaking ? this.#keep(record) : "unexpected";
      const plain = this.#opening!.open(record);
      // RFC 6347 4.1.2.7: a forged record must not end the association.
      if (plain === null) return "bad_record_mac";
      seen.add(sequence);
      if (sequence > this.#newest) this.#newest = sequence;
      return plain;
    }
    // After the handshake, an unsealed record may be anyone's.
    if (!shaking || record.type === contentTypes.applicationData) return "unexpected";
    seen.add(sequence);
    return record.fragment;
  }

  /** Whether no later record under the keys has been read than this one, which was read just now. */
  isNewest({ sequence }: DtlsRecord): boolean {
    return sequence === this.#newest;
  }

  /** The records that were kept until they could be opened, once they can. */
  takeEarly(): Uint8Array[] {
    if (!this.#canOpen) return [];
    const early = this.#early;
    this.forgetEarly();
    return early;
  }

  forgetEarly(): void {
    this.#early = [];
    this.#earlyBytes = 0;
  }

  get #canOpen(): boolean {
    return this.#opening !== undefined && this.#peerChangedCipher;
  }

  #keep({ whole }: DtlsRecord): "unexpected" | null {
    const full = this.#early.length >= MAX_EARLY_RECORDS ||
      this.#earlyBytes + whole.length > MAX_EARLY_BYTES;
    if (full) return "unexpected";
    this.#early.push(whole.slice());
    this.#earlyBytes += whole.length;
    return null;
  }
}
