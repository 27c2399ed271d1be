// The header fields of a response as lines. The standard's Headers joins the values of one name by
// commas (Fetch standard, "get, decode, and combine"), all but Set-Cookie; a client may have to be
// shown the same name twice.

type FieldLine = readonly [name: string, value: string];

const apart = new WeakMap<Response, readonly FieldLine[]>();

/** Appends fields that are to be lines of their own, also where they share a name. Returns the same
 * response. An engine that does not know of it sends them joined, which means the same (RFC 9110
 * 5.3). */
export function withFieldLines(response: Response, fields: readonly FieldLine[]): Response {
  for (const [name, value] of fields) response.headers.append(name, value);
  apart.set(response, fields.map(([name, value]) => [name.toLowerCase(), value]));
  return response;
}

/** The lines of a response's header fields, their names in lower case; for engines. */
export function fieldLinesOf(response: Response): readonly FieldLine[] {
  const lines = apart.get(response);
  if (lines === undefined) return [...response.headers];
  return [...response.headers].flatMap(([name, value]): readonly FieldLine[] => {
    const own = lines.filter(([named]) => named === name);
    // A field that was changed since then is what it was changed to.
    return own.map(([, value]) => value).join(", ") === value ? own : [[name, value]];
  });
}
