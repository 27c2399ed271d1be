/** A datagram with some of its bytes changed, cut, added or swapped.
 * @param others datagrams whose bytes may be added */
export function mutate(
  datagram: Uint8Array,
  others: readonly Uint8Array[],
  random: () => number,
): Uint8Array {
  const pick = (below: number) => Math.floor(random() * below);
  let bytes = datagram.slice();
  const changes = 1 + pick(4);
  for (let change = 0; change < changes && bytes.length > 0; change++) {
    switch (pick(6)) {
      case 0:
        bytes[pick(bytes.length)]! ^= 1 << pick(8);
        break;
      case 1:
        bytes[pick(bytes.length)] = pick(256);
        break;
      case 2:
        bytes = bytes.slice(0, pick(bytes.length));
        break;
      case 3: {
        const other = others[pick(others.length)]!;
        bytes = Uint8Array.from([...bytes.subarray(0, pick(bytes.length)), ...other]);
        break;
      }
      case 4: {
        // Lengths are where parsers go wrong.
        const at = pick(bytes.length);
        bytes.set(Uint8Array.of(255, 255, 255).subarray(0, bytes.length - at), at);
        break;
      }
      default: {
        const at = pick(bytes.length);
        bytes.copyWithin(at, pick(bytes.length));
      }
    }
    if (bytes.length > 4096) bytes = bytes.slice(0, 4096);
  }
  return bytes;
}
