// A chat that goes on when its connection does not: dials, dials again, catches up, and says again
// what was not acknowledged. Long, because it is one machine: what is said next depends on which
// connection there is, what has been seen and what is still owed.

import type { DialledSession } from "../core/client_kind.ts";
import { systemClock } from "../core/clock.ts";
import { errorText } from "../core/event.ts";
import { UsageError } from "../core/usage_error.ts";
import {
  type ChatAck,
  type ChatClient,
  ChatError,
  type ChatEvent,
  ChatLostError,
  chatOver,
  type ChatOverOptions,
  type ChatQuestions,
  newMessageId,
} from "../protocols/chat/client/chat_over.ts";
import { EventQueue } from "../protocols/chat/client/event_queue.ts";
import type { ChatMessage, Standing } from "../protocols/chat/message.ts";
import type { Member, Room } from "../protocols/chat/client/server_message.ts";
import { connect, type ConnectOptions } from "./connect.ts";

/** What happens in a chat and to the connection to it. */
export type ChatLinkEvent =
  | Exclude<ChatEvent, { readonly event: "message" }>
  /** Shown once; `own` says whether we said it, in this chat. */
  | { readonly event: "message"; readonly message: ChatMessage; readonly own: boolean }
  /** We are in; `again` says whether we were before. What was missed follows. */
  | {
    readonly event: "connected";
    readonly again: boolean;
    readonly name: string;
    readonly standing: Standing;
    readonly room: string;
    readonly members: number | undefined;
  }
  /** The connection is lost. `unsaid` is how many messages wait to be said. */
  | { readonly event: "lost"; readonly reason: string; readonly unsaid: number }
  /** The next attempt comes after `waitMs`. */
  | {
    readonly event: "reconnecting";
    readonly attempt: number;
    readonly waitMs: number;
    readonly reason: string;
  }
  /** It is over: `code` is that of docs/chat.md where the server refused us. */
  | { readonly event: "closed"; readonly reason: string; readonly code: string | undefined };

type OverOptions = Pick<
  ChatOverOptions,
  "name" | "answerTimeoutMs" | "resendAfterMs" | "resends" | "pingAfterMs"
>;

/** Options of `joinChat`: those of `connect`, some of `chatOver`, and these. */
export type JoinChatOptions = ConnectOptions & OverOptions & {
  /** The room. Default: the path of a URL such as `tcp://host:port/harbour`, else the server's choice.
   * The path of `ws://` and `unix://` is that of the socket. */
  readonly room?: string | undefined;
  /** How many of the last messages to begin with. Default: 20. */
  readonly last?: number;
  /** Whether to enter as `name-2` and so on when the name is taken, and to take it once it is free.
   * After a lost connection it is done anyhow: our own ghost may have the name. Default: false. */
  readonly otherName?: boolean;
  /** How often to try to come back before giving up; 0 never tries. Default: Infinity. */
  readonly reconnectAttempts?: number;
  /** How long to wait before the first attempt to come back, in milliseconds; doubled for every
   * further one, and shortened by chance by up to a half. Default: 500. */
  readonly reconnectFirstMs?: number;
  /** The longest such wait, in milliseconds. Default: 30,000. */
  readonly reconnectMaxMs?: number;
  /** How long to wait for the acknowledgement of a message, with all attempts, in milliseconds.
   * Default: Infinity. */
  readonly ackTimeoutMs?: number;
  /** How many messages may wait to be said. Default: 1000. */
  readonly maxUnsaid?: number;
  /** How many events may wait to be read; the oldest are then dropped and counted in `missed`.
   * Default: 10,000. */
  readonly maxEvents?: number;
  /** Wraps every session that is opened, such as to watch it. */
  readonly wrap?: (session: DialledSession) => DialledSession;
  /** At least 0, below 1. Default: Math.random. */
  readonly random?: () => number;
};

/** A chat. Iterating it yields what happens, until it is closed; there is one reader. */
export interface JoinedChat extends ChatQuestions, AsyncIterable<ChatLinkEvent>, AsyncDisposable {
  readonly name: string;
  readonly standing: Standing;
  readonly room: string;
  readonly connected: boolean;
  /** How many messages wait to be said or acknowledged. */
  readonly unsaid: number;
  /** Says something in the room. Messages are said in the order of the calls, each once, however often
   * the connection is lost: resolves once the server has stored it.
   * @throws {ChatError} when it is refused
   * @throws {ChatLostError} when the chat is closed first, or the acknowledgement takes too long */
  say(text: string, kind?: "say" | "me"): Promise<ChatAck>;
  /** Goes to another room, once what waits has been said. */
  join(room: string): Promise<void>;
  /** Takes another name, once what waits has been said. */
  setName(name: string): Promise<void>;
  /** Leaves now; what has not been acknowledged rejects. */
  close(): Promise<void>;
}

/** Enters a chat, and comes back to it when the connection is lost: what was said meanwhile is shown,
 * what we said and nobody acknowledged is said again under the same id. Nothing is lost and nothing
 * is there twice. On bare `udp://` what others say may be lost, as datagrams are.
 *
 * The first attempt to connect must succeed.
 *
 * @throws {UsageError} when the URL or an option cannot work
 * @throws {ChatError} when the server refuses, such as with `name-taken`
 * @throws {Error} when the server cannot be reached */
export async function joinChat(url: string, options: JoinChatOptions = {}): Promise<JoinedChat> {
  const link = new Link(url, options);
  await link.open();
  return link;
}

/** The room that a URL names: the path of a scheme whose sockets have none of their own. */
export function roomOfUrl(url: string): string | undefined {
  const path = /^(?:tcp|tls|udp|dtls)(?:\+[a-z0-9-]+)*:\/\/[^/?#]*\/([^?#]*)/i.exec(url)?.[1];
  if (path === undefined || path === "") return undefined;
  try {
    return decodeURIComponent(path);
  } catch {
    throw new UsageError(`"${url}" holds a broken percent escape; a bare % is written %25`);
  }
}

/** Refusals that no further attempt changes. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  "banned",
  "name-refused",
  "room-refused",
  "version",
  "bad-request",
]);

/** So many ids are remembered to tell what was shown before, and what is our own. */
const MAX_REMEMBERED_IDS = 10_000;

/** How many names are tried when one is taken. */
const MAX_OTHER_NAMES = 20;

/** How long to wait when the server says that we are too fast: longer than it keeps that to itself
 * once it has said it, so that it says so again. */
const TOO_FAST_WAIT_MS = 1200;

/** Something to do on the connection, in its turn, until it has been done. */
interface Errand {
  readonly run: (client: ChatClient) => Promise<unknown>;
  readonly isMessage: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  done: boolean;
}

class Link implements JoinedChat {
  name = "";
  standing: Standing = "plain";
  room = "";
  readonly #url: string;
  readonly #options: JoinChatOptions;
  readonly #dial: ConnectOptions;
  readonly #events: EventQueue<ChatLinkEvent>;
  readonly #closing = new AbortController();
  readonly #random: () => number;
  #client: ChatClient | undefined;
  #errands: Errand[] = [];
  #working = false;
  #wantedName: string | undefined;
  #wantedRoom: string | undefined;
  /** Whether we go by another name because the one we want was taken. */
  #isStandIn = false;
  /** The highest place that we have seen in the room. */
  #highest: number | undefined;
  /** What was said before this, by the server's clock, is not shown. */
  #hideBeforeMs = 0;
  /** When we were welcomed, by the server's clock and by ours. */
  #welcomed = { serverMs: 0, elapsedMs: 0 };
  readonly #seenIds = new Set<string>();
  readonly #ownIds = new Set<string>();
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(url: string, options: JoinChatOptions) {
    const {
      name,
      room,
      last: _last,
      otherName: _otherName,
      reconnectAttempts: _reconnectAttempts,
      reconnectFirstMs: _reconnectFirstMs,
      reconnectMaxMs: _reconnectMaxMs,
      ackTimeoutMs: _ackTimeoutMs,
      maxUnsaid: _maxUnsaid,
      maxEvents = 10_000,
      answerTimeoutMs: _answerTimeoutMs,
      resendAfterMs: _resendAfterMs,
      resends: _resends,
      pingAfterMs: _pingAfterMs,
      wrap: _wrap,
      random = Math.random,
      signal,
      ...dial
    } = options;
    const pathRoom = roomOfUrl(url);
    if (room !== undefined && pathRoom !== undefined && room !== pathRoom) {
      throw new UsageError(`"${url}" names the room ${pathRoom} and --room ${room}; give one`);
    }
    this.#url = url;
    this.#options = options;
    this.#random = random;
    this.#wantedName = name;
    this.#wantedRoom = room ?? pathRoom;
    this.#events = new EventQueue<ChatLinkEvent>(
      maxEvents,
      (count) => ({ event: "missed", count }),
    );
    this.#dial = {
      ...dial,
      signal: signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal,
    };
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  get unsaid(): number {
    return this.#errands.filter(({ isMessage, done }) => isMessage && !done).length;
  }

  async open(): Promise<void> {
    this.#running = this.#run(await this.#enter(this.#options.otherName ?? false));
  }

  say(text: string, kind: "say" | "me" = "say"): Promise<ChatAck> {
    const { maxUnsaid = 1000 } = this.#options;
    if (this.#errands.length >= maxUnsaid) {
      return Promise.reject(
        new ChatLostError(`${maxUnsaid} messages wait to be said; it takes no more`),
      );
    }
    // The same id and time for every attempt.
    const id = newMessageId();
    const sentAtMs = Date.now();
    remember(this.#ownIds, id);
    return this.#enqueue(true, (client) => client.say(text, { id, kind, sentAtMs }));
  }

  join(room: string): Promise<void> {
    return this.#enqueue(false, async (client) => {
      this.#hideBeforeMs = this.#last === 0 ? this.#serverNowMs() : 0;
      await client.join(room, { last: Math.max(1, this.#last) });
    });
  }

  setName(name: string): Promise<void> {
    return this.#enqueue(false, async (client) => {
      await client.setName(name);
      this.#wantedName = name;
      this.#isStandIn = false;
    });
  }

  async who(): Promise<readonly Member[]> {
    return await this.#connection().who();
  }

  async rooms(): Promise<readonly Room[]> {
    return await this.#connection().rooms();
  }

  async history(count?: number, before?: number): Promise<readonly ChatMessage[]> {
    return await this.#connection().history(count, before);
  }

  async search(words: string, count?: number): Promise<readonly ChatMessage[]> {
    return await this.#connection().search(words, count);
  }

  async whisper(to: string, text: string): Promise<void> {
    await this.#connection().whisper(to, text);
  }

  async kick(name: string, reason?: string): Promise<void> {
    await this.#connection().kick(name, reason);
  }

  async ban(name: string, reason?: string): Promise<void> {
    await this.#connection().ban(name, reason);
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      await this.#client?.close();
      this.#closing.abort(new ChatLostError("we left"));
    }
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<ChatLinkEvent, undefined> {
    return this.#events[Symbol.asyncIterator]();
  }

  get #last(): number {
    return this.#options.last ?? 20;
  }

  #serverNowMs(): number {
    return this.#welcomed.serverMs + systemClock.elapsedMs() - this.#welcomed.elapsedMs;
  }

  #connection(): ChatClient {
    if (this.#client === undefined) throw new ChatLostError("there is no connection just now");
    return this.#client;
  }

  #enqueue<T>(isMessage: boolean, run: (client: ChatClient) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new ChatLostError("the chat is closed"));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const errand: Errand = {
      run,
      isMessage,
      done: false,
      resolve: (value) => resolve(value as T),
      reject,
    };
    this.#errands.push(errand);
    const { ackTimeoutMs = Infinity } = this.#options;
    const timer = !Number.isFinite(ackTimeoutMs) ? undefined : setTimeout(() => {
      reject(new ChatLostError(`no acknowledgement within ${ackTimeoutMs} ms`));
      errand.done = true;
      // What has not been begun is never said; of what has, nobody knows.
      this.#errands = this.#errands.filter((one) => !one.done);
    }, ackTimeoutMs);
    void this.#work();
    return promise.finally(() => clearTimeout(timer));
  }

  /** Does what is to be done, one after the other: a message that has to be said again must not be
   * overtaken by the next. */
  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    try {
      for (;;) {
        const [errand] = this.#errands;
        const client = this.#client;
        if (errand === undefined || client === undefined) return;
        try {
          errand.resolve(await errand.run(client));
        } catch (error) {
          if (error instanceof ChatLostError) {
            // It stays first in line. A server that does not answer is left as one that is gone.
            client[Symbol.dispose]();
            if (this.#client === client) this.#client = undefined;
            continue;
          }
          if (error instanceof ChatError && error.code === "too-fast") {
            await this.#pause(TOO_FAST_WAIT_MS);
            continue;
          }
          errand.reject(error);
        }
        errand.done = true;
        this.#errands = this.#errands.filter((one) => !one.done);
      }
    } finally {
      this.#working = false;
    }
  }

  /** Opens a session and enters. */
  async #enter(otherName: boolean): Promise<ChatClient> {
    const { answerTimeoutMs, resendAfterMs, resends, pingAfterMs, maxEvents, wrap } = this.#options;
    const again = this.#welcomed.serverMs !== 0;
    for (let attempt = 1;; attempt++) {
      const name = attempt === 1 ? this.#wantedName : `${this.#wantedName}-${attempt}`;
      const dialled = await connect(this.#url, this.#dial);
      const session = wrap?.(dialled) ?? dialled;
      try {
        const client = await chatOver(session, {
          name,
          room: this.#wantedRoom,
          // Who has seen nothing yet has missed all that there is now.
          ...(again ? { after: this.#highest ?? 0 } : { last: Math.max(1, this.#last) }),
          ...(answerTimeoutMs !== undefined && { answerTimeoutMs }),
          ...(resendAfterMs !== undefined && { resendAfterMs }),
          ...(resends !== undefined && { resends }),
          ...(pingAfterMs !== undefined && { pingAfterMs }),
          ...(maxEvents !== undefined && { maxEvents }),
          signal: this.#dial.signal,
        });
        this.#isStandIn = attempt > 1;
        this.#enteredAs(client, again);
        return client;
      } catch (error) {
        session.close();
        const isTaken = error instanceof ChatError && error.code === "name-taken";
        if (!isTaken || !otherName || attempt >= MAX_OTHER_NAMES) throw error;
        if (this.#wantedName === undefined) throw error;
      }
    }
  }

  #enteredAs(client: ChatClient, again: boolean): void {
    this.#client = client;
    this.name = client.name;
    this.standing = client.standing;
    this.room = client.room;
    this.#wantedRoom = client.room;
    this.#welcomed = {
      serverMs: Math.max(1, client.welcomeTimeMs),
      elapsedMs: systemClock.elapsedMs(),
    };
    // A client that shows no history asks for one message all the same, to learn where it begins.
    if (!again && this.#last === 0) this.#hideBeforeMs = client.welcomeTimeMs;
    const { name, standing, room, members } = client;
    this.#events.push({ event: "connected", again, name, standing, room, members });
    void this.#work();
  }

  /** Reads from one connection after the other until it is over. */
  async #run(first: ChatClient): Promise<void> {
    let client: ChatClient | undefined = first;
    let reason = "we left";
    let code: string | undefined;
    while (client !== undefined) {
      const expelled = await this.#listen(client);
      reason = await client.ended;
      if (this.#client === client) this.#client = undefined;
      if (this.#closed) break;
      this.#events.push({ event: "lost", reason, unsaid: this.unsaid });
      if (expelled !== undefined) {
        ({ reason, code } = expelled);
        break;
      }
      try {
        client = await this.#comeBack(reason);
      } catch (error) {
        reason = errorText(error);
        code = error instanceof ChatError ? error.code : undefined;
        break;
      }
    }
    this.#closed = true;
    for (const errand of this.#errands.splice(0)) errand.reject(new ChatLostError(reason));
    this.#events.push({ event: "closed", reason, code });
    this.#events.end();
  }

  /** Hands on what one connection brings. Resolves when it ends; to why, if we were told to go. */
  async #listen(client: ChatClient): Promise<
    { readonly reason: string; readonly code: string | undefined } | undefined
  > {
    let expelled: { readonly reason: string; readonly code: string | undefined } | undefined;
    for await (const event of client) {
      switch (event.event) {
        case "message":
          expelled = undefined;
          if (this.#isNew(event.message)) {
            this.#events.push({ ...event, own: this.#ownIds.has(event.message.id) });
          }
          continue;
        case "joined":
          // Whoever goes to another room may hear that it left this one.
          expelled = undefined;
          if (event.room === this.room) continue;
          this.room = this.#wantedRoom = event.room;
          this.#highest = undefined;
          break;
        case "named":
          this.name = event.name;
          this.standing = event.standing;
          break;
        case "went":
          if (event.name === this.name && event.room === this.room) {
            expelled ??= { reason: event.reason ?? "removed from the room", code: undefined };
          } else this.#reclaim(client, event.name);
          break;
        case "renamed":
          this.#reclaim(client, event.name);
          break;
        case "error":
          if (event.code === "banned") expelled = { reason: event.text, code: event.code };
          break;
      }
      this.#events.push(event);
    }
    return expelled;
  }

  /** Takes the name that we wanted once it is free. */
  #reclaim(client: ChatClient, freed: string): void {
    if (!this.#isStandIn || freed !== this.#wantedName) return;
    client.setName(freed).then(() => this.#isStandIn = false, () => {});
  }

  /** Whether a message is to be shown: not one from another room's time, and not a second time. */
  #isNew({ id, room, seq, timeMs }: ChatMessage): boolean {
    if (seq !== undefined && room === this.room) this.#highest = Math.max(this.#highest ?? 0, seq);
    if (this.#seenIds.has(id)) return false;
    remember(this.#seenIds, id);
    return timeMs >= this.#hideBeforeMs;
  }

  /** Dials until it is in again.
   * @throws {Error} when it gives up, saying why */
  async #comeBack(lostBecause: string): Promise<ChatClient> {
    const {
      reconnectAttempts = Infinity,
      reconnectFirstMs = 500,
      reconnectMaxMs = 30_000,
    } = this.#options;
    let reason = lostBecause;
    for (let attempt = 1; attempt <= reconnectAttempts; attempt++) {
      const fullMs = Math.min(reconnectMaxMs, reconnectFirstMs * 2 ** Math.min(attempt - 1, 30));
      // Chance keeps the clients of a server that died from coming back all at once.
      const waitMs = Math.round(fullMs * (1 - this.#random() / 2));
      this.#events.push({ event: "reconnecting", attempt, waitMs, reason });
      await this.#pause(waitMs);
      if (this.#closed || this.#dial.signal?.aborted) throw new ChatLostError("we left");
      try {
        return await this.#enter(true);
      } catch (error) {
        if (error instanceof UsageError) throw error;
        if (error instanceof ChatError && FINAL_CODES.has(error.code)) throw error;
        reason = errorText(error);
      }
    }
    throw new ChatLostError(reason);
  }

  /** Waits, or until we leave. */
  async #pause(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    const signal = this.#dial.signal!;
    const stop = () => resolve();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    await promise;
    signal.removeEventListener("abort", stop);
    clearTimeout(timer);
  }
}

/** Adds an id to those that are remembered, of which the oldest are forgotten. */
function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  if (ids.size <= MAX_REMEMBERED_IDS) return;
  for (const oldest of ids) {
    ids.delete(oldest);
    return;
  }
}
