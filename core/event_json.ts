// Serializes events and messages to JSON, for `--log-format json` and the inspector.

import type { HttpPart, ServerEvent } from "./event.ts";
import type { Message } from "./session.ts";

/** An event as a JSON object: `event` first, a message as `text` or, if not UTF-8, as `base64`. */
export function eventJson(event: ServerEvent): Readonly<Record<string, unknown>> {
  if (event.event === "request" && event.content !== undefined) {
    const { content: { request, response, ...timing }, ...rest } = event;
    const content = { request: partJson(request), response: partJson(response), ...timing };
    return { ...rest, content };
  }
  if (!("message" in event)) return { ...event };
  const { message, ...rest } = event;
  return { ...rest, ...messageJson(message) };
}

function partJson({ message, ...rest }: HttpPart) {
  return { ...rest, ...messageJson(message) };
}

/** A message as JSON fields. */
export function messageJson(message: Message): { text: string } | { base64: string } {
  if (typeof message === "string") return { text: message };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(message) };
  } catch {
    let binary = "";
    for (const byte of message) binary += String.fromCharCode(byte);
    return { base64: btoa(binary) };
  }
}
