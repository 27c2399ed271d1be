// Requests that Deno.serve has read, answered by the rules of a server: those of HTTP/2, and all of
// them where Deno.serve itself listens.

import type { RequestInfo } from "../../core/http/app.ts";
import type { Drainable } from "../../core/sessions/life.ts";
import { type EndableBody, endableBody } from "./endable_body.ts";
import { plainResponse } from "../../core/http/plain_response.ts";
import { unknownCoding } from "./message/incoming.ts";
import { makeRequest } from "./message/lazy_request.ts";
import { knownLength } from "./message/outgoing.ts";
import type { RequestBody } from "./request_body.ts";
import type { HttpSite } from "./site.ts";

interface DenoRequest {
  readonly request: Request;
  /** With the scheme under which the client knows the server. */
  readonly url: string;
  /** Resolves when the answer was sent, rejects when its client is gone. */
  readonly completed: Promise<void>;
  readonly info: RequestInfo;
  /** What Deno puts into the URL of a request without a Host; null where every request has one. */
  readonly madeUpAuthority: string | null;
}

/** The requests of one connection, or of one listener. */
export class DenoRequests implements Drainable {
  readonly #site: HttpSite;
  readonly #changed: () => void;
  readonly #bodies = new Set<RequestBody>();
  readonly #eventStreams = new Set<EndableBody>();
  readonly #leaving = new Set<AbortController>();
  #open = 0;
  #draining = false;

  /** @param changed called when a request begins, and when one is over */
  constructor(site: HttpSite, changed: () => void) {
    this.#site = site;
    this.#changed = changed;
  }

  /** Requests whose answer is being made or sent. */
  get open(): number {
    return this.#open;
  }

  drain(): void {
    this.#draining = true;
    for (const body of this.#eventStreams) body.end();
  }

  close(): void {
    for (const body of this.#bodies) body.cutShort();
    for (const controller of this.#leaving) controller.abort();
  }

  /** Answers a request; never rejects. */
  async answer(asked: DenoRequest): Promise<Response> {
    const site = this.#site;
    const { request, url, completed, info } = asked;
    const { method } = request;
    const startedMs = site.now();
    site.ledger.counters.requests++;
    this.#open++;
    this.#changed();
    const leaving = new AbortController();
    this.#leaving.add(leaving);
    let stream: EndableBody | undefined;
    let body: RequestBody | undefined;
    let known: RequestInfo = info;
    let sentBytes: number | undefined = undefined;
    let status = 0;
    const over = () => {
      this.#leaving.delete(leaving);
      if (body !== undefined) this.#bodies.delete(body);
      body?.release();
      if (stream !== undefined) this.#eventStreams.delete(stream);
      if (site.reports && status !== 0) {
        const path = url.slice(originOf(url).length) || "/";
        const bytes = sentBytes ?? stream?.bytes ?? 0;
        site.report({ method, path, info: known, startedMs }, status, bytes);
      }
      this.#open--;
      this.#changed();
    };
    completed.then(over, () => {
      leaving.abort();
      over();
    });

    if (isBodyExpected(request)) body = this.#bodyOf(request.body!);
    let response = await this.#answerOf(asked, body, leaving.signal, (info) => known = info);
    status = response.status;
    sentBytes = method === "HEAD" ? 0 : knownLength(response);
    const isEventStream = response.headers.get("content-type")?.startsWith("text/event-stream");
    if (response.body !== null && (isEventStream || site.reports && sentBytes === undefined)) {
      stream = endableBody(response.body);
      response = new Response(stream.stream, response);
      if (isEventStream) this.#eventStreams.add(stream);
      if (isEventStream && this.#draining) stream.end();
    }
    // The rest of the body would be read as the next request.
    const isLast = this.#draining || body?.failure !== undefined;
    if (isLast && info.httpVersion !== "2" && !isImmutable(response)) {
      response.headers.set("connection", "close");
    }
    return response;
  }

  async #answerOf(
    asked: DenoRequest,
    body: RequestBody | undefined,
    signal: AbortSignal,
    admit: (info: RequestInfo) => void,
  ): Promise<Response> {
    const site = this.#site;
    const { request: { method, headers }, url, info } = asked;
    const refusal = this.#refusalOf(asked);
    if (refusal !== null) return site.refuse(refusal, info.peer);
    if (Number(headers.get("content-length") ?? 0) > site.maxBodyBytes) return site.oversized();
    const coding = headers.get("transfer-encoding");
    if (coding !== null && coding.toLowerCase() !== "chunked") {
      return plainResponse(501, unknownCoding(coding));
    }
    const fields = [...headers];
    const parts = { method, url, fields, body: body?.stream ?? null, signal: () => signal };
    const request = makeRequest(parts);
    const admitted = await site.admit(request, info);
    if (admitted instanceof Response) return admitted;
    admit(admitted);
    return await site.answer(site.handle(request, admitted), info.peer, body);
  }

  #bodyOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): RequestBody {
    let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
    const body = this.#site.body({
      async read() {
        reader ??= stream.getReader();
        const { value, done } = await reader.read();
        return done ? null : value;
      },
      cancel() {
        (reader ?? stream).cancel().catch(() => {});
      },
    });
    this.#bodies.add(body);
    return body;
  }

  #refusalOf({ request: { method, headers, url }, info, madeUpAuthority }: DenoRequest) {
    const { guard } = this.#site;
    const { httpVersion = "1.1" } = info;
    const authority = originOf(url).replace(/^[^:]*:\/\//, "");
    const asked = { method, upgrade: false, httpVersion, origin: headers.get("origin") };
    const host = headers.get("host");
    if (host === null) {
      return guard({ ...asked, host: authority === madeUpAuthority ? null : authority });
    }
    // A target with a whole URL is for the host in it (RFC 9112 3.2.2).
    return guard({ ...asked, host }) ??
      (authority === host ? null : guard({ ...asked, host: authority }));
  }
}

function isBodyExpected({ method, headers, body }: Request): boolean {
  return method !== "GET" && method !== "HEAD" && headers.get("content-length") !== "0" &&
    body !== null;
}

/** Whether the fields of a response cannot be changed, as those of a redirect. */
function isImmutable({ type, status }: Response): boolean {
  return type !== "default" || status >= 300 && status < 400;
}

/** `http://host:port`, without the path. */
function originOf(url: string): string {
  return /^[^:]*:\/\/[^/?#]*/.exec(url)?.[0] ?? url;
}
