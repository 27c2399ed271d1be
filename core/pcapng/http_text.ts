// A request and its answer as HTTP/1.1 writes them, as far as their event tells: bodies, and without
// `content` header fields too, are left out behind what is known.

import type { RequestEvent } from "../event.ts";
import type { Payload } from "./packets.ts";

const encoder = new TextEncoder();

export function httpPayloads(
  { method, path, url, status, bytes }: RequestEvent,
): { readonly request: Payload; readonly response: Payload } {
  const host = /^[\w+]+:\/\/([^/?#]*)/.exec(url)?.[1] ?? "";
  return {
    request: payload(`${method} ${path} HTTP/1.1`, [["Host", host]], 0),
    response: payload(`HTTP/1.1 ${status}`, [["Content-Length", String(bytes)]], bytes),
  };
}

function payload(
  line: string,
  fields: readonly (readonly [name: string, value: string])[],
  bodyBytes: number,
): Payload {
  const head = [line, ...fields.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n");
  const bytes = encoder.encode(head);
  return { bytes, wholeBytes: bytes.length + bodyBytes };
}
