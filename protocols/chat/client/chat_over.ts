// The dialling half of the chat: a rich client over any session (docs/chat.md). Long, because half
// of it is the interface for programs.

import type { Delivery } from "../../../core/connection.ts";
import { errorText } from "../../../core/event.ts";
import { bytesOf, type Session, textOf } from "../../../core/session.ts";
import { createFramer, MessageTooLargeError } from "../../../core/streams/framing.ts";
import type { Scope } from "../log.ts";
import type { ChatMessage, Standing } from "../message.ts";
import { EventQueue } from "./event_queue.ts";
import { Gap } from "./gap.ts";
import {
  type Member,
  parseServerMessage,
  type Room,
  type ServerMessage,
  type Whisper,
} from "./server_message.ts";

/** Something that happened in a chat. */
export type ChatEvent =
  | { readonly event: "message"; readonly message: ChatMessage }
  | { readonly event: "private"; readonly whisper: Whisper }
  /** We are in another room now. */
  | { readonly event: "joined"; readonly room: string; readonly members: number | undefined }
  /** We have another name now. */
  | { readonly event: "named"; readonly name: string; readonly standing: Standing }
  | { readonly event: "came"; readonly room: string; readonly name: string }
  | {
    readonly event: "went";
    readonly room: string;
    readonly name: string;
    readonly reason: string | undefined;
  }
  | { readonly event: "renamed"; readonly room: string; readonly name: string; readonly to: string }
  /** So many messages were dropped because they came too fast: by the server, or here when the
   * program does not iterate. */
  | { readonly event: "missed"; readonly count: number }
  | { readonly event: "notice"; readonly text: string }
  /** An error that answers none of our requests. */
  | { readonly event: "error"; readonly code: string; readonly text: string };

/** The answer of the server to a message of ours. */
export interface ChatAck {
  /** The message's id; undefined for what has none, such as a private message. */
  readonly id: string | undefined;
  /** As in ChatMessage. */
  readonly seq: number | undefined;
  /** How safe the message is. */
  readonly scope: Scope;
  /** Whether it had been said before. */
  readonly duplicate: boolean;
}

/** The server refused something; `code` is one of those in docs/chat.md. */
export class ChatError extends Error {
  /** The name by which callers can tell this error. */
  override readonly name = "ChatError";

  /** Makes the error.
   * @param text the words of the server; empty when it gave none */
  constructor(
    /** One of those in docs/chat.md. */
    readonly code: string,
    text: string,
  ) {
    super(text === "" ? code : text);
  }
}

/** The session ended before an answer came. */
export class ChatLostError extends Error {
  /** The name by which callers can tell this error. */
  override readonly name = "ChatLostError";
}

/** What answers is no chat, or one without names such as that of `--bare`. */
export class NoChatError extends Error {
  /** The name by which callers can tell this error. */
  override readonly name = "NoChatError";

  constructor() {
    super("what answers is no chat of sockdock");
  }
}

/** How to enter a chat. */
export interface ChatOverOptions {
  /** The name to take; without one the server gives one. */
  readonly name?: string | undefined;
  /** The room to enter. @default "lobby", which is the server's choice */
  readonly room?: string | undefined;
  /** Asks for what was said after this place in the room's order. */
  readonly after?: number | undefined;
  /** Asks for so many of the last messages. */
  readonly last?: number | undefined;
  /** How long to wait for an answer, in milliseconds. @default 10,000 */
  readonly answerTimeoutMs?: number | undefined;
  /** On bare datagrams, how long to wait before something is said again. @default 1000 */
  readonly resendAfterMs?: number | undefined;
  /** On bare datagrams, how often something is said again. @default 8 */
  readonly resends?: number | undefined;
  /** After so long without a word from the server it is asked whether it is still there; when it does
   * not answer, the session ends. Infinity never asks. @default 30,000 */
  readonly pingAfterMs?: number | undefined;
  /** How many events may wait to be read. @default 10,000 */
  readonly maxEvents?: number | undefined;
  /** How many answers may be awaited at once. @default 1000 */
  readonly maxRequests?: number | undefined;
  /** Aborting it ends the attempt to enter. */
  readonly signal?: AbortSignal | undefined;
}

/** The options of a message. */
export interface SayOptions {
  /** Says it again under the id that it had. @default a new one */
  readonly id?: string;
  /** `me` is an action in the third person. @default "say" */
  readonly kind?: "say" | "me";
  /** When it was written, in milliseconds since the epoch. @default now */
  readonly sentAtMs?: number;
}

/** The questions that a client can ask a chat. */
export interface ChatQuestions {
  /** The members of our room. */
  who(): Promise<readonly Member[]>;
  /** The rooms that have members. */
  rooms(): Promise<readonly Room[]>;
  /** The last messages, oldest first. @param before only what stands before this place */
  history(count?: number, before?: number): Promise<readonly ChatMessage[]>;
  /** The last messages that hold all the words, oldest first. */
  search(words: string, count?: number): Promise<readonly ChatMessage[]>;
  /** Says something to one member alone. It has no id, so it is sent once, and may be
   * lost with a datagram. */
  whisper(to: string, text: string): Promise<void>;
  /** Removes a member from our room, which only an operator can. */
  kick(name: string, reason?: string): Promise<void>;
  /** Removes a member and keeps it out, which only an operator can. */
  ban(name: string, reason?: string): Promise<void>;
}

/** A client that is in a chat. Iterating it yields what happens there, until the session ends; there
 * is one reader. Disposing it leaves at once. */
export interface ChatClient extends ChatQuestions, AsyncIterable<ChatEvent>, Disposable {
  /** Our name in the chat. */
  readonly name: string;
  /** Whether we proved to own our name. */
  readonly standing: Standing;
  /** The room that we are in. */
  readonly room: string;
  /** How many were in the room when we entered; undefined when the server did not say. */
  readonly members: number | undefined;
  /** The server's time when we entered, in milliseconds since the epoch. */
  readonly welcomeTimeMs: number;
  /** The limits of the server, such as `history`, the most messages that it gives at once. */
  readonly limits: Readonly<Record<string, number>>;
  /** How many messages of the server were malformed and dropped. */
  readonly malformed: number;
  /** Resolves when the session is over, with the reason. Never rejects. */
  readonly ended: Promise<string>;
  /** Says something in the room; resolves once the server has stored it.
   * @throws {ChatError} when it is refused
   * @throws {ChatLostError} when the session ends first; say it again under the same id */
  say(text: string, options?: SayOptions): Promise<ChatAck>;
  /** Goes to another room. */
  join(room: string, options?: { readonly after?: number; readonly last?: number }): Promise<void>;
  /** Takes another name. */
  setName(name: string): Promise<void>;
  /** Leaves, and tells the server. */
  close(): Promise<void>;
}

export function newMessageId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/** Enters a chat over an open session; resolves once the server has welcomed us. Owns the session.
 * @throws {ChatError} when the server refuses, such as with `name-taken`
 * @throws {NoChatError} when what answers is no chat
 * @throws {Error} when nothing answers */
export async function chatOver(
  session: Session & { readonly delivery?: Delivery | undefined },
  options: ChatOverOptions = {},
): Promise<ChatClient> {
  const client = new Client(session, options);
  const abandon = () => client.lose("given up");
  options.signal?.addEventListener("abort", abandon, { once: true });
  try {
    options.signal?.throwIfAborted();
    await client.hello(options);
    return client;
  } catch (error) {
    client.lose("refused");
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", abandon);
  }
}

type AnswerType = ServerMessage["type"];

interface PendingRequest {
  readonly expects: AnswerType;
  resolve(answer: ServerMessage): void;
  reject(error: Error): void;
}

const DEFAULT_MAX_EVENTS = 10_000;

/** How many old messages are asked for at once, where the server does not say how many it gives. */
const DEFAULT_PAGE = 20;

/** When something is asked again that was too fast: a server says so once a second, and passes over
 * what comes in between. */
const TOO_FAST_WAIT_MS = 1200;

const QUIT = { type: "quit" } as const;

/** The reference of the hello, which is the first request. */
const HELLO_REF = 1;

/** When a message without an answer is said again on a connection. Nothing is lost there, but a
 * server may pass over what comes too fast, and a message with an id can be repeated without harm. */
const SAY_AGAIN_MS = 4000;

class Client implements ChatClient {
  name = "";
  standing: Standing = "plain";
  room = "";
  members: number | undefined;
  welcomeTimeMs = 0;
  limits: Readonly<Record<string, number>> = {};
  malformed = 0;
  readonly ended: Promise<string>;
  readonly #session: Session;
  readonly #options: ChatOverOptions;
  /** Whether what we send may be lost without an error: bare datagrams. */
  readonly #isLossy: boolean;
  readonly #events: EventQueue<ChatEvent>;
  readonly #pending = new Map<number, PendingRequest>();
  readonly #end = Promise.withResolvers<string>();
  #lastRef = 0;
  #lost: string | undefined;
  #pingTimer: ReturnType<typeof setTimeout> | undefined;
  #welcomed = false;
  /** The place in the room's order up to which we have everything. */
  #highest: number | undefined;
  /** Whether there may be more before the next message than we get: datagrams bring old messages a
   * page at a time, and may lose some. */
  #isInDoubt = false;
  /** After which place the room that we go to was asked for. */
  #joinAfter: number | undefined;
  #gap: Gap | undefined;

  constructor(
    session: Session & { readonly delivery?: Delivery | undefined },
    options: ChatOverOptions,
  ) {
    this.#session = session;
    this.#options = options;
    this.#isLossy = session.boundary === "messages" && session.peer.transport === "udp" &&
      session.delivery === undefined;
    this.#events = new EventQueue<ChatEvent>(
      options.maxEvents ?? DEFAULT_MAX_EVENTS,
      (count) => ({ event: "missed", count }),
    );
    this.ended = this.#end.promise;
    this.#receive().then(
      () => this.lose("the server ended the session"),
      (error: unknown) => this.lose(errorText(error)),
    );
  }

  async hello({ name, room, after, last }: ChatOverOptions): Promise<void> {
    this.#expectAfter(after);
    await this.#request({ type: "hello", version: 1, name, room, after, last }, "welcome");
    this.#schedulePing();
  }

  async say(
    text: string,
    { id = newMessageId(), kind = "say", sentAtMs = Date.now() }: SayOptions = {},
  ): Promise<ChatAck> {
    const sentAt = new Date(sentAtMs).toISOString();
    // A server that was restarted has forgotten us, and cannot tell from a datagram that there was a
    // session: so each message says who we are.
    const from = this.#isLossy ? { name: this.name, room: this.room } : {};
    const said = { type: "say", id, text, ...(kind === "me" && { kind }), sentAt, ...from };
    const answer = await this.#request(said, "ack");
    return {
      id: answer.id ?? id,
      seq: answer.seq,
      scope: answer.scope,
      duplicate: answer.duplicate,
    };
  }

  async join(
    room: string,
    { after, last }: { readonly after?: number; readonly last?: number } = {},
  ): Promise<void> {
    this.#joinAfter = after;
    await this.#request({ type: "join", room, after, last }, "joined");
  }

  async setName(name: string): Promise<void> {
    await this.#request({ type: "name", name }, "named");
  }

  async who(): Promise<readonly Member[]> {
    return (await this.#request({ type: "who" }, "who")).members;
  }

  async rooms(): Promise<readonly Room[]> {
    return (await this.#request({ type: "rooms" }, "rooms")).rooms;
  }

  async history(count?: number, before?: number): Promise<readonly ChatMessage[]> {
    return (await this.#request({ type: "history", count, before }, "history")).messages;
  }

  async search(words: string, count?: number): Promise<readonly ChatMessage[]> {
    return (await this.#request({ type: "search", words, count }, "history")).messages;
  }

  async whisper(to: string, text: string): Promise<void> {
    await this.#request({ type: "msg", to, text }, "ack", 0);
  }

  async kick(name: string, reason?: string): Promise<void> {
    await this.#request({ type: "kick", name, reason }, "ack", 0);
  }

  async ban(name: string, reason?: string): Promise<void> {
    await this.#request({ type: "ban", name, reason }, "ack", 0);
  }

  async close(): Promise<void> {
    if (this.#lost !== undefined) return;
    if (!this.#isLossy) await this.#send(QUIT).catch(() => {});
    this.lose("we left");
  }

  [Symbol.dispose](): void {
    this.lose("we left");
  }

  [Symbol.asyncIterator](): AsyncIterator<ChatEvent, undefined> {
    return this.#events[Symbol.asyncIterator]();
  }

  /** Ends everything; requests without an answer are rejected with the reason. */
  lose(why: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = why;
    clearTimeout(this.#pingTimer);
    // Without it a server learns late that a datagram client is gone, and its name stays taken.
    if (this.#isLossy && this.#welcomed) {
      void this.#send(QUIT).catch(() => {}).finally(() => this.#session.close(why));
    } else this.#session.close(why);
    for (const pending of this.#pending.values()) pending.reject(new ChatLostError(why));
    this.#pending.clear();
    this.#events.end();
    this.#end.resolve(why);
  }

  /** Sends a request and waits for its answer; on bare datagrams it is sent again meanwhile. */
  async #request<T extends AnswerType>(
    request: object,
    expects: T,
    resends = this.#options.resends ?? 8,
  ): Promise<ServerMessage & { readonly type: T }> {
    if (this.#lost !== undefined) throw new ChatLostError(this.#lost);
    if (this.#pending.size >= (this.#options.maxRequests ?? 1000)) {
      throw new Error(`${this.#pending.size} requests wait for an answer; wait for some of them`);
    }
    const ref = ++this.#lastRef;
    const answered = Promise.withResolvers<ServerMessage>();
    this.#pending.set(ref, { expects, ...answered });
    // It may be rejected while nobody awaits it yet, when sending fails first.
    answered.promise.catch(() => {});
    const { answerTimeoutMs = 10_000, resendAfterMs = 1000 } = this.#options;
    const tooLate = setTimeout(
      () => answered.reject(new ChatLostError(`no answer within ${answerTimeoutMs} ms`)),
      answerTimeoutMs,
    );
    let sends = 0;
    let again: ReturnType<typeof setTimeout> | undefined;
    const repeatAfter = (waitMs: number) => {
      again = setTimeout(() => {
        if (sends++ >= resends) return;
        this.#send({ ...request, ref }).catch(() => {});
        // A server that is no chat may pass each hello on to everybody.
        repeatAfter(expects === "welcome" ? waitMs * 2 : waitMs);
      }, waitMs);
    };
    if (this.#isLossy) repeatAfter(resendAfterMs);
    else if ("id" in request) repeatAfter(SAY_AGAIN_MS);
    try {
      await this.#send({ ...request, ref });
      // Its type was checked against `expects` before it was resolved.
      return await answered.promise as ServerMessage & { readonly type: T };
    } finally {
      clearTimeout(tooLate);
      clearTimeout(again);
      this.#pending.delete(ref);
    }
  }

  async #send(message: object): Promise<void> {
    const ending = this.#session.boundary === "bytes" ? "\n" : "";
    // A WebSocket sends text as a text frame; everywhere else it becomes UTF-8.
    try {
      await this.#session.send(JSON.stringify(message) + ending);
    } catch (error) {
      if (error instanceof RangeError) throw new ChatError("too-long", errorText(error));
      // On a datagram socket this is an ICMP answer: one lost attempt, and the next may arrive.
      if (this.#isLossy) return;
      this.lose(errorText(error));
      throw new ChatLostError(this.#lost ?? errorText(error));
    }
  }

  async #receive(): Promise<void> {
    for await (const text of texts(this.#session, () => !this.#welcomed && this.#refuseServer())) {
      if (this.#lost !== undefined) return;
      const message = parseServerMessage(text);
      if (message !== undefined) {
        this.#take(message);
        this.#schedulePing();
        continue;
      }
      this.malformed++;
      // Waiting for another answer is of no use, and asking again would go to everybody there.
      if (!this.#welcomed) return this.#refuseServer();
    }
  }

  #take(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        // On bare datagrams a hello that was sent twice is welcomed twice. A server that answers
        // another request with a welcome has forgotten us.
        if (this.#welcomed) {
          if (!this.#isLossy || message.ref === HELLO_REF) return;
          if (this.#pendingOf(message)?.expects !== "welcome") this.lose("the server began anew");
          break;
        }
        this.#welcomed = true;
        this.name = message.name;
        this.standing = message.standing;
        this.room = message.room;
        this.members = message.members;
        this.welcomeTimeMs = message.timeMs;
        this.limits = message.limits;
        break;
      case "message":
        this.#hear(message.message);
        return;
      case "private":
        this.#events.push({ event: "private", whisper: message.whisper });
        return;
      case "joined":
        if (message.room !== this.room) {
          this.#showHeld();
          this.#expectAfter(this.#joinAfter);
        }
        this.room = message.room;
        this.members = message.members;
        this.#events.push({ event: "joined", room: message.room, members: message.members });
        break;
      case "named":
        this.name = message.name;
        this.standing = message.standing;
        this.#events.push({ event: "named", name: message.name, standing: message.standing });
        break;
      case "came":
      case "went":
      case "renamed":
      case "notice": {
        const { type, ...rest } = message;
        this.#events.push({ event: type, ...rest } as ChatEvent);
        // On datagrams nothing else tells a removed member that its session is over.
        if (
          message.type === "went" && this.#isLossy && message.name === this.name &&
          message.room === this.room
        ) this.lose(message.reason ?? "removed from the room");
        return;
      }
      case "missed":
        void this.#closeGap(message.count);
        return;
      case "error":
        if (!this.#refuse(message)) {
          this.#events.push({ event: "error", code: message.code, text: message.text });
        }
        return;
    }
    const pending = this.#pendingOf(message);
    if (pending?.expects === message.type) pending.resolve(message);
  }

  /** Hands an error to the request that it answers; false when there is none. */
  #refuse(message: ServerMessage & { readonly type: "error" }): boolean {
    const pending = this.#pendingOf(message) ?? this.#pendingHello();
    pending?.reject(new ChatError(message.code, message.text));
    // An error with a reference and no request answers a request that was sent twice.
    return pending !== undefined || typeof message.ref === "number";
  }

  #pendingOf({ ref }: ServerMessage): PendingRequest | undefined {
    return typeof ref === "number" ? this.#pending.get(ref) : undefined;
  }

  /** The hello, before we are welcomed: every error is about it then. */
  #pendingHello(): PendingRequest | undefined {
    return this.#welcomed ? undefined : this.#pending.get(HELLO_REF);
  }

  #schedulePing(): void {
    clearTimeout(this.#pingTimer);
    const { pingAfterMs = 30_000 } = this.#options;
    if (!Number.isFinite(pingAfterMs) || this.#lost !== undefined || !this.#welcomed) return;
    this.#pingTimer = setTimeout(() => {
      const asked = this.#isLossy ? this.#helloAgain() : this.#request({ type: "ping" }, "pong");
      asked.then(
        () => {},
        (error: unknown) => {
          // A server that refuses a ping is there all the same.
          if (error instanceof ChatError && !this.#isLossy) return;
          this.lose("the server does not answer");
        },
      );
    }, pingAfterMs);
  }

  /** Says hello again, on bare datagrams, with the last place that we have: a server that was
   * restarted knows us again, and sends what was lost since. */
  async #helloAgain(): Promise<void> {
    const { name, room } = this;
    const after = this.#highest;
    this.#expectAfter(after);
    await this.#request({ type: "hello", version: 1, name, room, after }, "welcome");
  }

  /** Notes after which place messages were asked for. */
  #expectAfter(after: number | undefined): void {
    this.#highest = after;
    this.#isInDoubt = this.#isLossy && after !== undefined;
  }

  #hear(message: ChatMessage): void {
    const { room, seq } = message;
    if (room !== this.room) {
      this.#events.push({ event: "message", message });
      return;
    }
    if (this.#isInDoubt && (seq ?? 0) > this.#highest!) void this.#closeGap(0);
    if (this.#gap === undefined) this.#show(message);
    else this.#gap.hold(message);
  }

  #show(message: ChatMessage): void {
    const { room, seq } = message;
    if (seq !== undefined && room === this.room) this.#highest = Math.max(this.#highest ?? 0, seq);
    this.#events.push({ event: "message", message });
  }

  #showHeld(): void {
    const gap = this.#gap;
    this.#gap = undefined;
    if (gap === undefined) return;
    for (const message of gap.messages()) this.#show(message);
    if (gap.missed > 0) this.#events.push({ event: "missed", count: gap.missed });
  }

  /** Asks for the messages between the last that we have and those that come now, page by page, back
   * from the newest. What comes meanwhile is held, so that all are shown in the room's order.
   * @param missed how many the server says that it dropped */
  async #closeGap(missed: number): Promise<void> {
    if (this.#gap !== undefined) return this.#gap.widen(missed);
    this.#isInDoubt = false;
    const from = this.#highest;
    if (from === undefined) {
      this.#events.push({ event: "missed", count: missed });
      return;
    }
    const gap = this.#gap = new Gap(from, this.#options.maxEvents ?? DEFAULT_MAX_EVENTS, missed);
    try {
      while (this.#gap === gap && gap.isOpen) gap.take(await this.#oldPage(gap.before));
    } catch (error) {
      // The messages that are held come again after the next hello.
      if (!(error instanceof ChatError)) return this.lose(errorText(error));
    }
    if (this.#gap === gap) this.#showHeld();
  }

  async #oldPage(before: number | undefined): Promise<readonly ChatMessage[]> {
    for (;;) {
      try {
        return await this.history(this.limits["history"] ?? DEFAULT_PAGE, before);
      } catch (error) {
        if (!(error instanceof ChatError) || error.code !== "too-fast") throw error;
        await this.#pause(TOO_FAST_WAIT_MS);
      }
    }
  }

  async #pause(waitMs: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, waitMs);
    await Promise.race([over.promise, this.ended]);
    clearTimeout(timer);
  }

  #refuseServer(): void {
    const error = new NoChatError();
    this.#pendingHello()?.reject(error);
    this.lose(error.message);
  }
}

const OPENING_BRACE = 0x7b;

/** A session's messages as text: lines of a byte stream, datagrams or frames elsewhere.
 * @param foreign called when a byte stream begins with something else than a JSON object; it may
 *   never have an end of line */
async function* texts(session: Session, foreign: () => void): AsyncGenerator<string> {
  if (session.boundary === "messages") {
    for await (const message of session) yield textOf(message);
    return;
  }
  const framer = createFramer("line", session.maxMessageBytes)!;
  try {
    let isFirst = true;
    for await (const chunk of session) {
      const bytes = bytesOf(chunk);
      if (isFirst && bytes.length > 0 && bytes[0] !== OPENING_BRACE) foreign();
      isFirst = isFirst && bytes.length === 0;
      framer.push(bytes);
      for (let line = framer.next(); line !== null; line = framer.next()) yield textOf(line);
    }
  } catch (error) {
    if (!(error instanceof MessageTooLargeError)) throw error;
    throw new Error(`the server sent a line of more than ${session.maxMessageBytes} bytes`);
  }
  // The rest has no end of line: the connection broke in the middle of a message.
}
