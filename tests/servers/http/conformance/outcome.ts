/** What comes of a row on a server. */

import { FIELDS, type Row } from "./rows.ts";
import { type Answer, Closed, fragments, latin1, type Place, Wire } from "./wire.ts";

/** A request of which nobody but `outcomeOf` knows. */
const AFTER = "/after-all";

/** What came. */
export interface Outcome {
  readonly answers: readonly Answer[];
  readonly closed: boolean;
}

/** How a row is sent. */
export interface Manner {
  /** Lines of fields for each request, each with its CRLF. */
  readonly fields?: string;
  /** Cuts the bytes into pieces, by this chance. Whole without it. */
  readonly random?: () => number;
}

/** Sends a row and reads what comes. Whether the connection is still open, one more request tells.
 * @throws {MalformedAnswer} */
export async function outcomeOf(
  place: Place,
  { send, methods = [] }: Pick<Row, "send" | "methods">,
  { fields = "", random }: Manner = {},
): Promise<Outcome> {
  const bytesOf = (text: string) => latin1(text.replaceAll(FIELDS, fields));
  const cut = (bytes: Uint8Array) => random === undefined ? [bytes] : fragments(bytes, random);
  using wire = await Wire.open(place);
  const answers: Answer[] = [];
  const next = async () => {
    const method = methods[answers.filter(({ status }) => status >= 200).length] ?? "GET";
    const answer = await wire.answer(method);
    answers.push(answer);
    return answer;
  };
  try {
    const parts = typeof send === "string" ? [send] : send;
    for (const [index, part] of parts.entries()) {
      if (index > 0) await next();
      await wire.send(...cut(bytesOf(part)));
    }
    await wire.send(
      bytesOf(`GET ${AFTER} HTTP/1.1\r\n${FIELDS}Host: localhost\r\nX-After: all\r\n\r\n`),
    );
    for (;;) {
      const { body } = await next();
      if (!body.includes(AFTER)) continue;
      answers.pop();
      return { answers, closed: false };
    }
  } catch (error) {
    if (error instanceof Closed && error.remainder === "") return { answers, closed: true };
    throw error;
  }
}

/** The outcome in short: `200 200 closed`. */
export function inShort({ answers, closed }: Outcome): string {
  return [...answers.map(({ status }) => status), closed ? "closed" : "kept"].join(" ");
}

/** In what an outcome differs from what the row asks for; null when in nothing. */
export function fault(
  row: Row,
  outcome: Outcome,
  seen: readonly string[],
): string | null {
  const { closed } = outcome;
  const answers = row.open ? outcome.answers.slice(0, row.answers.length) : outcome.answers;
  const wanted = row.answers.map((one) => typeof one === "number" ? [one] : one);
  const statuses = answers.map(({ status }) => status);
  const asWanted = (list: readonly number[]) =>
    list.length === wanted.length && list.every((status, index) => wanted[index]!.includes(status));
  // Of a choice between 100 and a final status, only the 100 may be missing.
  const optional = wanted[0]?.includes(100) && wanted[0].length > 1;
  const right = asWanted(statuses) || (optional && asWanted([100, ...statuses]));
  const shown = `${row.section}: ${row.name}`;
  const expected = wanted.map((one) => one.join("|")).join(" ");
  if (!right) return `${shown}: expected ${expected}, got ${inShort(outcome)}`;
  if (row.closes !== undefined && row.closes !== closed) {
    return `${shown}: expected to be ${row.closes ? "closed" : "kept"}, got ${inShort(outcome)}`;
  }
  const own = seen.filter((one) => !one.includes(AFTER));
  if (row.seen !== undefined && JSON.stringify(row.seen) !== JSON.stringify(own)) {
    return `${shown}: the application saw ${JSON.stringify(own).slice(0, 300)}`;
  }
  const undated = answers.find(({ status, fields }) =>
    status >= 200 && status < 500 && !fields.some(([name]) => name === "date")
  );
  if (undated !== undefined) return `${shown}: ${undated.status} has no Date`;
  const last = answers.at(-1);
  if (closed && !row.open && !row.unannounced && last !== undefined && !saysClose(last)) {
    return `${shown}: closed without having said so`;
  }
  return null;
}

/** HTTP/1.0 closes unless it says otherwise. */
function saysClose({ version, fields }: Answer): boolean {
  return version === "1.0" ||
    fields.some(([name, value]) => name === "connection" && /\bclose\b/i.test(value));
}
