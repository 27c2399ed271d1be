// Packets of IPv4 (RFC 791) and IPv6 (RFC 8200) with TCP (RFC 9293) or UDP (RFC 768), made up around
// bytes that have passed without them.

import type { Packet } from "./blocks.ts";

/** An address of IP as its bytes, 4 or 16 of them, and a port. */
export interface Place {
  readonly ip: Uint8Array;
  readonly port: number;
}

/** Bytes, of which the beginning may be known alone. */
export interface Payload {
  readonly bytes: Uint8Array;
  readonly wholeBytes: number;
}

const NO_PAYLOAD: Payload = { bytes: new Uint8Array(), wholeBytes: 0 };

export const FLAG = { fin: 0x01, syn: 0x02, push: 0x08, ack: 0x10 } as const;

const PROTOCOL = { tcp: 6, udp: 17 } as const;
const HOPS = 64;

/** On SYN: the largest segment, and that a window counts in 2 to the power of 14 (RFC 7323), so that
 * none of what follows is more than the receiver had room for. */
const SYN_OPTIONS = Uint8Array.of(2, 4, 0xff, 0xd7, 3, 3, 14, 0);

export function tcpPacket(
  from: Place,
  to: Place,
  { sequence, acknowledgement, flags }: {
    readonly sequence: number;
    readonly acknowledgement: number;
    readonly flags: number;
  },
  payload: Payload = NO_PAYLOAD,
): Packet {
  const options = (flags & FLAG.syn) === 0 ? new Uint8Array() : SYN_OPTIONS;
  const head = new DataView(new ArrayBuffer(20 + options.length));
  head.setUint16(0, from.port);
  head.setUint16(2, to.port);
  head.setUint32(4, sequence);
  head.setUint32(8, acknowledgement);
  head.setUint8(12, (head.byteLength / 4) << 4);
  head.setUint8(13, flags);
  head.setUint16(14, 0xffff);
  new Uint8Array(head.buffer).set(options, 20);
  return ipPacket(PROTOCOL.tcp, from, to, head, 16, payload);
}

export function udpPacket(from: Place, to: Place, payload: Payload): Packet {
  const head = new DataView(new ArrayBuffer(8));
  head.setUint16(0, from.port);
  head.setUint16(2, to.port);
  head.setUint16(4, 8 + payload.wholeBytes);
  return ipPacket(PROTOCOL.udp, from, to, head, 6, payload);
}

/** @param checksumAt where the checksum is in the head */
function ipPacket(
  protocol: number,
  from: Place,
  to: Place,
  head: DataView,
  checksumAt: number,
  { bytes: data, wholeBytes }: Payload,
): Packet {
  const innerBytes = head.byteLength + wholeBytes;
  const ip = from.ip.length === 4
    ? ipv4Header(protocol, from.ip, to.ip, innerBytes)
    : ipv6Header(protocol, from.ip, to.ip, innerBytes);
  // Of the addresses, the length and the protocol too (RFC 9293 3.1, RFC 8200 8.1).
  const checksum = checksumOf([from.ip, to.ip, new Uint8Array(head.buffer), data], [
    innerBytes >>> 16,
    innerBytes & 0xffff,
    protocol,
  ]);
  // In UDP a checksum of zero says that there is none.
  head.setUint16(checksumAt, checksum === 0 && protocol === PROTOCOL.udp ? 0xffff : checksum);
  const bytes = new Uint8Array(ip.length + head.byteLength + data.length);
  bytes.set(ip);
  bytes.set(new Uint8Array(head.buffer), ip.length);
  bytes.set(data, ip.length + head.byteLength);
  return { bytes, wholeBytes: ip.length + innerBytes };
}

function ipv4Header(protocol: number, from: Uint8Array, to: Uint8Array, innerBytes: number) {
  const bytes = new Uint8Array(20);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x45;
  view.setUint16(2, 20 + innerBytes);
  // Not to be fragmented.
  bytes[6] = 0x40;
  bytes[8] = HOPS;
  bytes[9] = protocol;
  bytes.set(from, 12);
  bytes.set(to, 16);
  view.setUint16(10, checksumOf([bytes], []));
  return bytes;
}

function ipv6Header(protocol: number, from: Uint8Array, to: Uint8Array, innerBytes: number) {
  const bytes = new Uint8Array(40);
  bytes[0] = 0x60;
  new DataView(bytes.buffer).setUint16(4, innerBytes);
  bytes[6] = protocol;
  bytes[7] = HOPS;
  bytes.set(from, 8);
  bytes.set(to, 24);
  return bytes;
}

/** The complement of the sum of 16-bit words in one's complement (RFC 1071). All parts but the last
 * have an even length. */
function checksumOf(parts: readonly Uint8Array[], words: readonly number[]): number {
  let sum = words.reduce((one, other) => one + other, 0);
  for (const part of parts) {
    for (let at = 0; at + 1 < part.length; at += 2) sum += (part[at]! << 8) | part[at + 1]!;
    if (part.length % 2 === 1) sum += part.at(-1)! << 8;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
