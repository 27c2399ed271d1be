// How many files may be received, or archives sent, at the same time. Peers that stall could take
// all of these slots: when all are taken, the one that has stalled longest gives its slot to the
// next peer.

/** A transfer has stalled when fewer bytes than this passed for a time. */
const STALLED_BYTES = 4096;

/** The slot of one transfer. Disposing of it frees it. */
export class TransferSlot implements Disposable {
  readonly #slots: Set<TransferSlot>;
  readonly giveWay: () => void;
  #bytes = 0;
  /** Since when fewer bytes passed than a transfer should have. */
  sinceMs = performance.now();

  constructor(slots: Set<TransferSlot>, giveWay: () => void) {
    this.#slots = slots;
    this.giveWay = giveWay;
    slots.add(this);
  }

  /** Tells that so many bytes have passed. */
  progress(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < STALLED_BYTES) return;
    this.#bytes = 0;
    this.sinceMs = performance.now();
  }

  [Symbol.dispose](): void {
    this.#slots.delete(this);
  }
}

export class TransferSlots {
  readonly #max: number;
  readonly #stalledMs: number;
  readonly #slots = new Set<TransferSlot>();

  /** @param stalledMs the time after which a transfer that has stalled may have to give way */
  constructor(max: number, stalledMs: number) {
    this.#max = max;
    this.#stalledMs = stalledMs;
  }

  /** Takes a slot; null when all are taken by transfers that go on.
   * @param giveWay ends the transfer, when it has stalled and another needs the slot */
  take(giveWay: () => void): TransferSlot | null {
    if (this.#slots.size >= this.#max && !this.#freeOne()) return null;
    return new TransferSlot(this.#slots, giveWay);
  }

  #freeOne(): boolean {
    let [longest] = this.#slots;
    for (const slot of this.#slots) if (slot.sinceMs < longest!.sinceMs) longest = slot;
    if (longest === undefined || performance.now() - longest.sinceMs < this.#stalledMs) {
      return false;
    }
    longest[Symbol.dispose]();
    longest.giveWay();
    return true;
  }
}
