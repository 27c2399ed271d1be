// The packets of one session: for a stream the segments of a TCP connection with the right numbers, for
// datagrams one packet each.

import type { Packet } from "./blocks.ts";
import { FLAG, type Payload, type Place, tcpPacket, udpPacket } from "./packets.ts";
import type { Ends } from "./places.ts";

/** A message that is longer becomes several segments. */
const SEGMENT_BYTES = 32_768;
/** What fits into one datagram of UDP over IPv4. */
const DATAGRAM_BYTES = 65_507;

/** A packet and where it goes. */
export interface Directed {
  readonly packet: Packet;
  readonly direction: "in" | "out";
}

interface Side {
  readonly place: Place;
  /** Number of the next byte that it sends. */
  next: number;
}

/** A connection of TCP that was never there: its bytes were carried by something else, or encrypted. */
export class StreamConversation {
  readonly #own: Side;
  readonly #peer: Side;
  readonly #isDialled: boolean;

  /** @param number of the session: no two begin with the same numbers */
  constructor({ own, peer, isDialled }: Ends, number: number) {
    const first = Math.imul(number, 0x10001) >>> 0;
    this.#own = { place: own, next: first };
    this.#peer = { place: peer, next: (first + 0x8000) >>> 0 };
    this.#isDialled = isDialled;
  }

  open(): Directed[] {
    const opening = this.#isDialled ? "out" : "in";
    return [
      this.#segment(opening, FLAG.syn),
      this.#segment(opposite(opening), FLAG.syn | FLAG.ack),
      this.#segment(opening, FLAG.ack),
    ];
  }

  /** What is not known of a message is left out behind its beginning. */
  message(direction: "in" | "out", message: Payload): Directed[] {
    const from = direction === "in" ? this.#peer : this.#own;
    const end = (from.next + message.wholeBytes) >>> 0;
    const segments = partsOf(message, SEGMENT_BYTES).map((part, at, all) =>
      this.#segment(direction, FLAG.ack | (at === all.length - 1 ? FLAG.push : 0), part)
    );
    from.next = end;
    return segments;
  }

  close(): Directed[] {
    return [
      this.#segment("out", FLAG.fin | FLAG.ack),
      this.#segment("in", FLAG.fin | FLAG.ack),
      this.#segment("out", FLAG.ack),
    ];
  }

  #segment(direction: "in" | "out", flags: number, payload?: Payload): Directed {
    const [from, to] = direction === "in" ? [this.#peer, this.#own] : [this.#own, this.#peer];
    const numbers = {
      sequence: from.next,
      acknowledgement: (flags & FLAG.ack) === 0 ? 0 : to.next,
      flags,
    };
    const packet = tcpPacket(from.place, to.place, numbers, payload);
    const counted = (payload?.wholeBytes ?? 0) + ((flags & (FLAG.syn | FLAG.fin)) === 0 ? 0 : 1);
    from.next = (from.next + counted) >>> 0;
    return { packet, direction };
  }
}

/** A message of a layer may be longer than a datagram, and becomes several. */
export function datagrams(
  { own, peer }: Ends,
  direction: "in" | "out",
  message: Payload,
): Directed[] {
  const [from, to] = direction === "in" ? [peer, own] : [own, peer];
  return partsOf(message, DATAGRAM_BYTES).map((part) => ({
    packet: udpPacket(from, to, part),
    direction,
  }));
}

/** The parts of which something is known; an empty message is one part. */
function partsOf({ bytes, wholeBytes }: Payload, most: number): Payload[] {
  const parts: Payload[] = [];
  for (let at = 0; at === 0 || at < bytes.length; at += most) {
    parts.push({
      bytes: bytes.subarray(at, at + most),
      wholeBytes: Math.min(most, wholeBytes - at),
    });
  }
  return parts;
}

function opposite(direction: "in" | "out"): "in" | "out" {
  return direction === "in" ? "out" : "in";
}
