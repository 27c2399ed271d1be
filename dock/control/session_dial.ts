// A session to a server of this process that stays open: what passes becomes events.

import type { DialledSession } from "../../core/client_kind.ts";
import { errorText } from "../../core/event.ts";
import { byteLength, type Message } from "../../core/session.ts";
import { asProblem } from "./dial_problem.ts";
import type { OpenDial, TellDial } from "./open_dial.ts";

/** What is read of a server that never stops; it waits then, or the system drops what comes. */
const MAX_BYTES_PER_SECOND = 1024 * 1024;
/** What a message counts for besides its bytes. */
const MESSAGE_COST = 512;
/** What is read before it is slowed down. */
const BURST_BYTES = 256 * 1024;

export class SessionDial implements OpenDial {
  readonly kind = "session";
  readonly ended: Promise<string>;
  readonly #session: DialledSession;
  readonly #tell: TellDial;
  #paused: PromiseWithResolvers<void> | undefined;
  #reason: string | undefined;

  constructor(session: DialledSession, tell: TellDial) {
    this.#session = session;
    this.#tell = tell;
    this.ended = this.#receive();
  }

  get session(): DialledSession {
    return this.#session;
  }

  async send(message: Message): Promise<void> {
    // Told first, so that it stands before its answer.
    this.#tell({ event: "sent", message }, this.#session);
    try {
      await this.#session.send(message);
    } catch (error) {
      this.#tell({ event: "failed", error: errorText(error) }, this.#session);
      throw asProblem(error);
    }
  }

  async end(): Promise<void> {
    await this.#session.end().catch((error: unknown) => {
      throw asProblem(error);
    });
  }

  close(reason: string): void {
    this.#reason ??= reason;
    this.#session.close(reason);
    this.#paused?.resolve();
  }

  /** Resolves to why the session has ended. */
  async #receive(): Promise<string> {
    let beganMs = performance.now();
    let read = 0;
    try {
      for await (const message of this.#session.messages()) {
        if (this.#reason !== undefined) break;
        this.#tell({ event: "received", message }, this.#session);
        read += byteLength(message) + MESSAGE_COST;
        if (read < BURST_BYTES) continue;
        const dueMs = beganMs + read / MAX_BYTES_PER_SECOND * 1000;
        await this.#pause(dueMs - performance.now());
        beganMs = performance.now();
        read = 0;
      }
      return this.#reason ?? this.#session.farewell ?? "the server ended the session";
    } catch (error) {
      return this.#reason ?? errorText(error);
    } finally {
      this.#session.close();
    }
  }

  async #pause(waitMs: number): Promise<void> {
    if (waitMs <= 0 || this.#reason !== undefined) return;
    this.#paused = Promise.withResolvers();
    const timer = setTimeout(this.#paused.resolve, waitMs);
    await this.#paused.promise;
    clearTimeout(timer);
  }
}
