// Parses the lines that a user types in a chat (a message, or a command that begins with a slash),
// and completes the last word of one.

import type { Completion } from "../terminal/line_editor.ts";

/** The meaning of a typed line. */
type ChatWish =
  | { readonly wish: "nothing" | "help" | "quit" | "rooms" | "who" }
  | { readonly wish: "say" | "me" | "search"; readonly text: string }
  | { readonly wish: "name" | "join"; readonly name: string }
  | { readonly wish: "msg"; readonly name: string; readonly text: string }
  | { readonly wish: "history"; readonly count: number | undefined }
  | { readonly wish: "kick" | "ban"; readonly name: string; readonly reason: string | undefined }
  /** An invalid line, with the correct usage. */
  | { readonly wish: "wrong"; readonly why: string };

/** The commands with their arguments and effects, as `/help` prints them. */
export const chatCommands: readonly (readonly [name: string, rest: string, does: string])[] = [
  ["name", "NAME", "takes another name"],
  ["join", "ROOM", "goes to another room"],
  ["rooms", "", "lists the rooms that have members"],
  ["who", "", "lists who is in the room"],
  ["me", "TEXT", "says what you do"],
  ["msg", "NAME TEXT", "says something to one member alone"],
  ["history", "[N]", "shows the last messages"],
  ["search", "WORDS", "shows the last messages that hold all the words"],
  ["kick", "NAME [REASON]", "removes a member, for verified operators"],
  ["ban", "NAME [REASON]", "removes a member for good, for verified operators"],
  ["quit", "", "leaves, as Ctrl-D does"],
  ["help", "", "shows this; //text says /text"],
];

export function parseChatLine(line: string): ChatWish {
  if (line.trim() === "") return { wish: "nothing" };
  if (line.startsWith("//")) return { wish: "say", text: line.slice(1) };
  if (!line.startsWith("/")) return { wish: "say", text: line };
  const [, name = "", rest = ""] = /^\/(\S*)\s*(.*)$/su.exec(line.trimEnd()) ?? [];
  const command = chatCommands.find(([one]) => one === name.toLowerCase());
  if (command === undefined) {
    return { wish: "wrong", why: `there is no /${name}; /help lists what there is` };
  }
  const [word, expected] = command;
  const wrong: ChatWish = { wish: "wrong", why: `write it as /${word} ${expected}` };
  switch (word) {
    case "rooms":
    case "who":
    case "quit":
    case "help":
      return { wish: word };
    case "me":
    case "search":
      return rest === "" ? wrong : { wish: word, text: rest };
    case "name":
    case "join":
      return rest === "" || /\s/u.test(rest) ? wrong : { wish: word, name: rest };
    case "history":
      if (rest === "") return { wish: "history", count: undefined };
      return /^[1-9]\d{0,5}$/.test(rest) ? { wish: "history", count: Number(rest) } : wrong;
    default: {
      const [, to = "", text = ""] = /^(\S+)\s*(.*)$/su.exec(rest) ?? [];
      if (to === "") return wrong;
      if (word === "msg") return text === "" ? wrong : { wish: "msg", name: to, text };
      return { wish: word as "kick" | "ban", name: to, reason: text === "" ? undefined : text };
    }
  }
}

interface ChatNames {
  /** The members of the room; the one that spoke last comes first. */
  readonly names: Iterable<string>;
  readonly rooms: Iterable<string>;
}

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
