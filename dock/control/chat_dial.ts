// A member of a chat of this process: comes back by itself when the connection is lost, as the client in
// a terminal does.

import type { ChatEntry, ChatRequest } from "../../web/control/dials.ts";
import { chatEventJson, chatMessageJson } from "../../protocols/chat/client/event_json.ts";
import { mentions } from "../../protocols/chat/client/mentions.ts";
import { joinChat, type JoinedChat } from "../join_chat.ts";
import { asProblem } from "./dial_problem.ts";
import type { Dialling } from "./dialling.ts";
import type { OpenDial, TellDial } from "./open_dial.ts";

export class ChatDial implements OpenDial {
  readonly kind = "chat";
  readonly ended: Promise<string>;
  readonly #chat: JoinedChat;
  readonly #tell: TellDial;
  #reason: string | undefined;

  private constructor(chat: JoinedChat, tell: TellDial) {
    this.#chat = chat;
    this.#tell = tell;
    this.ended = this.#hear();
  }

  /** Enters a chat, under another name where the wanted one is taken. */
  static async enter(
    { url, options }: Dialling,
    entry: ChatEntry,
    tell: TellDial,
  ): Promise<ChatDial> {
    const chat = await joinChat(url, { ...options, ...entry, otherName: true });
    return new ChatDial(chat, tell);
  }

  /** @throws {Problem} when the chat refuses */
  async ask(request: ChatRequest): Promise<unknown> {
    try {
      return await this.#ask(request);
    } catch (error) {
      throw asProblem(error);
    }
  }

  close(reason: string): void {
    this.#reason ??= reason;
    void this.#chat.close().catch(() => {});
  }

  async #ask(request: ChatRequest): Promise<unknown> {
    const chat = this.#chat;
    switch (request.type) {
      case "say":
        return await chat.say(request.text, request.kind, request.id);
      case "join":
        await chat.join(request.room);
        return { room: chat.room };
      case "name":
        await chat.setName(request.name);
        return { name: chat.name };
      case "who":
        return { members: await chat.who() };
      case "rooms":
        return { rooms: await chat.rooms() };
      case "history":
        return this.#shown(await chat.history(request.count, request.before));
      case "search":
        return this.#shown(await chat.search(request.words, request.count));
      case "msg":
        await chat.whisper(request.to, request.text);
        return {};
      default:
        await chat[request.type](request.name, request.reason);
        return {};
    }
  }

  #shown(messages: Awaited<ReturnType<JoinedChat["history"]>>) {
    return {
      messages: messages.map((message) => ({
        ...chatMessageJson(message),
        mention: mentions(message.text, this.#chat.name),
      })),
    };
  }

  /** Resolves to why the chat has ended. */
  async #hear(): Promise<string> {
    let reason = "the chat has ended";
    for await (const event of this.#chat) {
      if (event.event === "closed") reason = event.reason;
      // That we left is no news to whoever closed it.
      if (this.#reason !== undefined && event.event === "closed") break;
      const mention = event.event === "message" && !event.own &&
        mentions(event.message.text, this.#chat.name);
      this.#tell({
        event: "received",
        chat: { ...chatEventJson(event), ...(mention && { mention }) },
      });
    }
    return this.#reason ?? reason;
  }
}
