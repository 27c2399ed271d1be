// An exchange with a server: sends messages and yields the answers.

import { concat } from "@std/bytes/concat";
import type { DialledSession } from "../core/client_kind.ts";
import { bytesOf, type Message } from "../core/session.ts";
import { UndeliveredError } from "../core/undelivered_error.ts";
import { connect, type ConnectOptions } from "./connect.ts";
import { refuseUnknownDialling } from "./unknown_option.ts";

export const DEFAULT_ANSWER_TIMEOUT_MS = 5000;

/** Default time of each attempt, when there may be several. */
export const DEFAULT_ATTEMPT_TIMEOUT_MS = 1000;

/** On TCP, the longest wait for a sign of the peer, before our half is closed and after the peer has
 * closed its own. Once our half is closed nobody can tell a peer that has taken everything and has
 * nothing to say from one that refused the connection. */
const SIGN_MS = 50;

/** Options of an exchange. */
export interface ExchangeOptions {
  /** On a stream, the time to read after our last message was sent; on datagrams, the time to wait
   * for the answer to each attempt, and for further answers where there may be many. In
   * milliseconds. Default: 5,000, or 1,000 when there are retries or may be many answers. */
  readonly timeoutMs?: number;
  /** Number of times to repeat a datagram that was not answered. Default: 0. */
  readonly retries?: number;
  /** Whether to close our side of a stream after the last message. Some peers then close the
   * connection without an answer; if it stays open, only the peer or the timeout ends the
   * exchange. Default: true. */
  readonly halfClose?: boolean;
  /** Whether a datagram may have several answers, of which all that arrive in time are yielded, as
   * at a broadcast address or a multicast group. Default: `manyAnswer` of the session. */
  readonly manyAnswers?: boolean;
  /** Called before each further attempt, counted from 2. */
  readonly onRetry?: (attempt: number) => void;
}

/** Result of an exchange. */
export interface ExchangeResult {
  /** Whether time ran out before the end of the stream, or before an answer to each message. */
  readonly timedOut: boolean;
  /** Number of sends, repetitions included. */
  readonly attempts: number;
}

/** Sends messages and yields the answers, each a copy of its own. On a stream, and on a layer with acknowledgements, all
 * messages are sent, our side is ended, and the answer is read to its end; on other transports
 * each message waits for its answer. The generator returns the result.
 *
 * @throws {UndeliveredError} on a layer with acknowledgements, when the peer will never have all
 * @throws {Error} when a stream ends without an answer and the peer has not taken all of it, as far
 * as that can be known */
export async function* exchange(
  session: DialledSession,
  messages: Iterable<Message> | AsyncIterable<Message>,
  options: ExchangeOptions = {},
): AsyncGenerator<Message, ExchangeResult> {
  return hasEnd(session)
    ? yield* exchangeStream(session, messages, options)
    : yield* exchangeMessages(session, messages, options);
}

/** Returns false for the error of sending to a peer that no longer reads. The error of a message
 * that cannot be sent at all is rethrown. */
function hadEnough(error: unknown): false {
  if (error instanceof RangeError) throw error;
  return false;
}

/** Whether the session can be ended in one direction, as a stream can. */
export function hasEnd({ boundary, delivery }: DialledSession): boolean {
  return boundary === "bytes" || delivery !== undefined;
}

async function* exchangeStream(
  session: DialledSession,
  messages: Iterable<Message> | AsyncIterable<Message>,
  { timeoutMs = DEFAULT_ANSWER_TIMEOUT_MS, halfClose = true }: ExchangeOptions,
): AsyncGenerator<Message, ExchangeResult> {
  let timedOut = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sourceFailure: { readonly error: unknown } | undefined;
  let awaitsMessage = true;
  let isSending = false;
  let sent = 0;
  let isTaken = true;
  let isHeard = false;
  let hasEnded = false;
  const sign = Promise.withResolvers<void>();
  let looking: Promise<boolean> | undefined;
  const { isTaking } = session;
  // Sending and reading go on concurrently: a peer that answers while it reads would otherwise fill
  // both directions and block.
  const sending = (async () => {
    for await (const message of messages) {
      awaitsMessage = false;
      // A peer that no longer reads may still answer; reading finds its end or its error.
      isSending = true;
      isTaken = await session.send(message).then(() => true, hadEnough);
      isSending = false;
      if (!isTaken) return;
      sent++;
      awaitsMessage = true;
    }
    awaitsMessage = false;
    // With acknowledgements, the error of `end` tells how much was not delivered.
    const failed = (error: unknown) => {
      if (error instanceof UndeliveredError) throw error;
    };
    if (halfClose) {
      if (isTaking !== undefined) await within(sign.promise, SIGN_MS);
      await looking;
      hasEnded = true;
      await session.end().catch(failed);
    }
    timer = setTimeout(() => {
      timedOut = true;
      session.close("timed out");
    }, timeoutMs);
  })().catch((error) => {
    sourceFailure = { error };
    session.close();
  });
  try {
    for await (const message of session.messages()) {
      isHeard = true;
      sign.resolve();
      yield message;
    }
    // A message that nobody wrote yet has not been taken either.
    const mayLook = !isHeard && !timedOut && isTaken && !isSending && !hasEnded;
    if (mayLook && isTaking !== undefined) {
      looking = sent > 0 ? afterAWhile(isTaking) : Promise.resolve(!awaitsMessage);
      isTaken = await looking;
    }
    // A peer that has ended its side may still receive our messages.
    if (session.delivery !== undefined && !awaitsMessage) await sending;
  } finally {
    sign.resolve();
    session.close();
    // The next message may never come, and the peer would not receive it.
    if (!awaitsMessage) await sending;
    clearTimeout(timer);
  }
  if (sourceFailure !== undefined) throw sourceFailure.error;
  if (!isHeard && !isTaken) throw new Error(NOT_TAKEN);
  return { timedOut, attempts: 1 };
}

const NOT_TAKEN =
  "the peer closed the connection without having taken what was sent, and without " +
  "an answer; perhaps it admits other addresses only";

/** Asks when a reset, which follows the end of a peer that has not read everything, has had time to
 * arrive. */
async function afterAWhile(isTaking: () => Promise<boolean>): Promise<boolean> {
  await within(new Promise<never>(() => {}), SIGN_MS);
  return await isTaking();
}

async function* exchangeMessages(
  session: DialledSession,
  messages: Iterable<Message> | AsyncIterable<Message>,
  options: ExchangeOptions,
): AsyncGenerator<Message, ExchangeResult> {
  const { retries = 0, timeoutMs, onRetry } = options;
  const manyAnswers = options.manyAnswers ?? session.manyAnswer ?? false;
  const waitMs = timeoutMs ??
    (retries > 0 || manyAnswers ? DEFAULT_ATTEMPT_TIMEOUT_MS : DEFAULT_ANSWER_TIMEOUT_MS);
  const answers = session.messages();
  let attempts = 0;
  let timedOut = false;
  let pending: Promise<IteratorResult<Message>> | undefined;
  try {
    for await (const message of messages) {
      let answer: IteratorResult<Message> | undefined;
      for (let attempt = 1; attempt <= retries + 1 && answer === undefined; attempt++) {
        if (attempt > 1) onRetry?.(attempt);
        attempts++;
        await session.send(message);
        pending ??= answers.next();
        answer = await within(pending, waitMs);
      }
      if (answer === undefined) {
        timedOut = true;
        continue;
      }
      pending = undefined;
      if (answer.done) break;
      yield answer.value;
      if (!manyAnswers) continue;
      // Others may answer until the time is over.
      const untilMs = performance.now() + waitMs;
      for (;;) {
        pending ??= answers.next();
        const further = await within(pending, Math.max(0, untilMs - performance.now()));
        if (further === undefined) break;
        pending = undefined;
        if (further.done) return { timedOut, attempts };
        yield further.value;
      }
    }
  } finally {
    session.close();
    await pending?.catch(() => {});
  }
  return { timedOut, attempts };
}

/** Resolves to the value, or to undefined when it takes too long. */
async function within<T>(value: Promise<T>, waitMs: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), waitMs);
  try {
    return await Promise.race([value, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Options of `send`: how to connect and how to wait. */
export type SendOptions = ConnectOptions & Omit<ExchangeOptions, "manyAnswers">;

/** Opens a session, sends one message and returns the answer: on a stream all that comes until the
 * peer ends its half, elsewhere the first message.
 *
 * ```ts
 * import { acknowledge, send, serve } from "@sockdock/sockdock";
 *
 * await using server = await serve("udp://127.0.0.1:0", acknowledge);
 * const answer = await send(server.url, "ahoy", { retries: 5 });
 * console.log(new TextDecoder().decode(answer)); // Message received: ahoy. Thank you.
 * ```
 *
 * @throws {DOMException} named TimeoutError when no answer came in time
 * @throws {Error} when the peer cannot be reached, naming the URL */
export async function send(
  url: string,
  message: Message,
  { timeoutMs, retries, halfClose, onRetry, ...options }: SendOptions = {},
): Promise<Uint8Array> {
  refuseUnknownDialling(options, ["timeoutMs", "retries", "halfClose", "onRetry"]);
  using session = await connect(url, options);
  const answers = exchange(session, [message], {
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(retries !== undefined && { retries }),
    ...(halfClose !== undefined && { halfClose }),
    ...(onRetry !== undefined && { onRetry }),
  });
  const parts: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await answers.next();
    if (!done) {
      parts.push(bytesOf(value));
      continue;
    }
    if (value.timedOut && parts.length === 0) {
      const times = value.attempts === 1 ? "" : `, though it was sent ${value.attempts} times`;
      throw new DOMException(`No answer from ${url} in time${times}`, "TimeoutError");
    }
    return concat(parts);
  }
}
