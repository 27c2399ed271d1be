// The body of a form with files (multipart/form-data, RFC 7578), streamed for files of any size.

import { UsageError } from "../../core/usage_error.ts";
import type { OutgoingBody } from "./message.ts";

/** A file in a form, or a field with a media type. The platform's `File` is one. */
export interface FormFile {
  /** The name that the server sees. Without one it is a field and no file. */
  readonly name?: string | undefined;
  /** Its media type; empty when it is not known. */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  /** Opens the contents; each call starts from the beginning. */
  stream(): AsyncIterable<Uint8Array>;
}

const encoder = new TextEncoder();
const CR_LF = encoder.encode("\r\n");

/** The body of a form with files, and its media type. */
export function multipartBody(
  fields: readonly (readonly [name: string, value: string | FormFile])[],
): { readonly body: OutgoingBody; readonly type: string } {
  // Random, so that no file contains it.
  const boundary = `sockdock-${crypto.randomUUID()}`;
  const parts = fields.map(([name, value]) => ({
    head: encoder.encode(`--${boundary}\r\n${partHead(name, value)}\r\n\r\n`),
    content: typeof value === "string" ? encoder.encode(value) : value,
  }));
  const end = encoder.encode(`--${boundary}--\r\n`);
  const lengthBytes = parts.reduce((sum, { head, content }) => {
    const contentBytes = content instanceof Uint8Array ? content.length : content.size;
    return sum + head.length + contentBytes + CR_LF.length;
  }, end.length);
  async function* open(): AsyncGenerator<Uint8Array> {
    for (const { head, content } of parts) {
      yield head;
      if (content instanceof Uint8Array) yield content;
      else yield* content.stream();
      yield CR_LF;
    }
    yield end;
  }
  return {
    body: { lengthBytes, repeatable: true, available: true, open },
    type: `multipart/form-data; boundary=${boundary}`,
  };
}

function partHead(name: string, value: string | FormFile): string {
  const disposition = `Content-Disposition: form-data; name="${escaped(name)}"`;
  if (typeof value === "string") return disposition;
  const type = value.type === "" ? "application/octet-stream" : value.type;
  if (!/^[\x20-\x7e]+$/.test(type)) {
    throw new UsageError(`${value.name ?? name} cannot have the media type "${type}"`);
  }
  const filename = value.name === undefined ? "" : `; filename="${escaped(value.name)}"`;
  return `${disposition}${filename}\r\nContent-Type: ${type}`;
}

/** Escapes a name as browsers do (HTML, multipart/form-data encoding algorithm). */
function escaped(name: string): string {
  return name.replace(/\r\n|\r|\n/g, "%0D%0A").replaceAll('"', "%22");
}
