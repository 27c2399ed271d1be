// Speaks for a rich client: each message is one JSON object, and each is answered (docs/chat.md).

import { isoTime } from "../../../core/clock.ts";
import { messageFields, richLine } from "../delivery/rich_lines.ts";
import { type Hub, roomOf } from "../hub/hub.ts";
import type { LocalMember } from "../hub/local_member.ts";
import type { Receipt } from "../log.ts";
import type { ChatMessage } from "../message.ts";
import { RefusedError } from "../refused_error.ts";
import { type CatchUp, enterAndCatchUp } from "./catch_up.ts";
import { fitting } from "./fitting.ts";
import { jsonObject, RichRequest } from "./rich_request.ts";
import { LOOK_UP_COST, mayDoMore, sayAndAnswer, type Speaker } from "./speaker.ts";

const VERSION = 1;

const DEFAULT_HISTORY = 50;

export class RichSpeaker implements Speaker {
  readonly #hub: Hub;
  readonly #member: LocalMember;

  constructor(hub: Hub, member: LocalMember) {
    this.#hub = hub;
    this.#member = member;
    member.wire = "rich";
  }

  async take(text: string): Promise<boolean> {
    if (text.trim() === "") return true;
    const fields = jsonObject(text);
    const request = new RichRequest(fields ?? {});
    try {
      if (fields === undefined) {
        if (mayDoMore(this.#hub, this.#member)) {
          throw new RefusedError("bad-request", "this is no JSON object");
        }
        return true;
      }
      const { type } = request;
      const cost = type === "history" || type === "search" ? LOOK_UP_COST : 1;
      if (!mayDoMore(this.#hub, this.#member, cost)) return true;
      request.checkRef();
      if (type === "quit") return false;
      await this.#obey(request);
      return true;
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      this.#refuse(error, request.ref);
      return error.code !== "banned";
    }
  }

  async #obey(request: RichRequest): Promise<void> {
    const hub = this.#hub;
    const member = this.#member;
    const { listLimit } = member.options;
    const { ref } = request;
    switch (request.type) {
      case "hello":
        return await this.#hello(request);
      case "say":
        return await this.#say(request);
      case "join": {
        roomOf(member);
        const asked = request.text("room");
        return await enterAndCatchUp(hub, member, readCatchUp(request), async () => {
          const room = await hub.enter(member, { room: asked });
          return richLine("joined", { room: room.name, members: hub.countOf(room), ref });
        });
      }
      case "name":
        await hub.rename(member, request.text("name"));
        return this.#answer("named", { name: member.name, standing: member.standing, ref });
      case "rooms":
        return this.#answer("rooms", { rooms: hub.rooms().slice(0, listLimit), ref });
      case "who": {
        const members = hub.who(member).slice(0, listLimit);
        return this.#answer("who", { room: roomOf(member).name, members, ref });
      }
      case "history": {
        const room = roomOf(member).name;
        const before = request.optionalCount("before");
        const count = this.#count(request);
        return this.#history(room, await hub.read((log) => log.last(room, count, before)), ref);
      }
      case "search": {
        const room = roomOf(member).name;
        const words = request.text("words");
        const count = this.#count(request);
        return this.#history(room, await hub.read((log) => log.search(room, words, count)), ref);
      }
      case "msg":
        await hub.whisper(member, request.text("to"), request.text("text"));
        return this.#answer("ack", { scope: "memory", ref });
      case "kick":
      case "ban": {
        const reason = request.optionalText("reason") ?? "";
        await hub.expel(member, request.text("name"), request.type === "ban", reason);
        return this.#answer("ack", { scope: "memory", ref });
      }
      case "ping":
        return this.#answer("pong", { time: isoTime(hub.now()), ref });
    }
  }

  /** Enters, or welcomes a member again that has entered already: on datagrams an answer may be lost,
   * and the client repeats its hello. */
  async #hello(request: RichRequest): Promise<void> {
    const version = request.optionalCount("version");
    if (version !== VERSION) {
      throw new RefusedError("version", `this server speaks version ${VERSION}`);
    }
    await enterAndCatchUp(this.#hub, this.#member, readCatchUp(request), async () => {
      await this.#enter(request);
      return this.#welcome(request.ref);
    });
  }

  async #say(request: RichRequest): Promise<void> {
    const member = this.#member;
    const saying = {
      text: request.text("text"),
      kind: request.kind,
      ...(request.id !== undefined && { id: request.id }),
      ...(request.sentAtMs !== undefined && { sentAtMs: request.sentAtMs }),
    };
    if (member.room === undefined) {
      await enterAndCatchUp(this.#hub, member, readCatchUp(request), async () => {
        await this.#enter(request);
        return this.#welcome(undefined);
      });
    } else await this.#enter(request);
    const { ref } = request;
    await sayAndAnswer(this.#hub, member, saying, {
      acknowledge: (receipt) => this.#acknowledge(receipt, ref),
      refuse: (error) => this.#refuse(error, ref),
    });
  }

  /** Takes the room and the name that a request gives, where it gives them. */
  async #enter(request: RichRequest): Promise<void> {
    const member = this.#member;
    const name = request.optionalText("name");
    const room = request.optionalText("room");
    if (member.room === undefined) {
      await this.#hub.enter(member, { name, room });
      return;
    }
    if (room !== undefined) await this.#hub.enter(member, { room });
    if (name !== undefined && member.standing === "plain" && name !== member.name) {
      await this.#hub.rename(member, name);
    }
  }

  #welcome(ref: unknown): string {
    const { name, standing, options } = this.#member;
    const room = roomOf(this.#member);
    const { maxTextBytes, maxNameLength, messageRatePerSecond, messageBurst } = this.#hub.options;
    return richLine("welcome", {
      version: VERSION,
      name,
      standing,
      room: room.name,
      members: this.#hub.countOf(room),
      time: isoTime(this.#hub.now()),
      limits: {
        textBytes: maxTextBytes,
        nameLength: maxNameLength,
        history: options.historyLimit,
        messagesPerSecond: messageRatePerSecond,
        burst: messageBurst,
      },
      ref,
    });
  }

  #count(request: RichRequest): number {
    const { historyLimit } = this.#member.options;
    return Math.min(request.optionalCount("count") ?? DEFAULT_HISTORY, historyLimit);
  }

  #history(room: string, messages: readonly ChatMessage[], ref: unknown): void {
    const fit = fitting(messages, this.#member.options.answerBytes, "last");
    this.#answer("history", { room, messages: fit.map(messageFields), ref });
  }

  #acknowledge({ id, seq, scope, duplicate }: Receipt, ref: unknown): void {
    this.#answer("ack", { id, seq, scope, ...(duplicate && { duplicate }), ref });
  }

  #refuse({ code, message }: RefusedError, ref: unknown): void {
    this.#answer("error", { code, text: message, ref });
  }

  #answer(type: string, fields: Readonly<Record<string, unknown>>): void {
    this.#member.tell(richLine(type, fields));
  }
}

function readCatchUp(request: RichRequest): CatchUp {
  return { after: request.optionalCount("after"), last: request.optionalCount("last") };
}
