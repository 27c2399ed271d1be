// The blocks of a capture file (draft-ietf-opsawg-pcapng): the section header, which comes first, the
// interfaces that packets name, and the packets.

const encoder = new TextEncoder();

const SECTION_HEADER = 0x0a0d0d0a;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;

/** Packets begin with the header of IPv4 or IPv6. */
const LINKTYPE_RAW = 101;

const OPTION = { comment: 1, userApplication: 4, name: 2, timeResolution: 9, flags: 2 } as const;
const FLAGS = { in: 1, out: 2 } as const;

/** Characters of a text at most: the length of an option has 16 bits. */
const MAX_TEXT = 10_000;

/** A packet, of which the file may have the beginning alone. */
export interface Packet {
  readonly bytes: Uint8Array;
  readonly wholeBytes: number;
}

type Option = readonly [code: number, value: Uint8Array | string];

/** @param program what writes the file */
export function sectionHeader(program: string): Uint8Array<ArrayBuffer> {
  const fixed = new DataView(new ArrayBuffer(16));
  fixed.setUint32(0, BYTE_ORDER_MAGIC, true);
  // Version 1.0; how long the section is, is not known.
  fixed.setUint16(4, 1, true);
  fixed.setBigInt64(8, -1n, true);
  return block(SECTION_HEADER, fixed, new Uint8Array(), [[OPTION.userApplication, program]]);
}

export function interfaceDescription(name: string): Uint8Array<ArrayBuffer> {
  const fixed = new DataView(new ArrayBuffer(8));
  fixed.setUint16(0, LINKTYPE_RAW, true);
  // Times are in milliseconds, as those of events.
  return block(INTERFACE_DESCRIPTION, fixed, new Uint8Array(), [
    [OPTION.name, name],
    [OPTION.timeResolution, Uint8Array.of(3)],
  ]);
}

/** @param onInterface the number of the interface, in the order of their descriptions
 * @param timeMs since the epoch */
export function enhancedPacket(
  { bytes, wholeBytes }: Packet,
  { onInterface, timeMs, direction, comment }: {
    readonly onInterface: number;
    readonly timeMs: number;
    readonly direction: "in" | "out";
    readonly comment?: string | undefined;
  },
): Uint8Array<ArrayBuffer> {
  const fixed = new DataView(new ArrayBuffer(20));
  fixed.setUint32(0, onInterface, true);
  fixed.setUint32(4, Math.floor(timeMs / 2 ** 32), true);
  fixed.setUint32(8, timeMs >>> 0, true);
  fixed.setUint32(12, bytes.length, true);
  fixed.setUint32(16, wholeBytes, true);
  return block(ENHANCED_PACKET, fixed, bytes, [
    ...(comment === undefined ? [] : [[OPTION.comment, comment] as const]),
    [OPTION.flags, Uint8Array.of(FLAGS[direction], 0, 0, 0)],
  ]);
}

/** The length of a block stands at both of its ends; everything ends at a multiple of four. */
function block(
  type: number,
  fixed: DataView,
  data: Uint8Array,
  options: readonly Option[],
): Uint8Array<ArrayBuffer> {
  const encoded = options.map(([code, value]) =>
    [code, typeof value === "string" ? encoder.encode(value.slice(0, MAX_TEXT)) : value] as const
  );
  const optionBytes = encoded.reduce((sum, [, value]) => sum + 4 + padded(value.length), 4);
  const length = 12 + fixed.byteLength + padded(data.length) + optionBytes;
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(new Uint8Array(fixed.buffer), 8);
  bytes.set(data, 8 + fixed.byteLength);
  let at = 8 + fixed.byteLength + padded(data.length);
  for (const [code, value] of encoded) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + padded(value.length);
  }
  // Four zeros, which are there already, end the options.
  view.setUint32(length - 4, length, true);
  return bytes;
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}
