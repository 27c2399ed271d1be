// A representation of a file (RFC 9110 3.2): without a content coding or in one, with the header
// fields of its responses.

import type { Validators } from "../../request/conditions.ts";
import type { Coding } from "../../request/codings.ts";
import { httpDate } from "../../request/http_date.ts";
import type { Located } from "../access/located.ts";

/** The bytes of a file. Pure ASCII is a string, because Deno sends strings fastest. */
export type Content = string | Uint8Array<ArrayBuffer>;

interface RepresentationParts {
  readonly file: Located;
  /** The bytes, or null where they are read from the disk for each answer. */
  readonly content: Content | null;
  readonly bytes: number;
  readonly etag: string;
  readonly modifiedMs: number;
  readonly contentType: string;
  readonly coding: Coding | null;
  /** Whether the same URL may be answered in another coding. */
  readonly varies: boolean;
  /** Further fields of every response with a file: CORS, Cache-Control, those of the user. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface Representation extends Validators {
  readonly file: Located;
  readonly content: Content | null;
  readonly bytes: number;
  readonly contentType: string;
  readonly coding: Coding | null;
  readonly varies: boolean;
  /** The header fields of 200 and, but for Content-Type and Content-Length, 206. */
  readonly headers: Readonly<Record<string, string>>;
  /** The header fields of 304. */
  readonly unchangedHeaders: Readonly<Record<string, string>>;
  /** Made once, because making them for every response is slow. */
  readonly whole: ResponseInit;
  readonly notModified: ResponseInit;
}

export function representation(parts: RepresentationParts): Representation {
  const { file, content, bytes, etag, modifiedMs, contentType, coding, varies, fields } = parts;
  const vary = [...(varies ? ["accept-encoding"] : []), ...(fields["vary"] ? [fields["vary"]] : [])]
    .join(", ");
  const ofAnyStatus = { etag, ...fields, ...(vary !== "" && { vary }) };
  const headers = {
    "content-type": contentType,
    "x-content-type-options": "nosniff",
    "accept-ranges": "bytes",
    "last-modified": httpDate(modifiedMs),
    ...(coding !== null && { "content-encoding": coding }),
    ...ofAnyStatus,
  };
  return {
    file,
    content,
    bytes,
    contentType,
    coding,
    varies,
    etag,
    modified: Math.floor(modifiedMs / 1000),
    headers,
    unchangedHeaders: ofAnyStatus,
    whole: {
      // Deno knows the length of bytes in memory; a file it would send in chunks.
      headers: content === null ? { ...headers, "content-length": String(bytes) } : headers,
    },
    notModified: { status: 304, headers: ofAnyStatus },
  };
}

/** The memory of the content: the cache holds it once, and its ready answer once more. */
export function contentWeight(content: Content | null): number {
  return 2 * (content?.length ?? 0);
}

/** The bytes in the type that is sent fastest. */
export function contentOf(bytes: Uint8Array<ArrayBuffer>): Content {
  for (let at = 0; at < bytes.length; at++) if (bytes[at]! > 0x7f) return bytes;
  return new TextDecoder().decode(bytes);
}
