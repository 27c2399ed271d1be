// Speaks for a plain client, which sends lines of text: a line is said in the room, or is a command
// that begins with a slash (docs/chat.md).

import { cleanText } from "../clean_text.ts";
import { markedName, plainMessage, plainNotice } from "../delivery/plain_lines.ts";
import { type Hub, roomOf } from "../hub/hub.ts";
import type { LocalMember } from "../hub/local_member.ts";
import type { ChatMessage } from "../message.ts";
import { RefusedError } from "../refused_error.ts";
import { fitting } from "./fitting.ts";
import { LOOK_UP_COST, mayDoMore, sayAndAnswer, type Speaker } from "./speaker.ts";

const DEFAULT_HISTORY = 10;

/** How many names or rooms one line lists. */
const MAX_LISTED = 50;

/** The commands, as `/help` lists them. */
export const COMMANDS = {
  name: "/name NAME",
  join: "/join ROOM",
  rooms: "/rooms",
  who: "/who",
  me: "/me TEXT",
  msg: "/msg NAME TEXT",
  history: "/history [N]",
  search: "/search WORDS",
  kick: "/kick NAME",
  ban: "/ban NAME",
  quit: "/quit",
  help: "/help",
} as const;

type Command = keyof typeof COMMANDS;

/** The speaker of a plain client, and of the terminal of the server. */
export class PlainSpeaker implements Speaker {
  readonly #hub: Hub;
  readonly #member: LocalMember;

  constructor(hub: Hub, member: LocalMember) {
    this.#hub = hub;
    this.#member = member;
    member.wire = "plain";
  }

  async take(line: string): Promise<boolean> {
    const text = cleanText(line);
    try {
      if (text === "") {
        if (this.#member.room === undefined) await this.#enter({});
        return true;
      }
      const { command, rest } = parse(text);
      const cost = command === "history" || command === "search" ? LOOK_UP_COST : 1;
      if (!mayDoMore(this.#hub, this.#member, cost)) return true;
      if (command === "quit") return false;
      if (this.#member.room === undefined && await this.#enterWith(command, rest)) return true;
      await this.#obey(command, rest);
      return true;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#say(error.message);
      // A client that was refused before it was in a room can do nothing here: its session ends.
      return this.#member.room !== undefined;
    }
  }

  /** Enters with the first line of a client, which may name the member or the room.
   * @returns whether the line asked for nothing else */
  async #enterWith(command: Command | undefined, rest: string): Promise<boolean> {
    const asked = command === "name" ? { name: rest } : command === "join" ? { room: rest } : {};
    try {
      await this.#enter(asked);
    } catch (error) {
      if (!(error instanceof RefusedError) || !("name" in asked || "room" in asked)) throw error;
      await this.#enter({});
      this.#say(error.message);
    }
    return "name" in asked || "room" in asked;
  }

  async #enter(asked: { readonly name?: string; readonly room?: string }): Promise<void> {
    const room = await this.#hub.enter(this.#member, asked);
    const others = this.#hub.countOf(room) - 1;
    const company = others === 0 ? "alone" : `with ${others} other${others === 1 ? "" : "s"}`;
    const who = markedName(this.#member.name, this.#member.standing);
    this.#say(`you are ${who}, ${company} in ${room.name}; /help says more`);
  }

  async #obey(command: Command | undefined, rest: string): Promise<void> {
    const hub = this.#hub;
    const member = this.#member;
    switch (command) {
      case undefined:
        return await this.#speak(rest, "say");
      case "me":
        return await this.#speak(needed(rest, command), "me");
      case "name":
        await hub.rename(member, needed(rest, command));
        return this.#say(`you are ${markedName(member.name, member.standing)} now`);
      case "join":
        return await this.#join(needed(rest, command));
      case "rooms":
        return this.#say(
          `rooms: ${listed(hub.rooms().map((one) => `${one.room} (${one.members})`))}`,
        );
      case "who": {
        const names = hub.who(member).map(({ name, standing }) => markedName(name, standing));
        return this.#say(`in ${roomOf(member).name}: ${listed(names)}`);
      }
      case "msg": {
        const { first, others } = firstWord(needed(rest, command));
        return await hub.whisper(member, first, needed(others, command));
      }
      case "history":
        return await this.#history(rest);
      case "search": {
        const { name } = roomOf(member);
        const words = needed(rest, command);
        const count = Math.min(DEFAULT_HISTORY * 2, member.options.historyLimit);
        return this.#show(
          await hub.read((log) => log.search(name, words, count)),
          "nothing holds all these words",
        );
      }
      case "kick":
      case "ban": {
        const { first, others } = firstWord(needed(rest, command));
        return await hub.expel(member, first, command === "ban", others);
      }
      case "help":
        return this.#say(
          `${Object.values(COMMANDS).join(", ")}; all else is said; //text says /text`,
        );
    }
  }

  async #speak(text: string, kind: ChatMessage["kind"]): Promise<void> {
    await sayAndAnswer(this.#hub, this.#member, { text, kind }, {
      // A plain client is told only of messages that were not stored.
      acknowledge: () => {},
      refuse: (error) => this.#say(error.message),
    });
  }

  async #join(asked: string): Promise<void> {
    const before = this.#member.room;
    const room = await this.#hub.enter(this.#member, { room: asked });
    const others = this.#hub.countOf(room) - 1;
    this.#say(
      before === room
        ? `you are in ${room.name} already`
        : `you are in ${room.name} now, with ${others} other${others === 1 ? "" : "s"}`,
    );
  }

  async #history(rest: string): Promise<void> {
    const { historyLimit } = this.#member.options;
    const asked = rest === "" ? DEFAULT_HISTORY : Number(rest);
    if (!Number.isInteger(asked) || asked < 1) {
      throw new RefusedError("bad-request", `${COMMANDS.history}: N is a number from 1`);
    }
    const { name } = roomOf(this.#member);
    this.#show(
      await this.#hub.read((log) => log.last(name, Math.min(asked, historyLimit))),
      `nothing has been said in ${name}`,
    );
  }

  #show(messages: readonly ChatMessage[], none: string): void {
    if (messages.length === 0) this.#say(none);
    const { historyBytes } = this.#member.options;
    for (const message of fitting(messages, historyBytes, "last")) {
      this.#member.tell(plainMessage(message));
    }
  }

  #say(text: string): void {
    this.#member.tell(plainNotice(text));
  }
}

/** Tells a command from a line that is said.
 * @throws {RefusedError} when there is no such command */
function parse(text: string): { readonly command: Command | undefined; readonly rest: string } {
  if (!text.startsWith("/")) return { command: undefined, rest: text };
  if (text.startsWith("//")) return { command: undefined, rest: text.slice(1) };
  const { first, others } = firstWord(text.slice(1));
  const command = first.toLowerCase();
  if (Object.hasOwn(COMMANDS, command)) return { command: command as Command, rest: others };
  throw new RefusedError(
    "unknown-type",
    `there is no /${command.slice(0, 32)}; /help says what there is, and //text says /text`,
  );
}

function firstWord(text: string): { readonly first: string; readonly others: string } {
  const end = text.search(/\s/);
  return end < 0
    ? { first: text, others: "" }
    : { first: text.slice(0, end), others: text.slice(end).trim() };
}

function needed(rest: string, command: Command): string {
  if (rest !== "") return rest;
  throw new RefusedError("bad-request", `it is written ${COMMANDS[command]}`);
}

function listed(items: readonly string[]): string {
  const more = items.length - MAX_LISTED;
  const shown = items.slice(0, MAX_LISTED).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown || "nobody";
}
