// Content codings: which of them a client takes, by Accept-Encoding (RFC 9110 12.5.3).

/** A coding that files are sent in. */
export type Coding = "br" | "gzip";

/** A coding, or none. */
export type AnyCoding = Coding | "identity";

/** The best first, where a client likes several equally. */
const CODINGS: readonly Coding[] = ["br", "gzip"];

const PLAIN: readonly AnyCoding[] = ["identity"];

/** More than any client lists. */
const MAX_ELEMENTS = 32;

/** Clients send the same few values again and again. */
const MAX_REMEMBERED = 64;
const remembered = new Map<string, readonly AnyCoding[]>();

/** What a client takes, the best first. Without the header that is the file as it is; empty when it
 * takes nothing that there is. */
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
  // The file as it is can always be sent unless it is refused, but comes after what was asked for.
  weighed.push(["identity", weights.get("identity") ?? (others === 0 ? 0 : 0.0001)]);
  return weighed.filter(([, weight]) => weight > 0).toSorted((a, b) => b[1] - a[1])
    .map(([coding]) => coding);
}
