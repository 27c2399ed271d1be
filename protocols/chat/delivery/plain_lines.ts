// The lines of text that plain clients get, as docs/chat.md has them.

import type { ChatMessage, Standing } from "../message.ts";

let minute = -1;
let clock = "";

/** Hours and minutes in the time zone of the server, as `12:04`. */
function clockTime(timeMs: number): string {
  const now = Math.floor(timeMs / 60_000);
  // Kept, because nearly every message is of the same minute as the one before.
  if (now !== minute) {
    const date = new Date(timeMs);
    minute = now;
    clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  }
  return clock;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}

/** A name, marked when it is verified. */
export function markedName(name: string, standing: Standing): string {
  return standing === "verified" ? `${name}✓` : name;
}

export function plainMessage({ timeMs, name, standing, kind, text }: ChatMessage): string {
  const who = markedName(name, standing);
  return kind === "me"
    ? `${clockTime(timeMs)} * ${who} ${text}`
    : `${clockTime(timeMs)} ${who}: ${text}`;
}

export function plainPrivate(
  timeMs: number,
  name: string,
  standing: Standing,
  text: string,
): string {
  return `${clockTime(timeMs)} [${markedName(name, standing)}] ${text}`;
}

/** A line of the chat itself, such as that a member came. */
export function plainNotice(text: string): string {
  return `* ${text}`;
}
