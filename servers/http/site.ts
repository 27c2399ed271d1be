// What the requests of one server have in common, in any version of HTTP and on any connection: its
// application, the rules for what reaches it, its limits, and the record of what was answered.

import { Durations } from "../../core/durations.ts";
import { errorText } from "../../core/event.ts";
import type { HttpService, QuickAnswer, QuickRequest, RequestInfo } from "../../core/http/app.ts";
import { plainResponse } from "../../core/http/plain_response.ts";
import { formatSize } from "../../core/options/option.ts";
import type { EventOrigin } from "../../core/session.ts";
import type { RequestWork } from "../../core/server_kind.ts";
import { IdleSweep } from "../../core/sessions/idle_sweep.ts";
import type { Ledger } from "../../core/sessions/life.ts";
import type { Authenticator } from "../access/authentication.ts";
import type { HostGuard, Refusal } from "../access/host_guard.ts";
import type { RequestLimits } from "./options.ts";
import { type BodySource, RequestBody } from "./request_body.ts";
import type { HttpRules } from "../access/rules.ts";
import { capture, type CapturedExchange } from "./captured.ts";

/** Default limit of a request body, unless the user or the application sets one. */
const DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024;

interface SiteOptions {
  readonly rules: HttpRules;
  readonly limits: RequestLimits;
  readonly work: RequestWork;
}

/** A request as it is recorded. */
interface AskedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly info: RequestInfo;
  readonly startedMs: number;
  /** What it carries, where somebody wants to see that. */
  readonly captured?: CapturedExchange | undefined;
}

type MaybePromise<T> = T | Promise<T>;

export class HttpSite implements Disposable {
  readonly ledger: Ledger;
  readonly service: HttpService;
  readonly guard: HostGuard;
  readonly maxBodyBytes: number;
  /** Whether requests are timed though none of them becomes an event. */
  readonly #measures: boolean;
  readonly now: () => number;
  /** Answers what lies ready, where the application has anything. */
  readonly quick: ((request: QuickRequest) => MaybePromise<QuickAnswer | null>) | null;
  /** Whether every request becomes an event, though nobody watches. */
  readonly #alwaysTells: boolean;
  readonly #authenticate: Authenticator | null;
  readonly #authenticateChange: Authenticator | null;
  readonly #bodies: IdleSweep<RequestBody>;

  constructor(ledger: Ledger, { rules, limits, work }: SiteOptions) {
    this.ledger = ledger;
    const { service } = work;
    this.service = service;
    this.#authenticate = rules.authenticate;
    this.#authenticateChange = rules.authenticateChange;
    this.quick = service.quick === undefined
      ? null
      : rules.authenticate === null
      ? (request) => service.quick!(request)
      : (request) =>
        this.knownUser(request.header("authorization")) === undefined
          ? null
          : service.quick!(request);
    this.guard = rules.guard;
    this.maxBodyBytes = limits.maxBodyBytes ?? service.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
    if (work.measure) ledger.requestDurations = new Durations();
    this.#alwaysTells = limits.logRequests || (work.watch ?? false);
    this.#measures = work.measure === true;
    this.now = () => work.context.now();
    this.#bodies = new IdleSweep<RequestBody>(limits.bodyTimeoutMs, (body) => body.stall());
  }

  /** Whether requests are timed and reported, which costs throughput. */
  get reports(): boolean {
    return this.#measures || this.#tells;
  }

  get #tells(): boolean {
    const { emit, traffic } = this.ledger;
    return emit !== undefined && (this.#alwaysTells || traffic?.show !== undefined);
  }

  /** Begins to keep what a request carries; undefined unless somebody wants to see it. */
  capture(): CapturedExchange | undefined {
    const bodyBytes = this.ledger.traffic?.bodyBytes;
    return bodyBytes === undefined ? undefined : capture(bodyBytes, this.now());
  }

  /** The user of credentials that were checked before. */
  knownUser(authorization: string | null): string | undefined {
    return authorization === null ? undefined : this.#authenticate?.known(authorization);
  }

  /** Checks the credentials of a request; returns what is known of it then, or the refusal. */
  admit(request: Request, info: RequestInfo): MaybePromise<RequestInfo | Response> {
    const authenticator = this.#authenticate === this.#authenticateChange || isReading(request)
      ? this.#authenticate
      : this.#authenticateChange;
    return authenticator === null ? info : this.#checkCredentials(request, info, authenticator);
  }

  async #checkCredentials(
    request: Request,
    info: RequestInfo,
    authenticator: Authenticator,
  ): Promise<RequestInfo | Response> {
    const { headers } = request;
    // A browser sends its preflight request without credentials (Fetch standard, 4.8).
    if (request.method === "OPTIONS" && headers.has("access-control-request-method")) return info;
    const authorization = headers.get("authorization");
    const verdict = await authenticator.check(authorization, info.peer);
    if (verdict.admitted) {
      const { user } = verdict;
      const { headerList } = info;
      return user === undefined ? info : { ...info, ...(headerList && { headerList }), user };
    }
    const { ledger } = this;
    if (authorization === null) ledger.counters.unauthenticated++;
    else ledger.denied(info, `credentials (${verdict.status})`, "unauthenticated");
    return plainResponse(verdict.status, verdict.message, verdict.headers);
  }

  /** Asks the application. Never throws. */
  handle(request: Request, info: RequestInfo): MaybePromise<Response> {
    try {
      return this.service.handle(request, info);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The body of a request, within the limits. */
  body(source: BodySource): RequestBody {
    const { counters } = this.ledger;
    return new RequestBody(source, {
      maxBytes: this.maxBodyBytes,
      sweep: this.#bodies,
      onFailure: (failure) => {
        if (failure === "oversized") counters.oversized++;
        if (failure === "stalled") counters.timedOut++;
      },
    });
  }

  /** The application's answer, or that to a failure of its own or of the body. */
  async answer(
    answer: MaybePromise<Response>,
    of: EventOrigin,
    body?: RequestBody,
  ): Promise<Response> {
    let response: unknown;
    let failure: unknown;
    try {
      response = await answer;
      if (!(response instanceof Response)) {
        failure = new TypeError("the handler returned no Response");
      }
    } catch (error) {
      failure = error;
    }
    // The failure of a body decides, even if the handler caught the error of the body.
    if (body?.failure === "oversized") return this.#oversized();
    if (body?.failure === "stalled") return this.#refusal(408, "The body stopped coming.");
    if (body?.failure === "cut short") {
      return this.#refusal(400, "The body is malformed or was cut short.");
    }
    return failure === undefined ? response as Response : this.recover(failure, of);
  }

  /** Answers a body that was announced to be too large. */
  oversized(): Response {
    this.ledger.counters.oversized++;
    return this.#oversized();
  }

  #oversized(): Response {
    return this.#refusal(413, `A body may have at most ${formatSize(this.maxBodyBytes)} bytes.`);
  }

  refuse({ status, reason, message }: Refusal, of: EventOrigin): Response {
    this.ledger.denied(of, reason, "forbidden");
    return this.#refusal(status, message);
  }

  /** Answers a handler that threw. */
  recover(error: unknown, of: EventOrigin): Response {
    this.ledger.failed(of, errorText(error));
    return this.#refusal(500, "Internal Server Error");
  }

  #refusal(status: number, text: string): Response {
    return this.service.refusal?.(status, text) ?? plainResponse(status, text);
  }

  /** Records a request that was answered.
   * @param bytes length of the body that was sent */
  report(
    { method, path, info, startedMs, captured }: AskedRequest,
    status: number,
    bytes: number,
  ): void {
    // Nobody watched yet when it came.
    if (startedMs === 0) return;
    const durationMs = Math.max(0, this.now() - startedMs);
    this.ledger.requestDurations?.add(durationMs);
    if (!this.#tells) return;
    const { identity, user, httpVersion } = info;
    this.ledger.emit?.(
      {
        event: "request",
        method,
        path,
        ...(httpVersion !== undefined && { httpVersion }),
        status,
        bytes,
        durationMs,
        ...(user !== undefined && { user }),
        ...(identity && { identity }),
        ...(captured && { content: captured.take(startedMs) }),
      },
      info,
      startedMs,
    );
  }

  [Symbol.dispose](): void {
    this.#bodies[Symbol.dispose]();
  }
}

/** Whether a request changes nothing (RFC 9110 9.2.1). What is said over a WebSocket may. */
function isReading({ method, headers }: Request): boolean {
  return ["GET", "HEAD", "OPTIONS"].includes(method) &&
    headers.get("upgrade")?.toLowerCase() !== "websocket";
}
