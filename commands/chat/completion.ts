// Completion in a chat: commands, names and rooms.

import { chatCommands } from "./words.ts";
import type { Completion } from "../terminal/line_editor.ts";

/** What is known to complete with. */
export interface ChatNames {
  /** Who is in the room, whoever spoke last first. */
  readonly names: Iterable<string>;
  readonly rooms: Iterable<string>;
}

/** Completes the last word before the cursor. */
export function completeChat(before: string, { names, rooms }: ChatNames): Completion {
  const from = before.search(/\S*$/u);
  const word = before.slice(from);
  if (from === 0 && word.startsWith("/")) {
    const commands = chatCommands.map(([name, rest]) => `/${name}${rest === "" ? "" : " "}`);
    return { from, candidates: matching(commands, word) };
  }
  const [, command] = /^\/(\S+)\s+\S*$/u.exec(before) ?? [];
  if (command === "join") {
    return { from, candidates: matching([...rooms], word) };
  }
  if (from > 0 && word === "" && command === undefined) return { from, candidates: [] };
  const after = from === 0 ? ": " : " ";
  return { from, candidates: matching([...names], word).map((name) => name + after) };
}

function matching(words: readonly string[], begun: string): string[] {
  const folded = begun.toLowerCase();
  return words.filter((word) => word.toLowerCase().startsWith(folded));
}
