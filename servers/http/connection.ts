// One HTTP connection: which of its requests are served, and when it has been quiet or stuck for
// too long. What is done for every request costs throughput, so the common one (a GET for the host
// that the connection asked for before, answered at once) touches nothing but its URL and method.
// Past 300 lines because all of it works on the same few fields.

import { type Address, formatAddress } from "../../core/addresses/address.ts";
import { errorText } from "../../core/event.ts";
import type { HttpService, RequestInfo, WebSocketAnswer } from "../../core/http/app.ts";
import type { IdleSweep, Sweepable } from "../../core/sessions/idle_sweep.ts";
import { formatSize } from "../../core/options/option.ts";
import { plainResponse } from "../../core/http/plain_response.ts";
import type { Identity } from "../../core/session.ts";
import type { Drainable, Ledger } from "../../core/sessions/life.ts";
import { type EndableBody, endableBody } from "./endable_body.ts";
import type { HostGuard, Refusal } from "./host_guard.ts";
import type {
  DetailedEngineInfo,
  EngineConnection,
  EngineInfo,
  QuickHandlers,
  RequestDetails,
} from "./engine.ts";
import { rawRequest } from "./raw_request.ts";
import { RequestBody } from "./request_body.ts";
import { requestMethod } from "./request_method.ts";

/** How long a peer whose body nobody wants may go on sending it, so that it comes to read the
 * answer: cut off at once, it would see a reset instead. */
const LINGER_MS = 2000;

/** What all connections of a server share. */
export interface HttpSharing {
  readonly ledger: Ledger;
  readonly service: HttpService;
  readonly guard: HostGuard;
  readonly maxBodyBytes: number;
  /** Whether to emit an event for every request. */
  readonly watch: boolean;
  /** Connections that have not sent a request yet. */
  readonly silent: IdleSweep<HttpConnection>;
  /** Connections whose requests are answered. */
  readonly resting: IdleSweep<HttpConnection>;
  /** Bodies that an application reads. */
  readonly bodies: IdleSweep<RequestBody>;
}

/** What was asked, as far as answering it goes on to need it. */
interface Asked {
  readonly url: string;
  readonly method: string;
  readonly completion: EngineInfo;
  /** What the application is told. */
  readonly info: RequestInfo;
  readonly body?: RequestBody;
  /** Whether a body follows that must be read, or the connection is of no more use. */
  readonly hasBody: boolean;
}

/** One connection. Hand `handle` and `recover` to an engine, and `attach` what it returns. */
export class HttpConnection implements Drainable, Sweepable {
  active = true;
  readonly #shared: HttpSharing;
  readonly #peer: Address;
  readonly #info: RequestInfo;
  readonly #madeUpAuthority: string | null;
  /** How the URL of an acceptable request begins; nothing does before the first. */
  #prefix = "\0";
  #requests = 0;
  /** Requests whose answer is being made or sent. HTTP/2 may have several. */
  #answering = 0;
  readonly #eventStreams = new Set<EndableBody>();
  /** Those that a handler may still be reading. */
  readonly #bodies = new Set<RequestBody>();
  #engine: EngineConnection | undefined;
  #lingering: ReturnType<typeof setTimeout> | undefined;
  #draining = false;
  /** How it is being closed, once it is. */
  #end: "leave" | "cut" | undefined;
  /** Broke off in the middle of a body, which was counted. */
  #lost = false;
  #ended = false;
  readonly #abandoned = Promise.withResolvers<void>();

  /** @param madeUpAuthority what the engine puts into the URL of a request that names no authority;
   * null where every request names one
   * @param identity who the peer proved to be */
  constructor(
    shared: HttpSharing,
    peer: Address,
    madeUpAuthority: string | null,
    identity?: Identity,
  ) {
    this.#shared = shared;
    this.#peer = peer;
    this.#info = identity === undefined ? { peer } : { peer, identity };
    this.#madeUpAuthority = madeUpAuthority;
  }

  /** Resolves when the connection is closed, by either side. */
  async attach(engine: EngineConnection): Promise<void> {
    const { silent, resting } = this.#shared;
    this.#engine = engine;
    silent.add(this);
    try {
      await Promise.race([engine.finished, this.#abandoned.promise]);
    } catch (error) {
      // A reset, or bytes that are no request.
      if (!this.#lost && !lacksFarewell(error)) this.#fail(error);
    } finally {
      this.#ended = true;
      clearTimeout(this.#lingering);
      silent.delete(this);
      resting.delete(this);
    }
  }

  /** Answers a request of Deno's engine. It must have two parameters: the engine looks at how many
   * there are. */
  readonly handle = (request: Request, info: EngineInfo): Response | Promise<Response> => {
    const { url, method } = request;
    this.#count();
    return url.startsWith(this.#prefix) && (method === "GET" || method === "HEAD")
      ? this.#serve(request, url, method, info, this.#info)
      : this.#handleCarefully(request, url, method, info, this.#info);
  };

  /** Answers a request of node:http. */
  readonly handleDetailed = (
    request: Request,
    completion: DetailedEngineInfo,
  ): Response | Promise<Response> => {
    const { url, method } = request;
    const info = { ...this.#info, ...completion.details };
    this.#count();
    return this.#handleCarefully(request, url, method, completion, info);
  };

  /** Answers requests without an engine. */
  readonly quick: QuickHandlers = {
    find: (request) => this.#shared.service.quick?.(request) ?? null,
    count: () => this.#count(),
    touch: () => {
      this.active = true;
    },
  };

  /** Decides about a request to open a WebSocket. With an answer other than a response, the
   * connection is a WebSocket from here on and no more watched by this. */
  async decideUpgrade(
    request: Request,
    details: RequestDetails,
  ): Promise<WebSocketAnswer | Response> {
    const { url, method } = request;
    const { service, silent, resting, watch } = this.#shared;
    this.#count();
    const info = { ...this.#info, ...details };
    const refusal = this.#refusalOf(request, url, info, true);
    let answer: WebSocketAnswer | Response;
    if (refusal !== null) answer = this.#refuse(refusal);
    else if (service.upgrade === undefined) {
      answer = plainResponse(404, "There is no WebSocket here.");
    } else {
      try {
        answer = await service.upgrade(request, info);
      } catch (error) {
        answer = this.recover(error);
      }
    }
    silent.delete(this);
    resting.delete(this);
    if (watch) this.#report({ url, method }, answer instanceof Response ? answer.status : 101);
    return answer;
  }

  /** Answers for a handler that failed. */
  readonly recover = (error: unknown): Response => {
    this.#fail(error);
    return plainResponse(500, "Internal Server Error");
  };

  drain(): void {
    this.#draining = true;
    for (const body of this.#eventStreams) body.end();
    // The caller that drains may close at once in the same turn, and then nothing is left to do.
    queueMicrotask(() => {
      if (this.#answering === 0 && this.#lingering === undefined) this.#leave();
    });
  }

  close(): void {
    // What leaves cannot be cut off before its peer has read everything: let it go.
    if (this.#end === "leave") this.#abandoned.resolve();
    else this.#cut();
  }

  #cut(): void {
    if (this.#end !== undefined) return;
    this.#end = "cut";
    for (const body of this.#bodies) body.cutShort();
    this.#engine?.close();
  }

  #fail(error: unknown): void {
    this.#shared.ledger.failed(this.#peer, errorText(error));
  }

  #count(): void {
    this.#shared.ledger.counters.requests++;
    this.active = true;
    if (this.#requests++ === 0) this.#speak();
  }

  /** The first request has come. */
  #speak(): void {
    if (this.#engine === undefined) return;
    this.#shared.silent.delete(this);
    this.#shared.resting.add(this);
  }

  /** Nothing is left to answer, and nothing more shall be asked. */
  #leave(): void {
    if (this.#end !== undefined) return;
    if (this.#requests === 0) return this.#cut();
    this.#end = "leave";
    this.#engine?.drain();
  }

  /** A request without a body for an accepted authority. */
  #serve(
    request: Request,
    url: string,
    method: string,
    completion: EngineInfo,
    info: RequestInfo,
  ): Response | Promise<Response> {
    const asked = () => ({ url, method, completion, info, hasBody: false });
    if (this.#shared.watch) return this.#finish(this.#ask(request, info), asked());
    const answer = this.#shared.service.handle(request, info);
    return answer instanceof Response ? answer : this.#finish(answer, asked());
  }

  /** A request that may have a body, or whose authority was not accepted before. */
  #handleCarefully(
    request: Request,
    url: string,
    method: string,
    completion: EngineInfo,
    info: RequestInfo,
  ): Response | Promise<Response> {
    const { ledger: { counters }, maxBodyBytes } = this.#shared;
    const { headers } = request;
    const bodiless = method === "GET" || method === "HEAD";
    const length = Number(headers.get("content-length") ?? NaN);
    const hasBody = !bodiless && (length > 0 || headers.has("transfer-encoding"));
    const asked: Asked = { url, method, completion, info, hasBody };

    const refusal = this.#refusalOf(request, url, info, false);
    if (refusal !== null) return this.#finish(this.#refuse(refusal), asked);
    this.#prefix = `${originOf(url)}/`;

    const coding = headers.get("transfer-encoding");
    if (coding !== null && coding.toLowerCase() !== "chunked") {
      return this.#finish(unknownCoding(coding), asked);
    }
    if (bodiless) return this.#serve(request, url, method, completion, info);
    if (length > maxBodyBytes) {
      counters.oversized++;
      return this.#finish(oversized(maxBodyBytes), asked);
    }
    if (length === 0 || request.body === null) return this.#finish(this.#ask(request, info), asked);
    return this.#serveWithBody(request, request.body, asked);
  }

  async #serveWithBody(
    request: Request,
    source: ReadableStream<Uint8Array<ArrayBuffer>>,
    asked: Asked,
  ): Promise<Response> {
    const { ledger: { counters }, maxBodyBytes, bodies } = this.#shared;
    let responded = false;
    const body = new RequestBody(source, {
      maxBytes: maxBodyBytes,
      sweep: bodies,
      onFailure: (failure) => {
        if (failure === "oversized") counters.oversized++;
        if (failure === "stalled") counters.timedOut++;
        if (failure === "cut short") this.#lost = true;
        // A status can no longer be sent, so an answer that breaks off has to do.
        if (responded) this.#cut();
      },
    });
    const { url, headers } = request;
    const method = requestMethod(request.method);
    const limited = rawRequest(url, { method, headers, body: body.stream });
    this.#bodies.add(body);
    try {
      return await this.#finish(this.#ask(limited, asked.info), { ...asked, body });
    } finally {
      responded = true;
      this.#bodies.delete(body);
    }
  }

  async #ask(request: Request, info: RequestInfo): Promise<Response> {
    const response: unknown = await this.#shared.service.handle(request, info);
    if (response instanceof Response) return response;
    throw new TypeError("the handler returned no Response");
  }

  #refusalOf(
    { headers, method }: Request,
    url: string,
    { httpVersion = "1.1" }: RequestInfo,
    upgrade: boolean,
  ): Refusal | null {
    const { guard } = this.#shared;
    const host = headers.get("host");
    const origin = originOf(url);
    const authority = origin.slice(origin.indexOf("//") + 2);
    const asked = { method, upgrade, httpVersion, origin: headers.get("origin") };
    if (host === null) {
      // HTTP/2 has its authority in the URL; what HTTP/1.1 left out is made up there.
      return guard({ ...asked, host: authority === this.#madeUpAuthority ? null : authority });
    }
    const refusal = guard({ ...asked, host });
    // A request that names a whole URL is for the host in there (RFC 9112 3.2.2).
    return refusal ?? (authority === host ? null : guard({ ...asked, host: authority }));
  }

  #refuse({ status, reason, message }: Refusal): Response {
    this.#shared.ledger.denied(this.#peer, reason, "forbidden");
    return plainResponse(status, message);
  }

  /** Watches an answer to its end, and turns what went wrong into one. */
  async #finish(answer: Response | Promise<Response>, asked: Asked): Promise<Response> {
    const { watch, resting } = this.#shared;
    this.#answering++;
    resting.delete(this);
    let eventStream: EndableBody | undefined;
    const completed = () => {
      if (eventStream !== undefined) this.#eventStreams.delete(eventStream);
      this.#answered(asked);
    };
    asked.completion.completed.then(completed, completed);

    let response = await this.#answerOf(answer, asked.body);
    if (isEventStream(response) && response.body !== null) {
      eventStream = endableBody(response.body);
      this.#eventStreams.add(eventStream);
      response = new Response(eventStream.stream, response);
      if (this.#draining) eventStream.end();
    }
    // What comes next on the connection would be taken for the rest of the body.
    if (this.#draining || asked.body?.failure === "stalled") sayGoodbye(response);
    // The engine would forget it, and with it a file that was just opened.
    if (this.#end === "cut") response.body?.cancel().catch(() => {});
    if (watch) this.#report(asked, response.status);
    return response;
  }

  async #answerOf(
    answer: Response | Promise<Response>,
    body: RequestBody | undefined,
  ): Promise<Response> {
    const { maxBodyBytes } = this.#shared;
    let response: Response | undefined;
    let failure: unknown;
    try {
      response = await answer;
    } catch (error) {
      failure = error;
    }
    // Whatever the handler made of it, that is what happened.
    if (body?.failure === "oversized") return oversized(maxBodyBytes);
    if (body?.failure === "stalled") return stalled();
    return response ?? this.recover(failure);
  }

  /** An answer was sent, or its peer is gone. */
  #answered({ hasBody, body }: Asked): void {
    this.#answering--;
    body?.release();
    if (this.#ended || this.#engine === undefined) return;
    if (hasBody && !body?.ended) this.#linger();
    else if (this.#answering === 0) {
      if (this.#draining) this.#leave();
      else {
        this.active = true;
        this.#shared.resting.add(this);
      }
    }
  }

  /** Gives the peer time to read an answer while it still sends what nobody reads. */
  #linger(): void {
    const requests = this.#requests;
    clearTimeout(this.#lingering);
    this.#lingering = setTimeout(() => {
      this.#lingering = undefined;
      // On HTTP/2 one refused body is no reason to end what else is going on.
      if (this.#answering === 0 && this.#requests === requests) this.#cut();
    }, LINGER_MS);
  }

  #report({ url, method }: Pick<Asked, "url" | "method">, status: number): void {
    const { identity } = this.#info;
    const { ledger } = this.#shared;
    ledger.emit({
      event: "request",
      url: ledger.url,
      peer: formatAddress(this.#peer),
      method,
      path: url.slice(originOf(url).length) || "/",
      status,
      ...(identity && { identity }),
    });
  }
}

/** `http://host:port`, without the path. */
function originOf(url: string): string {
  return /^[^:]*:\/\/[^/]*/.exec(url)?.[0] ?? url;
}

/** Whether a peer left without the farewell of TLS (RFC 8446 6.1), as many do: what its request was
 * and what it was answered is no worse for it. */
function lacksFarewell(error: unknown): boolean {
  return /without sending TLS close_notify/.test(errorText(error));
}

function isEventStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
}

function sayGoodbye(response: Response): void {
  try {
    response.headers.set("connection", "close");
  } catch {
    // The headers of some, such as a redirect, cannot be changed; closing will have to tell.
  }
}

function oversized(maxBodyBytes: number): Response {
  return plainResponse(413, `A body may have at most ${formatSize(maxBodyBytes)} bytes.`);
}

/** The engine undoes "chunked", and would pass on what else was done to a body (RFC 9112 6.1). */
function unknownCoding(coding: string): Response {
  const shown = JSON.stringify(coding.slice(0, 100));
  return plainResponse(
    501,
    `The transfer coding ${shown} is not undone here; send the body chunked.`,
  );
}

function stalled(): Response {
  return plainResponse(408, "The body stopped coming.");
}
