// The messages of an inbox, as a sender reads them: answers one by one, and how much has arrived.

import { errorText } from "../../core/event.ts";
import type { Message, Session } from "../../core/session.ts";
import { type InboxMessage, parseInboxMessage } from "./wire.ts";

/** The most answers that may wait to be read; an inbox gives one to each question. */
const MAX_WAITING = 16;

/** Reads a session in the background, so that a refusal is noticed while content is being sent. */
export class InboxAnswers implements Disposable {
  readonly #session: Session;
  readonly #timeoutMs: number;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #answers: InboxMessage[] = [];
  /** The files that were sent to their end, by id, with the answer where it has come. */
  readonly #unsettled = new Map<number, InboxMessage | undefined>();
  #gotBytes = 0;
  #failure: Error | undefined;
  #changed = Promise.withResolvers<void>();
  #heardMs = performance.now();
  /** Since when the sender waits for the inbox; undefined when it does not. */
  #waitsSinceMs: number | undefined;
  readonly #reading: Promise<void>;

  /** @param timeoutMs how long the inbox may say nothing while something is expected of it */
  constructor(session: Session, timeoutMs: number) {
    this.#session = session;
    this.#timeoutMs = timeoutMs;
    this.#timer = setInterval(() => this.#checkTime(), Math.min(1000, Math.max(10, timeoutMs / 4)));
    this.#reading = this.#read();
  }

  /** How much of the current file the inbox has confirmed. */
  get gotBytes(): number {
    return this.#gotBytes;
  }

  /** Whether an answer is there already. */
  get hasAnswer(): boolean {
    return this.#answers.length > 0;
  }

  /** Begins a new file, of which the inbox has this much. */
  beginAt(bytes: number): void {
    this.#gotBytes = bytes;
  }

  /** The next answer.
   * @throws {DOMException} named TimeoutError when the inbox says nothing for too long
   * @throws {Error} when the session breaks off */
  next(): Promise<InboxMessage> {
    return this.expecting(async () => {
      await this.until(() => this.hasAnswer);
      return this.#answers.shift()!;
    });
  }

  /** A file was sent to its end: from now on the answer with its id is kept apart from the others. */
  awaitLater(id: number): void {
    this.#unsettled.set(id, undefined);
  }

  /** Whether the answer about such a file is there already. */
  isSettled(id: number): boolean {
    return this.#unsettled.get(id) !== undefined;
  }

  /** The answer about such a file. Throws as `next` does. */
  settled(id: number): Promise<InboxMessage> {
    return this.expecting(async () => {
      await this.until(() => this.isSettled(id));
      const answer = this.#unsettled.get(id)!;
      this.#unsettled.delete(id);
      return answer;
    });
  }

  /** Waits until a condition holds, which is checked after each message of the inbox. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#changed.promise;
    }
  }

  /** Runs work that depends on the inbox. When the inbox says nothing for too long, the session is
   * closed; the work then fails for that reason. */
  async expecting<T>(work: () => Promise<T>): Promise<T> {
    this.#waitsSinceMs = performance.now();
    try {
      return await work();
    } catch (error) {
      throw this.#failure ?? error;
    } finally {
      this.#waitsSinceMs = undefined;
    }
  }

  /** Waits for the reading to end, after the session was closed. */
  ended(): Promise<void> {
    return this.#reading;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#session.close();
    this.#fail(new Error("the session was closed"));
  }

  async #read(): Promise<void> {
    try {
      for await (const message of this.#session) {
        this.#heardMs = performance.now();
        this.#take(message);
        this.#change();
      }
      this.#fail(new Error("the inbox ended the session"));
    } catch (error) {
      this.#session.close();
      this.#fail(error instanceof Error ? error : new Error(errorText(error)));
    }
  }

  #take(message: Message): void {
    const said = parseInboxMessage(message);
    if (said.type === "working") return;
    if (said.type === "got") {
      this.#gotBytes = Math.max(this.#gotBytes, said.bytes);
      return;
    }
    if ("id" in said && said.id !== undefined && this.#unsettled.has(said.id)) {
      this.#unsettled.set(said.id, said);
      return;
    }
    if (this.#answers.length >= MAX_WAITING) throw new Error("the inbox answers without end");
    this.#answers.push(said);
  }

  #checkTime(): void {
    if (this.#waitsSinceMs === undefined) return;
    const quietMs = performance.now() - Math.max(this.#waitsSinceMs, this.#heardMs);
    if (quietMs < this.#timeoutMs) return;
    this.#fail(
      new DOMException(`the inbox said nothing for ${this.#timeoutMs} ms`, "TimeoutError"),
    );
    this.#session.close();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#change();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
