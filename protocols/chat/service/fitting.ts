// Cuts a list of old chat messages to as many as fit into one answer.

import { byteLength } from "../../../core/session.ts";
import type { ChatMessage } from "../message.ts";

/** About how many bytes a message has besides its text. */
const ABOUT_BYTES = 250;

/** The first or the last messages of a list that fit into so many bytes, and at least one. */
export function fitting(
  messages: readonly ChatMessage[],
  maxBytes: number,
  keep: "first" | "last",
): readonly ChatMessage[] {
  const wanted = keep === "first" ? messages : messages.toReversed();
  let left = maxBytes;
  let count = 0;
  for (const { text } of wanted) {
    left -= byteLength(text) + ABOUT_BYTES;
    if (left < 0 && count > 0) break;
    count++;
  }
  if (count === messages.length) return messages;
  return keep === "first" ? messages.slice(0, count) : messages.slice(-count);
}
