// A reader of DER (X.690), as much of it as certificates need.

export interface DerElement {
  readonly tag: number;
  readonly value: Uint8Array;
}

/** The elements in some bytes, one after the other.
 * @throws {SyntaxError} when the bytes are not that */
export function readDer(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!;
    let length = bytes[at + 1] ?? NaN;
    at += 2;
    if (length > 0x80) {
      const size = length - 0x80;
      if (size > 3) throw new SyntaxError("A DER element is too long");
      length = 0;
      for (const byte of bytes.subarray(at, at + size)) length = length * 256 + byte;
      at += size;
    } else if (length === 0x80) {
      throw new SyntaxError("A DER element has no definite length");
    }
    if (!(at + length <= bytes.length)) throw new SyntaxError("A DER element is cut short");
    elements.push({ tag, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}

/** An object identifier in dots. */
export function readOid(bytes: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of bytes) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - 40 * root, ...rest].join(".");
}
