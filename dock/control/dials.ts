// The sessions that the control opens from this process to servers of this process, and to no other.
// Each is somebody's: once nobody has listened to it or sent over it for a while it is closed.
// Past 300 lines because places, holders, listeners and idle time are counted together.

import type { DialledSession } from "../../core/client_kind.ts";
import { isoTime } from "../../core/clock.ts";
import type { EventBody, ServerEvent } from "../../core/event.ts";
import { stamped } from "../../core/event_stamp.ts";
import type { Message, SessionOrigin } from "../../core/session.ts";
import type {
  AskedOptions,
  AskRequest,
  AskResult,
  ChatRequest,
  DialChoice,
  DialRequest,
  DialState,
  DialStats,
  OwnDials,
} from "../../web/control/dials.ts";
import { type EventFilter, EventLog } from "../../web/control/event_log.ts";
import { noDial, noServer } from "../../web/control/missing.ts";
import { Problem } from "../../web/control/problem.ts";
import type { DrivenServer } from "../driven_server.ts";
import type { Dock } from "../serve.ts";
import type { ChatDial } from "./chat_dial.ts";
import { asProblem } from "./dial_problem.ts";
import type { Dialling } from "./dialling.ts";
import type { DialBody, OpenDial, TellDial } from "./open_dial.ts";
import type { SessionDial } from "./session_dial.ts";

/** A server that can be dialled. */
export interface DialledServer {
  readonly of: Dock;
  readonly server: DrivenServer;
}

interface DialSettings {
  /** The server with a number. */
  readonly find: (server: number) => DialledServer | undefined;
  /** Folders inside which files may be that options name. */
  readonly folders: readonly string[];
  /** How many may be open at a time. */
  readonly maxDials: number;
  /** How many bytes of what they heard and said are kept. */
  readonly maxBytes: number;
  /** For how long one stays open that nobody listens to or sends over. */
  readonly idleMs: number;
}

/** A session with what the registry knows of it. */
interface Held {
  readonly id: number;
  readonly request: DialRequest;
  readonly url: string;
  readonly openedMs: number;
  readonly dial: SessionDial | ChatDial;
  /** When somebody used it last. */
  usedMs: number;
  /** Why it has ended. */
  reason: string | null;
}

export class DialRegistry implements OwnDials, AsyncDisposable {
  readonly log: EventLog;
  readonly #settings: DialSettings;
  readonly #held = new Map<number, Held>();
  /** Whose each is, from before it is open: a chat tells of itself at once. */
  readonly #holders = new Map<number, string | null>();
  readonly #hearers = new Set<DialChoice>();
  readonly #closing = new AbortController();
  #lastId = 0;
  /** How many are open, or about to be. */
  #places = 0;
  #opened = 0;
  #refused = 0;
  #idled = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(settings: DialSettings) {
    this.#settings = settings;
    this.log = new EventLog({ always: true, maxBytes: settings.maxBytes });
  }

  async ask(server: number, { message, timeoutMs, options }: AskRequest): Promise<AskResult> {
    this.#takePlace();
    try {
      const begunMs = performance.now();
      const { url, options: dial } = await this.#dialling(server, options);
      using session = await this.#connect(url, { ...dial, connectTimeoutMs: timeoutMs });
      const connectMs = rounded(performance.now() - begunMs);
      return { connectMs, ...await firstAnswer(session, message, timeoutMs) };
    } finally {
      this.#places--;
    }
  }

  list(): readonly DialState[] {
    return [...this.#held.values()].map(stateOf);
  }

  async open(request: DialRequest): Promise<DialState> {
    this.#takePlace();
    const id = ++this.#lastId;
    this.#holders.set(id, request.holder);
    let held: Held;
    try {
      const openedMs = Date.now();
      const dialling = await this.#dialling(request.server, request.options);
      const tell: TellDial = (body, of) => this.#tell(id, dialling.url, body, of);
      const dial = await this.#enter(dialling, request, tell);
      const { url } = dialling;
      held = { id, request, url, openedMs, dial, usedMs: performance.now(), reason: null };
    } catch (error) {
      this.#places--;
      this.#holders.delete(id);
      throw error;
    }
    this.#forgetEnded();
    this.#held.set(held.id, held);
    void held.dial.ended.then((reason) => this.#ended(held, reason));
    const gone = () => held.dial.close("the server has stopped");
    this.#settings.find(request.server)?.of.finished.then(gone, gone);
    if (this.#closing.signal.aborted) held.dial.close("the control has been closed");
    this.#timer ??= setInterval(() => this.#closeIdle(), this.#settings.idleMs / 4);
    return stateOf(held);
  }

  async send(id: number, message: Message): Promise<void> {
    await this.#session(id).send(message);
  }

  async end(id: number): Promise<void> {
    await this.#session(id).end();
  }

  async askChat(id: number, request: ChatRequest): Promise<unknown> {
    const { dial } = this.#use(id);
    if (dial.kind === "chat") return await dial.ask(request);
    throw new Problem(409, `dial ${id} is no member of a chat; open one with chat`);
  }

  close(id: number): boolean {
    const held = this.#held.get(id);
    if (held === undefined) return false;
    held.dial.close("closed over the control");
    // Its events can be read until it is forgotten.
    if (held.reason !== null) this.#forget(id);
    else void held.dial.ended.then(() => this.#forget(id));
    return true;
  }

  closeAll(holder: string): void {
    for (const { id } of [...this.#held.values()]) {
      if (this.#isChosen(id, { holder })) this.close(id);
    }
  }

  hear(choice: DialChoice): { readonly filter: EventFilter } & Disposable {
    if ("dial" in choice) this.#use(choice.dial);
    const own = { ...choice };
    this.#hearers.add(own);
    return {
      filter: { accepts: (event) => this.#isChosen((event as DialEvent).dial, own) },
      [Symbol.dispose]: () => {
        if (!this.#hearers.delete(own)) return;
        // Their time begins now.
        for (const held of this.#held.values()) {
          if (this.#isChosen(held.id, own)) held.usedMs = performance.now();
        }
      },
    };
  }

  stats(): DialStats {
    return {
      open: this.#places,
      opened: this.#opened,
      refused: this.#refused,
      idled: this.#idled,
      forgotten: this.log.forgotten,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#timer);
    const held = [...this.#held.values()];
    for (const { dial } of held) dial.close("the control has been closed");
    await Promise.all(held.map(({ dial }) => dial.ended));
  }

  /** @throws {Problem} when as many are open as may be */
  #takePlace(): void {
    const { maxDials } = this.#settings;
    if (this.#places >= maxDials) {
      this.#refused++;
      throw new Problem(429, `${maxDials} sessions are open already; close one of them`);
    }
    this.#places++;
    this.#opened++;
  }

  async #dialling(id: number, asked: AskedOptions): Promise<Dialling> {
    const found = this.#settings.find(id);
    if (found === undefined) throw noServer(id);
    const { diallingOf } = await import("./dialling.ts");
    return await diallingOf(found.server, found.of.options, asked, this.#settings.folders);
  }

  async #enter(
    dialling: Dialling,
    { chat }: DialRequest,
    tell: TellDial,
  ): Promise<SessionDial | ChatDial> {
    if (chat === undefined) {
      const { SessionDial } = await import("./session_dial.ts");
      return new SessionDial(await this.#connect(dialling.url, dialling.options), tell);
    }
    const { ChatDial } = await import("./chat_dial.ts");
    try {
      const { signal } = this.#closing;
      const options = { ...dialling.options, signal };
      return await ChatDial.enter({ ...dialling, options }, chat, tell);
    } catch (error) {
      throw asProblem(error);
    }
  }

  async #connect(url: string, options: Dialling["options"]): Promise<DialledSession> {
    try {
      const { connect } = await import("../connect.ts");
      return await connect(url, { ...options, signal: this.#closing.signal });
    } catch (error) {
      throw asProblem(error);
    }
  }

  #tell(dial: number, url: string, body: DialBody, of?: SessionOrigin): void {
    const stamp = stamped(body as EventBody, url, of, Date.now());
    const event: DialEvent = { ...stamp, dial, atMs: rounded(performance.now()) };
    this.log.add(event);
  }

  /** The session, which is in use now. */
  #session(id: number): SessionDial {
    const { dial } = this.#use(id);
    if (dial.kind === "session") return dial;
    throw new Problem(409, `dial ${id} is a member of a chat: POST /api/dials/${id}/chat`);
  }

  #use(id: number): Held {
    const held = this.#held.get(id);
    if (held === undefined) throw noDial(id);
    held.usedMs = performance.now();
    return held;
  }

  #ended(held: Held, reason: string): void {
    held.reason = reason;
    this.#places--;
    this.#tell(held.id, held.url, { event: "closed", reason });
  }

  /** Makes room: what has ended is there only so that it can be read. */
  #forgetEnded(): void {
    for (const { id, reason } of this.#held.values()) {
      if (this.#held.size < this.#settings.maxDials) return;
      if (reason !== null) this.#forget(id);
    }
  }

  #forget(id: number): void {
    this.#held.delete(id);
    this.#holders.delete(id);
  }

  #isChosen(id: number, choice: DialChoice): boolean {
    return "dial" in choice ? choice.dial === id : this.#holders.get(id) === choice.holder;
  }

  #closeIdle(): void {
    const longAgoMs = performance.now() - this.#settings.idleMs;
    for (const held of this.#held.values()) {
      if (held.usedMs > longAgoMs) continue;
      if ([...this.#hearers].some((choice) => this.#isChosen(held.id, choice))) continue;
      if (held.reason === null) this.#idled++;
      this.close(held.id);
    }
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** An event of a dial has its number besides, and when it was by a clock that never goes back. */
type DialEvent = ServerEvent & { readonly dial: number; readonly atMs: number };

function stateOf({ id, request, url, openedMs, dial, reason }: Held): DialState {
  const { session } = dial as OpenDial;
  return {
    ...{ id, server: request.server, url, holder: request.holder, kind: dial.kind },
    session: session?.sessionId ?? null,
    boundary: session?.boundary ?? "messages",
    identity: session?.identity ?? null,
    openedAt: isoTime(openedMs),
    ...{ isOpen: reason === null, reason },
  };
}

async function firstAnswer(
  session: DialledSession,
  message: Message,
  timeoutMs: number,
): Promise<Omit<AskResult, "connectMs">> {
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), timeoutMs);
  const answers = session.messages();
  const sentMs = performance.now();
  // A peer may answer before it has taken everything.
  const failed = new Promise<never>((_, reject) => session.send(message).catch(reject));
  const answer = answers.next();
  try {
    const first = await Promise.race([answer, late.promise, failed]);
    const durationMs = rounded(performance.now() - sentMs);
    if (first === "late") return { answer: null, outcome: "late", durationMs };
    if (first.done) return { answer: null, outcome: "ended", durationMs };
    return { answer: first.value, outcome: "answered", durationMs };
  } catch (error) {
    throw asProblem(error);
  } finally {
    clearTimeout(timer);
    session.close();
    await answer.catch(() => {});
  }
}

/** To a hundredth, which is more than timers tell. */
function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
