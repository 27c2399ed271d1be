// The JSON objects that rich clients get, as docs/chat.md has them.

import { isoTime } from "../../../core/clock.ts";
import type { ChatMessage } from "../message.ts";

/** A message as JSON, without its type. */
export function messageFields(message: ChatMessage): Readonly<Record<string, unknown>> {
  const { id, room, seq, name, standing, kind, text, timeMs, sentAtMs } = message;
  return {
    id,
    room,
    seq,
    name,
    standing,
    kind,
    text,
    time: isoTime(timeMs),
    sentAt: sentAtMs === undefined ? undefined : isoTime(sentAtMs),
  };
}

export function richMessage(message: ChatMessage): string {
  return richLine("message", messageFields(message));
}

/** One JSON object with its type. Fields that are undefined are left out. */
export function richLine(type: string, fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ type, ...fields });
}
