// The chat client of one user: carries out the lines typed, and prints the events.

import { errorText } from "../../core/event.ts";
import type { ChatLinkEvent, JoinedChat } from "../../dock/join_chat.ts";
import { ChatLostError } from "../../protocols/chat/client/chat_over.ts";
import { mentions } from "../../protocols/chat/client/mentions.ts";
import type { ChatLines } from "./lines.ts";
import { chatCommands, parseChatLine } from "./words.ts";

/** Limit of the names kept for completion. */
const MAX_NAMES = 5000;

interface ChatTalkHooks {
  /** Prints lines, which are escaped already. */
  show(lines: readonly string[]): void;
  /** Returns a refused line to the editor, for the user to change. */
  giveBack(line: string): void;
  /** Alerts the user to a mention or a private message. */
  ring(): void;
}

export class ChatTalk {
  readonly #link: JoinedChat;
  readonly #lines: ChatLines;
  readonly #hooks: ChatTalkHooks;
  /** The members of the room, in the order in which they last spoke. */
  #names = new Set<string>();
  #rooms: readonly string[] = [];
  /** Number of lines that were refused or not acknowledged. */
  unsaid = 0;

  constructor(link: JoinedChat, lines: ChatLines, hooks: ChatTalkHooks) {
    this.#link = link;
    this.#lines = lines;
    this.#hooks = hooks;
  }

  /** The other members of the room; the one that spoke last comes first. */
  get names(): string[] {
    return [...this.#names].reverse().filter((name) => name !== this.#link.name);
  }

  get rooms(): readonly string[] {
    return this.#rooms;
  }

  take(event: ChatLinkEvent): void {
    switch (event.event) {
      case "message": {
        const { message, own } = event;
        this.#spoke(message.name);
        const isMention = !own && mentions(message.text, this.#link.name);
        this.#hooks.show(this.#lines.message(message, own ? undefined : this.#link.name));
        if (isMention) this.#hooks.ring();
        return;
      }
      case "private":
        this.#spoke(event.whisper.name);
        this.#hooks.show(this.#lines.whisper(event.whisper));
        this.#hooks.ring();
        return;
      case "connected":
      case "joined":
        this.#lookAround();
        break;
      case "came":
        this.#spoke(event.name);
        break;
      case "went":
        this.#names.delete(event.name);
        break;
      case "renamed":
        this.#names.delete(event.name);
        this.#spoke(event.to);
        break;
    }
    const line = this.#lines.event(event);
    if (line !== undefined) this.#hooks.show([line]);
  }

  /** Carries out a line; resolves to whether the user stays. Errors are printed. */
  async carryOut(line: string): Promise<boolean> {
    const wish = parseChatLine(line);
    switch (wish.wish) {
      case "nothing":
        return true;
      case "quit":
        return false;
      case "wrong":
        this.#refuse(line, wish.why);
        return true;
      case "help":
        this.#hooks.show(
          chatCommands.map(([name, rest, does]) =>
            this.#lines.notice(`${`/${name} ${rest}`.padEnd(22)} ${does}`)
          ),
        );
        return true;
    }
    try {
      await this.#do(wish);
    } catch (error) {
      if (wish.wish === "say" || wish.wish === "me") this.unsaid++;
      this.#refuse(line, errorText(error));
    }
    return true;
  }

  async #do(
    wish: Exclude<
      ReturnType<typeof parseChatLine>,
      { readonly wish: "nothing" | "quit" | "wrong" | "help" }
    >,
  ): Promise<void> {
    const link = this.#link;
    switch (wish.wish) {
      case "say":
      case "me":
        if (!link.connected) this.#notice("no connection just now: this is said once it is back");
        await link.say(wish.text, wish.wish);
        return;
      case "name":
        await link.setName(wish.name);
        return;
      case "join":
        await link.join(wish.name);
        return;
      case "msg":
        await link.whisper(wish.name, wish.text);
        this.#notice(`to ${wish.name}: ${wish.text}`);
        return;
      case "kick":
      case "ban":
        await link[wish.wish](wish.name, wish.reason);
        return;
      case "rooms": {
        const rooms = await link.rooms();
        this.#rooms = rooms.map(({ room }) => room);
        const listed = rooms.map(({ room, members }) => `${room} (${members})`);
        this.#notice(listed.length === 0 ? "nobody is anywhere" : `rooms: ${listed.join(", ")}`);
        return;
      }
      case "who": {
        const members = await link.who();
        const listed = members.map(({ name, standing }) =>
          standing === "verified" ? `${name}✓` : name
        );
        this.#notice(`in ${link.room}: ${listed.join(", ")}`);
        return;
      }
      case "history":
      case "search": {
        const messages = wish.wish === "history"
          ? await link.history(wish.count ?? 20)
          : await link.search(wish.text);
        if (messages.length === 0) this.#notice("nothing was found");
        else this.#hooks.show(messages.flatMap((message) => this.#lines.message(message)));
        return;
      }
    }
  }

  #notice(text: string): void {
    this.#hooks.show([this.#lines.notice(text)]);
  }

  #refuse(line: string, why: string): void {
    this.#hooks.show([this.#lines.problem(why)]);
    this.#hooks.giveBack(line);
  }

  /** Requests the members and rooms, for completion. */
  #lookAround(): void {
    this.#names = new Set();
    const ask = async () => {
      // Members that send a message meanwhile stay at the end.
      const members = await this.#link.who();
      const all = [...members.map(({ name }) => name), ...this.#names];
      this.#names = new Set(all.slice(-MAX_NAMES));
      this.#rooms = (await this.#link.rooms()).map(({ room }) => room).slice(0, MAX_NAMES);
    };
    ask().catch((error: unknown) => {
      // A lost connection is reported by its own event; a server may refuse to list its rooms.
      if (!(error instanceof ChatLostError)) this.#rooms = [];
    });
  }

  #spoke(name: string): void {
    this.#names.delete(name);
    this.#names.add(name);
    if (this.#names.size <= MAX_NAMES) return;
    for (const first of this.#names) {
      this.#names.delete(first);
      return;
    }
  }
}
