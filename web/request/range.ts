// Parses the Range header (RFC 9110 14): the parts of a file that a request asks for.

/** The first and the last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** More ranges than any client needs (RFC 9110 14.2 lets a server ignore them). */
const MAX_RANGES = 32;

/** The parts that a Range header asks for, in its order. `unsatisfiable` when the file has none of
 * them. Null when the header is to be ignored and the whole file sent: it is malformed, has another
 * unit or too many ranges, or the file is empty.
 *
 * Ranges that overlap or touch become one, so that no answer is larger than the file. */
export function parseRange(
  header: string,
  bytes: number,
): readonly ByteRange[] | "unsatisfiable" | null {
  const set = /^bytes=(.*)$/is.exec(header.trim())?.[1];
  if (set === undefined || bytes === 0) return null;
  const ranges: ByteRange[] = [];
  const specs = set.split(",", MAX_RANGES + 1);
  if (specs.length > MAX_RANGES) return null;
  let seen = false;
  for (const spec of specs) {
    // Lists may have empty elements (RFC 9110 5.6.1).
    if (spec.trim() === "") continue;
    seen = true;
    const match = /^\s*(\d*)-(\d*)\s*$/.exec(spec);
    if (match === null) return null;
    const [, from = "", to = ""] = match;
    if (from === "" && to === "") return null;
    const range = from === "" ? suffix(Number(to), bytes) : {
      first: Number(from),
      last: to === "" ? bytes - 1 : Math.min(Number(to), bytes - 1),
    };
    if (from !== "" && to !== "" && Number(to) < Number(from)) return null;
    if (range !== null && range.first < bytes) ranges.push(range);
  }
  if (!seen) return null;
  return ranges.length === 0 ? "unsatisfiable" : withoutOverlap(ranges);
}

export function rangeBytes({ first, last }: ByteRange): number {
  return last - first + 1;
}

/** The value of Content-Range for one part. */
export function contentRange({ first, last }: ByteRange, bytes: number): string {
  return `bytes ${first}-${last}/${bytes}`;
}

/** The last `length` bytes, or all when there are fewer. */
function suffix(length: number, bytes: number): ByteRange | null {
  return length === 0 ? null : { first: Math.max(0, bytes - length), last: bytes - 1 };
}

function withoutOverlap(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const sorted = ranges.toSorted((a, b) => a.first - b.first);
  const merged: ByteRange[] = [];
  for (const range of sorted) {
    const before = merged.at(-1);
    if (before === undefined || range.first > before.last + 1) merged.push(range);
    else merged[merged.length - 1] = { ...before, last: Math.max(before.last, range.last) };
  }
  return merged.length === ranges.length ? ranges : merged;
}
