// An HTTP connection of a server (RFC 9112): it checks each request against the rules and closes
// the connection when it is idle or stuck for too long. Work for every request costs throughput, so
// the common one (a GET for the same host as before, answered at once) costs only a look at its URL
// and method. Past 300 lines because all of it works on the same few fields.

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

/** Time for which a client may still send an unread body after the response: closing at once would
 * reset the connection before the client has read the response. */
const LINGER_MS = 2000;

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

/** The parts of a request that are needed until it is answered. */
interface Asked {
  readonly url: string;
  readonly method: string;
  readonly completion: EngineInfo;
  readonly info: RequestInfo;
  readonly body?: RequestBody;
  /** Whether a body follows, which must be read before the connection can be reused. */
  readonly hasBody: boolean;
}

/** One connection. Hand `handle` and `recover` to an engine, and `attach` what it returns. */
export class HttpConnection implements Drainable, Sweepable {
  active = true;
  readonly #shared: HttpSharing;
  readonly #peer: Address;
  readonly #info: RequestInfo;
  readonly #madeUpAuthority: string | null;
  /** Prefix of URLs whose host needs no further check; matches none before the first request. */
  #prefix = "\0";
  #requests = 0;
  /** Requests whose answer is being made or sent. HTTP/2 may have several. */
  #answering = 0;
  readonly #eventStreams = new Set<EndableBody>();
  /** Bodies that a handler may still be reading. */
  readonly #bodies = new Set<RequestBody>();
  #engine: EngineConnection | undefined;
  #lingering: ReturnType<typeof setTimeout> | undefined;
  #draining = false;
  /** The way in which the connection is being closed. */
  #end: "leave" | "cut" | undefined;
  /** Set when the connection broke off in the middle of a body, which is counted there. */
  #lost = false;
  #ended = false;
  readonly #abandoned = Promise.withResolvers<void>();

  /** @param madeUpAuthority the engine's placeholder in the URL of a request without an authority;
   * null where every request has one
   * @param identity the identity that the peer proved */
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

  /** Answers a request of Deno's engine, which checks that there are two parameters. */
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

  readonly quick: QuickHandlers = {
    find: (request) => this.#shared.service.quick?.(request) ?? null,
    count: () => this.#count(),
    touch: () => {
      this.active = true;
    },
  };

  /** Decides about a request to open a WebSocket. Unless the result is a response, the connection
   * is a WebSocket from here on, and no longer watched by this class. */
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

  readonly recover = (error: unknown): Response => {
    this.#fail(error);
    return plainResponse(500, "Internal Server Error");
  };

  drain(): void {
    this.#draining = true;
    for (const body of this.#eventStreams) body.end();
    // After `drain` the caller may call `close` in the same turn: then the connection is closed.
    queueMicrotask(() => {
      if (this.#answering === 0 && this.#lingering === undefined) this.#leave();
    });
  }

  close(): void {
    // A connection that drains cannot be cut off before its client has read all: it is abandoned.
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

  /** Records the first request. */
  #speak(): void {
    if (this.#engine === undefined) return;
    this.#shared.silent.delete(this);
    this.#shared.resting.add(this);
  }

  /** Closes the connection after its last response. */
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
        // The status was sent already, so the response can only be aborted.
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
      // HTTP/2 has its authority in the URL; HTTP/1.1 without a Host gets a made-up one there.
      return guard({ ...asked, host: authority === this.#madeUpAuthority ? null : authority });
    }
    const refusal = guard({ ...asked, host });
    // A request target with a whole URL is for the host in it (RFC 9112 3.2.2).
    return refusal ?? (authority === host ? null : guard({ ...asked, host: authority }));
  }

  #refuse({ status, reason, message }: Refusal): Response {
    this.#shared.ledger.denied(this.#peer, reason, "forbidden");
    return plainResponse(status, message);
  }

  /** Watches a response to its end, and converts errors to responses. */
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
    // The rest of the body would be parsed as the next request.
    if (this.#draining || asked.body?.failure === "stalled") sayGoodbye(response);
    // The engine would not close the body, nor a file that was opened for it.
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
    // A body limit decides the response, even if the handler caught the error of the body.
    if (body?.failure === "oversized") return oversized(maxBodyBytes);
    if (body?.failure === "stalled") return stalled();
    return response ?? this.recover(failure);
  }

  /** Called when a response was sent, or its client is gone. */
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

  /** Gives the client time to read the response while it still sends a body that is not read. */
  #linger(): void {
    const requests = this.#requests;
    clearTimeout(this.#lingering);
    this.#lingering = setTimeout(() => {
      this.#lingering = undefined;
      // On HTTP/2 a refused body must not end the other streams.
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

/** Whether a peer closed without the close_notify alert of TLS (RFC 8446 6.1), as many do: its
 * requests were complete all the same. */
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
    // Some responses, such as redirects, have immutable headers; closing has to suffice.
  }
}

function oversized(maxBodyBytes: number): Response {
  return plainResponse(413, `A body may have at most ${formatSize(maxBodyBytes)} bytes.`);
}

/** The engine decodes "chunked", and would pass on a body with any other transfer coding as it is
 * (RFC 9112 6.1). */
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
