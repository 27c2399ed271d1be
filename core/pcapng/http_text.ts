// A request and its answer as HTTP/1.1 writes them, as far as their event tells: what it does not have
// of the bodies is left out behind the rest, and without `content` it has no more than the first line.

import type { HttpPart, RequestEvent } from "../event.ts";
import { bytesOf } from "../session.ts";
import type { Payload } from "./packets.ts";

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();

export function httpPayloads(
  { method, path, url, status, bytes, content }: RequestEvent,
): { readonly request: Payload; readonly response: Payload } {
  const host = /^[\w+]+:\/\/([^/?#]*)/.exec(url)?.[1] ?? "";
  // HTTP/2 has the host in a field of another name.
  const named = content?.request.headers.some(([name]) => name.toLowerCase() === "host");
  const request = content?.request ?? { headers: [], bytes: 0, message: NOTHING };
  const response = content?.response ?? { headers: [], bytes, cut: true, message: NOTHING };
  return {
    request: payload(`${method} ${path} HTTP/1.1`, {
      ...request,
      headers: named ? request.headers : [["Host", host], ...request.headers],
    }),
    response: payload(`HTTP/1.1 ${status}`, response),
  };
}

function payload(line: string, { headers, bytes, cut, message }: HttpPart): Payload {
  const body = bytesOf(message);
  // One with masked secrets has another length than it had.
  const bodyBytes = cut ? Math.max(bytes, body.length) : body.length;
  // Chunks are put together, and a body that is not there, as after HEAD, has the length that it would
  // have had.
  const fields = bodyBytes === 0 ? headers : [
    ...headers.filter(([name]) => !/^(?:content-length|transfer-encoding)$/i.test(name)),
    ["Content-Length", String(bodyBytes)] as const,
  ];
  const head = encoder.encode(
    [line, ...fields.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n"),
  );
  const known = new Uint8Array(head.length + body.length);
  known.set(head);
  known.set(body, head.length);
  return { bytes: known, wholeBytes: head.length + bodyBytes };
}
