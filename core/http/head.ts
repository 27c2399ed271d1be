// A parser for the head of an HTTP/1.1 message (RFC 9112 2 to 5). It is strict, because two programs
// that read one head differently allow request smuggling: lines end in CR LF, names stand next to
// their colon, and no line is folded.

import type { Connection } from "../connection.ts";

export const MAX_HEAD_BYTES = 16 * 1024;

/** Limit of header fields in a head: looking one up takes time that grows with their number. */
const MAX_FIELDS = 128;

const FIRST_BUFFER_BYTES = 1024;
const CR = 13;
const LF = 10;
const H = 72;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// A value holds no control characters but the tab.
// deno-lint-ignore no-control-regex
const FORBIDDEN_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/;

/** The error of a malformed head, with the status to answer. */
export class HttpHeadError extends Error {
  override readonly name = "HttpHeadError";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The header fields of a head, in their order. They are looked up by names in lower case. */
export class HttpFields {
  readonly #names: string[] = [];
  readonly #lines: (readonly [name: string, value: string])[] = [];

  /** Adds a line; a name may have several. */
  append(name: string, value: string): void {
    this.#names.push(name.toLowerCase());
    this.#lines.push([name, value]);
  }

  /** The names and values as they were written. */
  get lines(): readonly (readonly [name: string, value: string])[] {
    return this.#lines;
  }

  /** The value of a field, its lines joined to one list, or null. */
  get(name: string): string | null {
    const first = this.#names.indexOf(name);
    if (first < 0) return null;
    return this.#names.indexOf(name, first + 1) < 0
      ? this.#lines[first]![1]
      : this.all(name).join(", ");
  }

  /** The values of all lines with a name. */
  all(name: string): string[] {
    return this.#lines.filter((_, at) => this.#names[at] === name).map(([, value]) => value);
  }

  /** The value of a field that may occur only once, or null.
   * @throws {HttpHeadError} when it occurs more than once */
  only(name: string): string | null {
    const first = this.#names.indexOf(name);
    if (first < 0) return null;
    if (this.#names.indexOf(name, first + 1) >= 0) {
      throw new HttpHeadError(400, `there is more than one ${name} header`);
    }
    return this.#lines[first]![1];
  }

  /** The elements of a comma-separated list, which may be spread over several lines. */
  list(name: string): string[] {
    if (!this.#names.includes(name)) return [];
    return this.all(name).flatMap((value) => value.split(","))
      .map((element) => element.trim()).filter((element) => element !== "");
  }

  /** Whether a list has this word, in upper or lower case. */
  includes(name: string, word: string): boolean {
    return this.list(name).some((element) => element.toLowerCase() === word);
  }
}

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly version: "1.0" | "1.1";
  readonly fields: HttpFields;
}

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly fields: HttpFields;
}

/** Reads from a connection to the end of a response's head. Resolves to its text and to the bytes
 * that were read beyond it, or to null when the peer closed without sending anything.
 * @throws {HttpHeadError} when it is too long, is no head, or is incomplete; as soon as the first
 * byte is none of a response, which many other protocols begin without an empty line to come */
export async function readResponseHead(
  connection: Connection,
): Promise<{ readonly head: string; readonly rest: Uint8Array } | null> {
  let buffer = new Uint8Array(FIRST_BUFFER_BYTES);
  let length = 0;
  for (;;) {
    const count = await connection.read(buffer.subarray(length));
    if (count === null) {
      if (length === 0) return null;
      throw new HttpHeadError(400, "the head ended in its middle");
    }
    if (buffer[0] !== H) throw new HttpHeadError(400, "this is not HTTP");
    const end = headEnd(buffer, 0, length + count, length);
    length += count;
    if (end > 0) {
      return {
        head: latin1(buffer.subarray(0, end - 4)),
        rest: buffer.subarray(end, length),
      };
    }
    if (length < buffer.length) continue;
    if (length >= MAX_HEAD_BYTES) {
      throw new HttpHeadError(431, `the head is longer than ${MAX_HEAD_BYTES} bytes`);
    }
    const larger = new Uint8Array(Math.min(length * 4, MAX_HEAD_BYTES));
    larger.set(buffer);
    buffer = larger;
  }
}

/** Index of the end of a head, after its empty line; 0 while it is incomplete.
 * @param start index of its first byte
 * @param end index behind the last byte that was read
 * @param from index up to which an earlier call has searched
 * @throws {HttpHeadError} as soon as it cannot become a head: TLS or another protocol, which would
 * otherwise keep us waiting for an empty line */
export function headEnd(bytes: Uint8Array, start: number, end: number, from: number): number {
  const first = bytes[start] ?? 0;
  if (first <= 0x20 || first >= 0x7f) throw new HttpHeadError(400, "this is not HTTP");
  for (let at = bytes.indexOf(LF, from); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) {
    if (at === start || bytes[at - 1] !== CR) {
      throw new HttpHeadError(400, "a line does not end in CR LF");
    }
    if (at - 2 > start && bytes[at - 2] === LF) return at + 1;
  }
  return 0;
}

/** Decodes header fields, which are octets (RFC 9110 5.5), with one character for each. */
export function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** @throws {HttpHeadError} with the status to answer */
export function parseRequestHead(head: string): RequestHead {
  const end = head.indexOf("\r\n");
  const line = end < 0 ? head : head.slice(0, end);
  const [method = "", target = "", protocol = "", ...more] = line.split(" ");
  if (!TOKEN.test(method) || !/^[\x21-\x7e\x80-\xff]+$/.test(target) || more.length > 0) {
    throw new HttpHeadError(400, "the request line is malformed");
  }
  const version = /^HTTP\/(\d)\.(\d)$/.exec(protocol);
  if (version === null) throw new HttpHeadError(400, "the request line is malformed");
  if (version[1] !== "1") throw new HttpHeadError(505, `${protocol} is not spoken here`);
  return {
    method,
    target: target.replace(/[\x80-\xff]/g, percentEncoded),
    // A higher minor version is answered as the highest that is known (RFC 9110 2.5).
    version: version[2] === "0" ? "1.0" : "1.1",
    fields: parseFields(head, end < 0 ? head.length : end + 2),
  };
}

/** Several clients send names outside ASCII as they are, in UTF-8. */
function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** @throws {HttpHeadError} when the head is malformed */
export function parseResponseHead(head: string): ResponseHead {
  const end = head.indexOf("\r\n");
  const line = end < 0 ? head : head.slice(0, end);
  const match = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(line);
  if (match === null || FORBIDDEN_IN_VALUE.test(line)) {
    throw new HttpHeadError(400, "the answer is not HTTP/1.1");
  }
  return {
    status: Number(match[1]),
    reason: match[2] ?? "",
    fields: parseFields(head, end < 0 ? head.length : end + 2),
  };
}

/** Parses the lines of a head or of trailers.
 * @param start index of the first of them */
export function parseFields(head: string, start: number): HttpFields {
  const fields = new HttpFields();
  for (let at = start, count = 1; at < head.length; count++) {
    if (count > MAX_FIELDS) {
      throw new HttpHeadError(431, `there are more than ${MAX_FIELDS} header lines`);
    }
    const found = head.indexOf("\r\n", at);
    const end = found < 0 ? head.length : found;
    const colon = head.indexOf(":", at);
    const name = colon < 0 || colon > end ? "" : head.slice(at, colon);
    const value = trimmed(head.slice(colon + 1, end));
    if (!isField(name, value)) throw new HttpHeadError(400, "a header line is malformed");
    fields.append(name, value);
    at = end + 2;
  }
  return fields;
}

/** Removes the blanks around a value (RFC 9112 5). A regular expression for the trailing blanks
 * would start anew at every blank, which takes quadratic time. */
function trimmed(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && isBlank(value[start])) start++;
  while (end > start && isBlank(value[end - 1])) end--;
  return value.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

/** Whether a name and a value are valid in a header line. */
export function isField(name: string, value: string): boolean {
  return TOKEN.test(name) && !FORBIDDEN_IN_VALUE.test(value);
}
