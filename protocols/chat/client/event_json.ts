// What happens in a chat as JSON, with times as in docs/chat.md.

import type { ChatMessage } from "../message.ts";
import type { ChatEvent } from "./chat_over.ts";

/** Converts an event, of a chat or of the connection to it, to a JSON object. */
export function chatEventJson(
  event:
    | ChatEvent
    | { readonly event: "message"; readonly message: ChatMessage; readonly own: boolean }
    | { readonly event: string },
): Readonly<Record<string, unknown>> {
  if ("message" in event) {
    const { message, ...rest } = event;
    return { ...rest, ...chatMessageJson(message) };
  }
  if ("whisper" in event) {
    const { timeMs, ...whisper } = event.whisper;
    return { event: event.event, ...whisper, time: new Date(timeMs).toISOString() };
  }
  return event;
}

/** Converts a message. */
export function chatMessageJson(
  { timeMs, sentAtMs, ...message }: ChatMessage,
): Readonly<Record<string, unknown>> {
  const sentAt = sentAtMs === undefined ? {} : { sentAt: new Date(sentAtMs).toISOString() };
  return { ...message, time: new Date(timeMs).toISOString(), ...sentAt };
}
