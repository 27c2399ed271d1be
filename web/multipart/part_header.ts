// Parses the headers of one part of a form (RFC 7578 4.2): the names of its field and its file.

import { MultipartError } from "./error.ts";

export interface MultipartFields {
  readonly name: string;
  /** As sent: it may contain a whole path. Null for a field that is no file. */
  readonly fileName: string | null;
  readonly contentType: string | null;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Reads the lines between a boundary and the empty line.
 *
 * @throws {MultipartError} when they are malformed, or those of no form field */
export function partFields(header: Uint8Array): MultipartFields {
  const fields = new Map<string, string>();
  const text = decode(header);
  for (const line of text === "" ? [] : text.split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    // A line that begins with a space once continued the line before; RFC 7578 has no such lines.
    if (!TOKEN.test(name)) throw new MultipartError("a header line of a part is malformed");
    if (fields.has(name)) throw new MultipartError(`a part has the header ${name} twice`);
    const value = line.slice(colon + 1).trim();
    // deno-lint-ignore no-control-regex
    if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) {
      throw new MultipartError(`the header ${name} of a part holds a control character`);
    }
    fields.set(name, value);
  }

  const encoding = fields.get("content-transfer-encoding")?.toLowerCase() ?? "binary";
  if (!["7bit", "8bit", "binary"].includes(encoding)) {
    throw new MultipartError("a part has a transfer encoding, which RFC 7578 has done away with");
  }
  const disposition = fields.get("content-disposition");
  if (disposition === undefined) throw new MultipartError("a part has no Content-Disposition");
  const parameters = dispositionParameters(disposition);
  const name = parameters.get("name");
  if (name === undefined) throw new MultipartError("a part has no name");
  const fileName = parameters.get("filename") ?? extendedValue(parameters.get("filename*"));
  return { name, fileName, contentType: fields.get("content-type") ?? null };
}

function dispositionParameters(disposition: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  const type = /^form-data\s*(?=;|$)/i.exec(disposition);
  if (type === null) throw new MultipartError("a part is not form-data");
  const parameter = /;\s*(?:([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))\s*)?/y;
  let at = type[0].length;
  while (at < disposition.length) {
    parameter.lastIndex = at;
    const match = parameter.exec(disposition);
    if (match === null) throw new MultipartError("a Content-Disposition is malformed");
    at = parameter.lastIndex;
    const [, written, quoted, bare] = match;
    if (written === undefined) continue;
    const name = written.toLowerCase();
    if (parameters.has(name)) throw new MultipartError(`a Content-Disposition has ${name} twice`);
    parameters.set(name, quoted === undefined ? bare ?? "" : unquoted(quoted));
  }
  return parameters;
}

/** Browsers write a quote inside as %22 and leave a backslash as it is; others quote both with a
 * backslash. */
function unquoted(text: string): string {
  return text.replace(/\\(["\\])/g, "$1").replaceAll("%22", '"');
}

/** `UTF-8''na%C3%AFve.txt` (RFC 8187). RFC 7578 rules it out, but some clients send only this. */
function extendedValue(text: string | undefined): string | null {
  if (text === undefined) return null;
  const match = /^utf-8'[^']*'(.*)$/i.exec(text);
  try {
    if (match !== null) return decodeURIComponent(match[1] ?? "");
  } catch {
    // The error below says so.
  }
  throw new MultipartError("a filename* is malformed");
}

function decode(header: Uint8Array): string {
  try {
    return decoder.decode(header);
  } catch {
    throw new MultipartError("the headers of a part are not UTF-8");
  }
}
