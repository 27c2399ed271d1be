// The sessions that the control opens from this process to servers of this process, and to no other.

import type { DialledSession } from "../../core/client_kind.ts";
import { errorText } from "../../core/event.ts";
import type { Message } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { AskRequest, AskResult, OwnDials } from "../../web/control/dials.ts";
import { Problem } from "../../web/control/problem.ts";
import type { DrivenServer } from "../driven_server.ts";
import type { Dock } from "../serve.ts";
import type { Dialling } from "./dialling.ts";

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
}

export class DialRegistry implements OwnDials {
  readonly #settings: DialSettings;
  /** How many are open, or about to be. */
  #held = 0;
  /** How many were opened, and how many refused. */
  opened = 0;
  refused = 0;

  constructor(settings: DialSettings) {
    this.#settings = settings;
  }

  async ask(server: number, { message, timeoutMs, options }: AskRequest): Promise<AskResult> {
    using _place = this.#place();
    const begunMs = performance.now();
    const { url, options: dial } = await this.#dialling(server, options);
    using session = await this.#connect(url, { ...dial, connectTimeoutMs: timeoutMs });
    const connectMs = rounded(performance.now() - begunMs);
    return { connectMs, ...await firstAnswer(session, message, timeoutMs) };
  }

  /** @throws {Problem} when as many are open as may be */
  #place(): Disposable {
    const { maxDials } = this.#settings;
    if (this.#held >= maxDials) {
      this.refused++;
      throw new Problem(429, `${maxDials} sessions are open already; close one of them`);
    }
    this.#held++;
    this.opened++;
    return { [Symbol.dispose]: () => void this.#held-- };
  }

  async #dialling(id: number, asked: Readonly<Record<string, unknown>>): Promise<Dialling> {
    const found = this.#settings.find(id);
    if (found === undefined) {
      throw new Problem(404, `there is no server ${id}; GET /api/servers lists them`);
    }
    const { diallingOf } = await import("./dialling.ts");
    return await diallingOf(found.server, found.of.options, asked, this.#settings.folders);
  }

  async #connect(url: string, options: Dialling["options"]): Promise<DialledSession> {
    try {
      const { connect } = await import("../connect.ts");
      return await connect(url, options);
    } catch (error) {
      throw asProblem(error);
    }
  }
}

/** What a person is told who asked: an error of usage as it is, any other as what stands in the way. */
function asProblem(error: unknown): unknown {
  const isOurs = error instanceof UsageError || error instanceof TypeError ||
    error instanceof RangeError || error instanceof Problem;
  return isOurs ? error : new Problem(409, errorText(error));
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
