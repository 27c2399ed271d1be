// Wraps an exchange so that it is retried after temporary failures of the network or the server.

import { errorText } from "../../core/event.ts";
import type { OptionValues } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { Answer, Exchange, OutgoingRequest } from "./message.ts";
import type { retryOptions } from "./options.ts";
import { ConnectTimeoutError, NotConnectedError } from "./route.ts";

/** A retry that is about to be made. */
export interface RetryNotice {
  /** Number of the retry, from 1. */
  readonly attempt: number;
  /** Limit of the retries. */
  readonly of: number;
  /** Delay before the retry. */
  readonly waitMs: number;
  /** Reason, such as `the server answered 503`. */
  readonly reason: string;
}

/** Options of the retries, and their sources of time and chance. */
interface RetryWork {
  readonly values: OptionValues<typeof retryOptions>;
  readonly onRetry: ((notice: RetryNotice) => void) | undefined;
  readonly random: () => number;
  /** Resolves after the delay, or rejects with the reason of the signal. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** Idempotent methods (RFC 9110 9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);
/** Statuses of temporary failures: timeouts, rate limits, overload, unreachable upstreams. */
const PASSING = new Set([408, 429, 502, 503, 504]);
const LONGEST_WAIT_MS = 60_000;
/** Limit of Retry-After; beyond it there is no retry, and the response is returned. */
const LONGEST_ASKED_WAIT_MS = 10 * 60_000;

/** Retries as the options say. If the last try fails too, its response is returned. */
export function withRetries(exchange: Exchange, work: RetryWork): Exchange {
  const { values, now, signal } = work;
  if (values.retry === 0) return exchange;
  return async (request) => {
    const beganMs = now();
    for (let attempt = 1;; attempt++) {
      const mayTry = attempt <= values.retry;
      let answer: Answer | undefined;
      let failure: unknown;
      try {
        answer = await exchange(request);
      } catch (error) {
        failure = error;
      }
      const reason = mayTry ? reasonToRetry(request, { answer, failure }, work) : undefined;
      const waitMs = waitBefore(attempt, answer, work);
      const inTime = now() - beganMs + waitMs <= values.retryMaxTimeMs;
      if (reason === undefined || !inTime || waitMs > LONGEST_ASKED_WAIT_MS) {
        if (answer !== undefined) return answer;
        throw failure;
      }
      answer?.close();
      work.onRetry?.({ attempt, of: values.retry, waitMs, reason });
      await work.wait(waitMs, signal);
    }
  };
}

interface Outcome {
  readonly answer: Answer | undefined;
  readonly failure: unknown;
}

/** The reason for which the request may be repeated; undefined when it may not. */
function reasonToRetry(
  { method, body }: OutgoingRequest,
  { answer, failure }: Outcome,
  { values, signal }: RetryWork,
): string | undefined {
  if (signal.aborted || body?.available === false) return undefined;
  const isRepeatable = values.retryAll || IDEMPOTENT.has(method);
  if (answer !== undefined) {
    const { status } = answer.response;
    return PASSING.has(status) && isRepeatable ? `the server answered ${status}` : undefined;
  }
  if (failure instanceof UsageError || isLasting(failure)) return undefined;
  // Without a connection the server cannot have carried the request out.
  const isUnsent = failure instanceof NotConnectedError || failure instanceof ConnectTimeoutError;
  return isUnsent || isRepeatable ? errorText(failure) : undefined;
}

/** Whether a retry would fail as well, as with a wrong certificate. */
function isLasting(failure: unknown): boolean {
  return /\b(?:certificate|does not speak TLS|Requires (?:net|read) access)\b/.test(
    errorText(failure),
  );
}

function waitBefore(
  attempt: number,
  answer: Answer | undefined,
  { values, random, now }: RetryWork,
): number {
  const request = askedWait(answer?.response.headers.get("retry-after") ?? "", answer, now);
  if (request !== undefined) return request;
  return backOffMs(attempt, values.retryDelayMs, random);
}

/** The delay before a retry: twice the one before, half of it random, so that many clients do not
 * return at the same time.
 * @param attempt number of the retry, from 1 */
export function backOffMs(attempt: number, firstMs: number, random: () => number): number {
  const longestMs = Math.min(firstMs * 2 ** (attempt - 1), LONGEST_WAIT_MS);
  return Math.round(longestMs / 2 + random() * longestMs / 2);
}

/** The delay in Retry-After: seconds, or a date by the server's own clock (RFC 9110 10.2.3). */
function askedWait(
  written: string,
  answer: Answer | undefined,
  now: () => number,
): number | undefined {
  if (/^\d{1,9}$/.test(written)) return Number(written) * 1000;
  if (!/^[A-Z][a-z]{2,8},? /.test(written)) return undefined;
  const serverNow = Date.parse(answer?.response.headers.get("date") ?? "");
  const waitMs = Date.parse(written) - (Number.isNaN(serverNow) ? now() : serverNow);
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

export function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    }, ms);
    signal.addEventListener("abort", giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
}
