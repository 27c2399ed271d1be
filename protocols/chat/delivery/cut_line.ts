// Cuts a line for a reader that takes only so many bytes of a datagram. What such a reader drops may be
// half a character, which many take for an error.

const MARK = "…";

const encoder = new TextEncoder();
const markBytes = encoder.encode(MARK).length;

const characters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The line, below so many bytes: one that is longer ends with a whole character and a mark. */
export function cutLine(line: string, belowBytes: number): string {
  // A unit of UTF-16 is three bytes of UTF-8 at most.
  if (line.length * 3 < belowBytes || encoder.encode(line).length < belowBytes) return line;
  const room = new Uint8Array(belowBytes - 1 - markBytes);
  const { read } = encoder.encodeInto(line, room);
  const { index } = characters.segment(line).containing(read)!;
  return `${line.slice(0, index === 0 ? read : index)}${MARK}`;
}
