// The error of a server that refuses a WebSocket: its status and the beginning of the body, since
// the status alone seldom tells enough.

import type { Connection } from "../../core/connection.ts";
import { latin1, type ResponseHead } from "../../core/http/head.ts";

const MAX_BODY_BYTES = 4 * 1024;
const MAX_SHOWN_CHARACTERS = 200;
/** Time to wait for the body. */
const PATIENCE_MS = 1000;

/** The end of a body in chunks. */
const LAST_CHUNK = /(?:^|\r\n)0\r\n\r\n$/;

/** The error for an answer whose status is not 101. Reads from the connection.
 * @param rest what was read beyond the head */
export async function refusalOf(
  { status, reason, fields }: ResponseHead,
  connection: Connection,
  rest: Uint8Array,
): Promise<Error> {
  const said = `the server answered ${`${status} ${reason}`.trim()}`;
  const type = fields.list("content-type")[0] ?? "";
  const isText = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml))/i.test(type);
  if (!isText || fields.list("content-encoding").length > 0) return new Error(said);
  const isChunked = fields.includes("transfer-encoding", "chunked");
  const length = Number(fields.list("content-length")[0] ?? Infinity);
  const body = await readSome(connection, rest, isChunked ? Infinity : length, isChunked);
  const text = new TextDecoder().decode(isChunked ? unchunked(body) : body)
    .replace(/<(?:style|script)\b.*?<\/(?:style|script)>|<[^>]*>/gis, " ")
    .replace(/\s+/g, " ").trim();
  if (text === "") return new Error(said);
  const isCut = text.length > MAX_SHOWN_CHARACTERS;
  return new Error(`${said}: ${text.slice(0, MAX_SHOWN_CHARACTERS)}${isCut ? "..." : ""}`);
}

/** The beginning of a body, as far as it comes soon. */
async function readSome(
  connection: Connection,
  rest: Uint8Array,
  bodyBytes: number,
  isChunked: boolean,
): Promise<Uint8Array> {
  const most = bodyBytes >= 0 ? Math.min(bodyBytes, MAX_BODY_BYTES) : MAX_BODY_BYTES;
  const body = new Uint8Array(most);
  body.set(rest.subarray(0, most));
  let length = Math.min(rest.length, most);
  const deadline = setTimeout(() => connection[Symbol.dispose](), PATIENCE_MS);
  try {
    while (length < most && !(isChunked && LAST_CHUNK.test(latin1(body.subarray(0, length))))) {
      const count = await connection.read(body.subarray(length));
      if (count === null) break;
      length += count;
    }
  } catch {
    // A part of the body is better than none.
  } finally {
    clearTimeout(deadline);
  }
  return body.subarray(0, length);
}

/** The data in the chunks of a body (RFC 9112 7.1), as far as it was received. */
function unchunked(body: Uint8Array): Uint8Array {
  const whole = new Uint8Array(body.length);
  let length = 0;
  for (let at = 0; at < body.length;) {
    const [line, size = ""] = /^([0-9a-f]{1,8})[^\r\n]*\r\n/i.exec(latin1(body.subarray(at))) ?? [];
    if (line === undefined || Number.parseInt(size, 16) === 0) break;
    at += line.length;
    const chunk = body.subarray(at, at + Number.parseInt(size, 16));
    whole.set(chunk, length);
    length += chunk.length;
    at += chunk.length + 2;
  }
  return whole.subarray(0, length);
}
