// Writing the presentation language of TLS (RFC 5246 4).

/** Some arrays of bytes as one. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A big-endian number of `size` bytes. */
export function uint(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = size - 1; at >= 0; at--) {
    bytes[at] = value % 256;
    value = Math.floor(value / 256);
  }
  return bytes;
}

/** A vector whose length stands in `lengthBytes` bytes before it. */
export function vector(lengthBytes: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = concat(...parts);
  return concat(uint(body.length, lengthBytes), body);
}

/** A vector of 16-bit numbers. */
export function vectorOf16(numbers: readonly number[]): Uint8Array {
  return vector(2, ...numbers.map((number) => uint(number, 2)));
}
