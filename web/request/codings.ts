// The content codings that a client accepts, by its Accept-Encoding header (RFC 9110 12.5.3).

export type Coding = "br" | "gzip";

export type AnyCoding = Coding | "identity";

/** In order of preference, where the client gives several the same weight. */
const CODINGS: readonly Coding[] = ["br", "gzip"];

const PLAIN: readonly AnyCoding[] = ["identity"];

/** More codings than any client lists. */
const MAX_ELEMENTS = 32;

/** Parsed headers are kept, because clients send the same few values again and again. */
const MAX_REMEMBERED = 64;
const remembered = new Map<string, readonly AnyCoding[]>();

/** The codings that a client accepts, the preferred one first: only identity without the header,
 * none when the client rules out all that there are. */
export function acceptedCodings(header: string | null): readonly AnyCoding[] {
  if (header === null) return PLAIN;
  let accepted = remembered.get(header);
  if (accepted === undefined) {
    accepted = parse(header);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    if (header.length <= 256) remembered.set(header, accepted);
  }
  return accepted;
}

function parse(header: string): readonly AnyCoding[] {
  const weights = new Map<string, number>();
  for (const element of header.split(",", MAX_ELEMENTS)) {
    const match = /^\s*([!#$%&'*+.^_`|~\w-]+)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i
      .exec(element);
    if (match === null) continue;
    const name = (match[1] ?? "").toLowerCase();
    weights.set(name === "x-gzip" ? "gzip" : name, Number(match[2] ?? 1));
  }
  const others = weights.get("*");
  const weighed: (readonly [AnyCoding, number])[] = CODINGS.map(
    (coding) => [coding, weights.get(coding) ?? others ?? 0],
  );
  // Identity is accepted unless it is ruled out, but comes after the codings that are named.
  weighed.push(["identity", weights.get("identity") ?? (others === 0 ? 0 : 0.0001)]);
  return weighed.filter(([, weight]) => weight > 0).toSorted((a, b) => b[1] - a[1])
    .map(([coding]) => coding);
}
