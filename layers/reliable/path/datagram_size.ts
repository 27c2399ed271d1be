// How large the datagrams of an association may be: packetization layer path MTU discovery
// (RFC 8899). It begins with a size that any path takes, and sends a probe of a larger one now and
// then while there is much to send; a probe that is acknowledged makes its size the size of all.

/** How many probes of one size have to be lost before the path does not take it (RFC 8899 5.1.2). */
const MAX_PROBES = 3;

/** When sizes differ by less than this, or this part of them, the search is over. */
const STEP_BYTES = 16;
const STEP_SHARE = 1 / 64;

/** How long a path that took less than we would send is taken for that (RFC 8899 5.1.1). */
const RAISE_AFTER_MS = 600_000;

/** How many datagrams in a row have to be lost for their size: larger ones than the base, with
 * smaller ones getting through after each. */
const BLACK_HOLE_LOSSES = 4;

/** What is known of a packet that was lost or has arrived. */
interface SizedPacket {
  readonly number: number;
  readonly bytes: number;
  readonly isSizeProbe: boolean;
}

/** Searches for the largest size. Each method that takes news returns whether `bytes` has changed. */
export class DatagramSize {
  /** How large datagrams may be now. */
  bytes: number;
  readonly baseBytes: number;
  readonly #largestBytes: number;
  /** The largest size that the path may take. */
  #highBytes: number;
  /** The size that is tried next; undefined when the search is over. */
  #probeBytes: number | undefined;
  #isProbing = false;
  #probesLost = 0;
  #raiseAtMs = Infinity;
  // Whether large datagrams vanish.
  #largeArrived = -1;
  #smallArrived = -1;
  #largeLost = 0;

  /** @param baseBytes what any path takes
   * @param largestBytes what is worth a try; when it is no more than the base, there is no search */
  constructor(baseBytes: number, largestBytes: number) {
    this.baseBytes = this.bytes = baseBytes;
    this.#largestBytes = this.#highBytes = Math.max(baseBytes, largestBytes);
    this.#search(this.#largestBytes);
  }

  /** The size of the probe that should leave now; undefined when none should. */
  probeBytes(nowMs: number): number | undefined {
    if (this.#isProbing) return undefined;
    if (nowMs >= this.#raiseAtMs) this.#search(this.#largestBytes);
    return this.#probeBytes;
  }

  /** The probe leaves. */
  probed(): void {
    this.#isProbing = true;
  }

  /** A packet was acknowledged. */
  arrived({ number, bytes, isSizeProbe }: SizedPacket, nowMs: number): boolean {
    if (bytes > this.baseBytes) {
      this.#largeArrived = Math.max(this.#largeArrived, number);
      this.#largeLost = 0;
    } else {
      this.#smallArrived = Math.max(this.#smallArrived, number);
    }
    if (!isSizeProbe) return false;
    this.#isProbing = false;
    // Refused or found to vanish meanwhile.
    if (bytes <= this.bytes || bytes > this.#highBytes) return false;
    this.bytes = bytes;
    this.#next(nowMs);
    return true;
  }

  /** A packet was lost. */
  lost({ number, bytes, isSizeProbe }: SizedPacket, nowMs: number): boolean {
    if (isSizeProbe) {
      this.#isProbing = false;
      if (bytes === this.#probeBytes && ++this.#probesLost >= MAX_PROBES) {
        this.#highBytes = bytes - 1;
        this.#next(nowMs);
      }
      return false;
    }
    const isSign = bytes > this.baseBytes && number > this.#largeArrived &&
      number < this.#smallArrived;
    if (!isSign || ++this.#largeLost < BLACK_HOLE_LOSSES) return false;
    return this.#fallBack(this.#largestBytes);
  }

  /** The system has refused to send a datagram of this length (EMSGSIZE). */
  refused(bytes: number, nowMs: number): boolean {
    if (bytes > this.#highBytes || bytes <= this.baseBytes) return false;
    if (bytes <= this.bytes) return this.#fallBack(bytes - 1);
    this.#highBytes = bytes - 1;
    this.#next(nowMs);
    return false;
  }

  /** The path no longer takes what it took. */
  #fallBack(highBytes: number): boolean {
    const hasChanged = this.bytes !== this.baseBytes;
    this.bytes = this.baseBytes;
    this.#largeLost = 0;
    this.#search(highBytes);
    return hasChanged;
  }

  /** The largest size comes first, as most paths take it. */
  #search(highBytes: number): void {
    this.#highBytes = highBytes;
    this.#probeBytes = highBytes > this.bytes ? highBytes : undefined;
    this.#probesLost = 0;
    this.#raiseAtMs = Infinity;
  }

  /** Then the middle of what is left. */
  #next(nowMs: number): void {
    const left = this.#highBytes - this.bytes;
    const isOver = left < Math.max(STEP_BYTES, this.bytes * STEP_SHARE);
    this.#probeBytes = isOver ? undefined : this.bytes + Math.ceil(left / 2);
    this.#probesLost = 0;
    if (isOver && this.bytes < this.#largestBytes) this.#raiseAtMs = nowMs + RAISE_AFTER_MS;
  }
}
