// A datagram socket whose network misbehaves on purpose, each direction by a link of its own.

import type { Address } from "../../core/addresses/address.ts";
import type { Datagram, DatagramSocket } from "../../core/connection.ts";
import { WrappedDatagrams } from "../../core/datagrams/wrapped_datagrams.ts";
import { DatagramLink, type Marker, MAX_KEPT_BYTES, type Packet } from "./datagram_link.ts";
import type { Decisions, FaultWork } from "./deeds.ts";
import { type Faults, NO_FAULTS } from "./spec.ts";

/** How many datagrams may be unread. Beyond it the socket below is not read, and drops the rest. */
const MAX_UNREAD = 1024;

/** Does to datagrams what a bad network does to them. Takes the socket over. */
export class FaultyDatagrams extends WrappedDatagrams {
  readonly #in: DatagramLink;
  readonly #out: DatagramLink;
  readonly #arrived: (Datagram | Error | null)[] = [];
  readonly #leaving: (Packet | Marker)[] = [];
  #leavingBytes = 0;
  #wake: (() => void) | undefined;
  #readOn: (() => void) | undefined;
  #receiving = false;
  #sending = false;
  #sent: Promise<void>[] = [];
  #disposed = false;
  /** Whether there are no faults, and nothing of earlier ones: everything passes untouched. */
  #quiet: boolean;

  constructor(inner: DatagramSocket, faults: Faults | null, work: FaultWork) {
    super(inner);
    this.#quiet = faults === null;
    this.#in = new DatagramLink(
      faults?.in ?? NO_FAULTS,
      "in",
      work,
      ({ peer, bytes, identity }) =>
        this.#arrive({ from: peer, bytes, ...(identity && { identity }) }),
    );
    this.#out = new DatagramLink(faults?.out ?? NO_FAULTS, "out", work, (packet) => {
      if (this.#out.waits) this.#leave(packet);
      // What earlier faults held back leaves first.
      else if (this.#sending) this.#leave({ ...packet, bytes: packet.bytes.slice() });
      else this.#sent.push(inner.send(packet.bytes, packet.peer));
    });
  }

  /** Replaces the faults, also for what waits. */
  change(faults: Faults | null, decisions: Decisions): void {
    if (this.#disposed) return;
    this.#in.change(faults?.in ?? NO_FAULTS, decisions);
    this.#out.change(faults?.out ?? NO_FAULTS, decisions);
    this.#quiet = faults === null && this.#isIdle();
  }

  #isIdle(): boolean {
    return this.#in.isQuiet && this.#out.isQuiet && !this.#receiving && !this.#sending &&
      this.#arrived.length === 0;
  }

  /** Where the link holds datagrams back, resolves at once, as sending into a real network does. */
  override send(bytes: Uint8Array, to: Address): Promise<void> {
    if (this.#quiet) return this.inner.send(bytes, to);
    if (this.#disposed) return Promise.resolve();
    this.#out.pass({ peer: to, bytes });
    if (this.#sent.length === 0) return Promise.resolve();
    const [first, second] = this.#sent.splice(0);
    return second === undefined ? first! : Promise.all([first, second]).then(() => {});
  }

  /** Datagrams that are on their way when a session is over still belong to it. */
  override async delivered(to: Address): Promise<void> {
    if (!this.#quiet) await this.#left(to);
    await super.delivered(to);
  }

  override async end(to: Address): Promise<void> {
    if (!this.#quiet) await this.#left(to);
    await this.inner.end(to);
  }

  override receive(): Promise<Datagram | null> {
    if (!this.#quiet) return this.#receive();
    // Faults may be set while this waits, and concern what arrives then.
    return this.inner.receive().then(this.#received);
  }

  // Made once, because it is called for every datagram while there are no faults.
  readonly #received = (datagram: Datagram | null): Datagram | null | Promise<Datagram | null> => {
    if (this.#quiet) return datagram;
    this.#take(datagram);
    return this.#receive();
  };

  async #receive(): Promise<Datagram | null> {
    for (;;) {
      if (this.#disposed) return null;
      const arrived = this.#arrived.shift();
      if (this.#arrived.length < MAX_UNREAD) this.#readOn?.();
      if (arrived instanceof Error) throw arrived;
      if (arrived !== undefined) return arrived;
      if (!this.#in.waits && !this.#receiving) {
        // Nothing is left of faults that are gone.
        if (this.#in.isQuiet && this.#isIdle()) this.#quiet = true;
        // The bytes stay valid until the socket below is asked again, so nothing is copied.
        this.#take(await this.inner.receive());
        continue;
      }
      if (!this.#receiving) void this.#receiveAll();
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  override [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#in[Symbol.dispose]();
    this.#out[Symbol.dispose]();
    for (const leaving of this.#leaving.splice(0)) if (typeof leaving === "function") leaving();
    this.#arrived.length = 0;
    this.#wake?.();
    this.#readOn?.();
    super[Symbol.dispose]();
  }

  #take(datagram: Datagram | null): void {
    if (datagram === null) this.#arrive(null);
    else if ("bytes" in datagram) {
      const { from, bytes, identity } = datagram;
      this.#in.pass({ peer: from, bytes, ...(identity && { identity }) });
    } else {
      this.#in.mark(datagram.from, () => this.#arrive(datagram));
    }
  }

  /** Reads on while earlier datagrams are still held back. Ends with the socket or its first failure,
   * after which the next `receive` begins anew. */
  async #receiveAll(): Promise<void> {
    this.#receiving = true;
    try {
      while (!this.#disposed) {
        const datagram = await this.inner.receive();
        this.#take(datagram);
        if (datagram === null) return;
        // Without faults that hold anything back, every datagram is received when it is asked for.
        if (!this.#in.waits) return;
        while (this.#arrived.length >= MAX_UNREAD && !this.#disposed) {
          await new Promise<void>((resolve) => this.#readOn = resolve);
        }
      }
    } catch (error) {
      this.#arrive(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#receiving = false;
      this.#wake?.();
    }
  }

  #arrive(arrived: Datagram | Error | null): void {
    if (this.#disposed) return;
    this.#arrived.push(arrived);
    this.#wake?.();
  }

  /** Resolves once all that was sent to a peer has left. */
  #left(to: Address): Promise<void> {
    if (this.#disposed) return Promise.resolve();
    return new Promise((resolve) => this.#out.mark(to, () => this.#leave(resolve)));
  }

  #leave(leaving: Packet | Marker): void {
    if (this.#disposed) {
      if (typeof leaving === "function") leaving();
      return;
    }
    if (typeof leaving !== "function") {
      // Only a socket whose peer does not read gets here.
      if (this.#leavingBytes + leaving.bytes.length > MAX_KEPT_BYTES) {
        return this.#out.count("queue");
      }
      this.#leavingBytes += leaving.bytes.length;
    }
    this.#leaving.push(leaving);
    if (!this.#sending) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#sending = true;
    for (let at = 0; at < this.#leaving.length; at++) {
      // A sender without a pause never lets the loop end, so the datagrams that left go now and then.
      if (at === MAX_UNREAD) {
        this.#leaving.splice(0, at);
        at = 0;
      }
      const leaving = this.#leaving[at]!;
      if (typeof leaving === "function") {
        leaving();
        continue;
      }
      this.#leavingBytes -= leaving.bytes.length;
      try {
        await this.inner.send(leaving.bytes, leaving.peer);
      } catch {
        // The sender was told long ago that it is on its way; a real network says no more either.
      }
    }
    this.#leaving.length = 0;
    this.#sending = false;
  }
}
