// CRC-32C (Castagnoli), the checksum of iSCSI and SCTP (RFC 9260 appendix A), eight bytes at a time.

/** The polynomial 0x1edc6f41 with its bits reversed. */
const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;

/** Table `n` says what a byte becomes that `n` others follow. */
const tables: readonly Int32Array[] = makeTables();

function makeTables(): readonly Int32Array[] {
  const made = Array.from({ length: SLICES }, () => new Int32Array(256));
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? POLYNOMIAL : 0);
    made[0]![byte] = value;
  }
  for (let slice = 1; slice < SLICES; slice++) {
    for (let byte = 0; byte < 256; byte++) {
      const before = made[slice - 1]![byte]!;
      made[slice]![byte] = (before >>> 8) ^ made[0]![before & 0xff]!;
    }
  }
  return made;
}

const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as readonly Int32Array[] as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

export const CRC_START = -1;

/** Takes bytes into a checksum that began with CRC_START; `finishCrc` makes the result of it. */
export function updateCrc(state: number, bytes: Uint8Array, start: number, end: number): number {
  let crc = state;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc = t7[crc & 0xff]! ^ t6[(crc >>> 8) & 0xff]! ^ t5[(crc >>> 16) & 0xff]! ^ t4[crc >>> 24]! ^
      t3[bytes[at + 4]!]! ^ t2[bytes[at + 5]!]! ^ t1[bytes[at + 6]!]! ^ t0[bytes[at + 7]!]!;
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 0xff]!;
  return crc;
}

/** The checksum, at least 0. */
export function finishCrc(state: number): number {
  return ~state >>> 0;
}

export function crc32c(bytes: Uint8Array): number {
  return finishCrc(updateCrc(CRC_START, bytes, 0, bytes.length));
}
