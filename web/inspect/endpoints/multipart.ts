// Bodies of multipart/form-data (RFC 7578): the fields and files of a form. The platform's own
// parser turns every value to text or a file object and tells too little about what was wrong.

import { Buffer } from "node:buffer";
import { Refusal } from "../http_error.ts";

/** One field or file. */
export interface Part {
  readonly name: string;
  /** There when it is a file. */
  readonly filename: string | undefined;
  readonly contentType: string | undefined;
  readonly bytes: Uint8Array;
}

/** More than any form has; the size of the body bounds them too. */
const MAX_PARTS = 1000;
const MAX_PART_HEAD_BYTES = 16 * 1024;

/** The parts of a body.
 * @throws {Refusal} 400 when it is not well formed, 413 when it has too many parts */
export function parseMultipart(bytes: Uint8Array, contentType: string): Part[] {
  const boundary = parameterOf(contentType, "boundary");
  if (boundary === undefined || boundary === "" || boundary.length > 200) {
    throw malformed("its content type names no boundary");
  }
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  // What stands before the first boundary means nothing (RFC 2046 5.1.1).
  let at = findMark(body, mark, 0);
  if (at < 0) throw malformed("its boundary does not occur");
  for (;;) {
    at += mark.length;
    if (body.toString("latin1", at, at + 2) === "--") return parts;
    const lineEnd = body.indexOf("\r\n", at);
    if (lineEnd < 0 || body.toString("latin1", at, lineEnd).trim() !== "") {
      throw malformed("a boundary does not end its line");
    }
    const headEnd = body.subarray(lineEnd, lineEnd + MAX_PART_HEAD_BYTES).indexOf("\r\n\r\n");
    if (headEnd < 0) throw malformed("a part has no end of its headers");
    const start = lineEnd + headEnd + 4;
    const end = findMark(body, mark, start - 2);
    if (end < 0) throw malformed("its last boundary is missing");
    if (parts.length === MAX_PARTS) {
      throw new Refusal(413, `A form may have at most ${MAX_PARTS} parts.`);
    }
    const head = body.toString("utf8", lineEnd, lineEnd + headEnd);
    // An empty part's line break is the one before its boundary.
    parts.push(partOf(head, body.subarray(start, Math.max(start, end - 2))));
    at = end;
  }
}

/** Where the boundary next begins a line. */
function findMark(body: Buffer, mark: Buffer, from: number): number {
  for (let at = body.indexOf(mark, from); at >= 0; at = body.indexOf(mark, at + 1)) {
    if (at === 0 || body.toString("latin1", at - 2, at) === "\r\n") return at;
  }
  return -1;
}

function partOf(head: string, bytes: Uint8Array): Part {
  const field = (name: string) => new RegExp(`^${name}[ \\t]*:(.*)$`, "im").exec(head)?.[1]?.trim();
  const disposition = field("content-disposition") ?? "";
  const name = parameterOf(disposition, "name");
  if (!/^form-data\b/i.test(disposition) || name === undefined) {
    throw malformed("a part does not say its name");
  }
  return {
    name,
    filename: parameterOf(disposition, "filename") ?? parameterOf(disposition, "filename*"),
    contentType: field("content-type"),
    bytes,
  };
}

/** A parameter of a header value, quoted or not. Browsers write a quote inside as %22. */
function parameterOf(value: string, name: string): string | undefined {
  const parameter = /;\s*([^=;\s]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g;
  for (const [, key = "", quoted, bare] of value.matchAll(parameter)) {
    if (key.toLowerCase() !== name) continue;
    return quoted === undefined ? bare : quoted.replace(/\\(["\\])/g, "$1");
  }
  return undefined;
}

function malformed(why: string): Refusal {
  return new Refusal(400, `This body is no multipart/form-data: ${why}.`);
}
