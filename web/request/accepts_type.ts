// Content negotiation by the Accept header (RFC 9110 12.5.1).

/** Whether the Accept header names a type, not only by a wildcard, and does not rule it out.
 * Browsers name text/html, programs that want JSON name that; most others send only a wildcard. */
export function acceptsType({ headers }: Request, type: string): boolean {
  for (const range of (headers.get("accept") ?? "").toLowerCase().split(",")) {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim());
    if (name === type) return !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  }
  return false;
}
