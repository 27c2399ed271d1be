// Requests that Deno.serve has read, answered by the rules of a server: those of HTTP/2, and all of
// them where Deno.serve itself listens. What costs much is made only where it is asked for: most
// requests have no body, and most answers are known as a whole.

import type { RequestInfo } from "../../core/http/app.ts";
import { plainResponse } from "../../core/http/plain_response.ts";
import type { Drainable } from "../../core/sessions/life.ts";
import type { CapturedExchange } from "./captured.ts";
import { type EndableBody, endableBody } from "./endable_body.ts";
import { unknownCoding } from "./message/incoming.ts";
import { makeRequest } from "./message/lazy_request.ts";
import { isWhole, knownLength, wholeBody } from "./message/outgoing.ts";
import type { RequestBody } from "./request_body.ts";
import type { HttpSite } from "./site.ts";

const SMALL_BYTES = 64 * 1024;

interface DenoRequest {
  readonly request: Request;
  /** With the scheme under which the client knows the server. */
  readonly url: string;
  readonly info: RequestInfo;
  /** Its `completed` rejects when the client is gone before it has the answer. */
  readonly deno: { readonly completed: Promise<void> };
  /** What Deno puts into the URL of a request without a Host; null where every request has one. */
  readonly madeUpAuthority: string | null;
}

/** A request until its answer was handed over. */
interface Open {
  readonly asked: DenoRequest;
  readonly startedMs: number;
  /** With the user, once the credentials were checked. */
  info: RequestInfo;
  body: RequestBody | undefined;
  leaving: AbortController | undefined;
  readonly captured: CapturedExchange | undefined;
  /** The answer, while its client has to read it. */
  sent: { readonly isWaiting: boolean } | undefined;
}

/** The requests of one connection, or of one listener. */
export class DenoRequests implements Drainable {
  readonly #site: HttpSite;
  readonly #changed: () => void;
  readonly #open = new Set<Open>();
  readonly #eventStreams = new Set<EndableBody>();
  /** An authority for which a request that changes nothing needs no further check. */
  #accepted: string | undefined;
  #draining = false;

  /** @param changed called when a request begins, and when one is over */
  constructor(site: HttpSite, changed: () => void) {
    this.#site = site;
    this.#changed = changed;
  }

  /** Requests whose answer is being made or sent. */
  get open(): number {
    return this.#open.size;
  }

  /** Whether everything that is open waits for the peer to read. */
  get awaitsPeer(): boolean {
    for (const { sent } of this.#open) if (!sent?.isWaiting) return false;
    return this.#open.size > 0;
  }

  drain(): void {
    this.#draining = true;
    for (const body of this.#eventStreams) body.end();
  }

  close(): void {
    for (const { body, leaving, captured } of this.#open) {
      body?.cutShort();
      leaving?.abort();
      captured?.release();
    }
  }

  /** Answers a request; never rejects. */
  answer(asked: DenoRequest): Response | Promise<Response> {
    const site = this.#site;
    site.ledger.counters.requests++;
    const { info } = asked;
    const startedMs = site.reports ? site.now() : 0;
    const open: Open = {
      asked,
      startedMs,
      info,
      body: undefined,
      leaving: undefined,
      captured: site.capture(),
      sent: undefined,
    };
    if (open.captured !== undefined) open.captured.request.fields = [...asked.request.headers];
    this.#open.add(open);
    this.#changed();
    const answer = this.#ask(open);
    return answer instanceof Response
      ? this.#finished(answer, open)
      : answer.then((response) => this.#finished(response, open));
  }

  #finished(response: Response, open: Open): Response {
    try {
      return this.#finish(response, open);
    } catch (error) {
      // Such as a body that was read already.
      return this.#finish(this.#site.recover(error, open.info), open);
    }
  }

  #ask(open: Open): Response | Promise<Response> {
    const site = this.#site;
    const { asked: { request, url }, info } = open;
    const { method, headers } = request;
    const refusal = this.#refusalOf(open.asked);
    if (refusal !== null) return site.refuse(refusal, info);
    const bodiless = method === "GET" || method === "HEAD" || headers.get("content-length") === "0";
    const stream = bodiless ? null : request.body;
    if (stream !== null) {
      if (Number(headers.get("content-length") ?? 0) > site.maxBodyBytes) return site.oversized();
      const coding = headers.get("transfer-encoding");
      if (coding !== null && coding.toLowerCase() !== "chunked") {
        return plainResponse(501, unknownCoding(coding));
      }
      open.body = site.body(sourceOf(stream, open.captured));
    }
    const body = open.body?.stream ?? null;
    const signal = () => leavingSignal(open);
    const lazy = makeRequest({ method, url, fields: headers, body, signal });
    const admitted = site.admit(lazy, info);
    if (!(admitted instanceof Promise) && !(admitted instanceof Response)) {
      const answer = site.handle(lazy, info);
      return answer instanceof Response ? answer : site.answer(answer, info, open.body);
    }
    return (async () => {
      const decided = await admitted;
      if (decided instanceof Response) return decided;
      open.info = decided;
      return await site.answer(site.handle(lazy, decided), info, open.body);
    })();
  }

  /** Hands an answer over. */
  #finish(response: Response, open: Open): Response {
    const { asked: { request: { method } }, info, body, captured } = open;
    const failed = body?.failure !== undefined;
    const isWholly = method === "HEAD" || isWhole(response);
    if (captured !== undefined) {
      captured.firstByteAtMs = this.#site.now();
      captured.response.fields = [...response.headers];
      const whole = isWholly && method !== "HEAD" ? wholeBody(response) : null;
      if (whole !== null) captured.response.add(whole);
    }
    // With `--listener deno` nobody knows the version, but without TLS it is HTTP/1.1.
    const mayBeHttp2 = info.httpVersion === "2" || open.asked.url.startsWith("https:");
    let finished = method === "HEAD" && mayBeHttp2 ? headOf(response) : response;
    if (!isWholly) {
      const isEventStream = response.headers.get("content-type")?.startsWith("text/event-stream");
      const stream = endableBody(response.body!, () => {
        this.#eventStreams.delete(stream);
        this.#over(open, response.status, stream.bytes);
      }, captured && ((part) => captured.response.add(part)));
      open.sent = stream;
      finished = new Response(stream.stream, response);
      if (isEventStream) {
        this.#eventStreams.add(stream);
        if (this.#draining) stream.end();
      }
    }
    // The rest of the body would be read as the next request.
    if ((this.#draining || failed) && info.httpVersion !== "2" && !isImmutable(finished)) {
      finished.headers.set("connection", "close");
    }
    if (isWholly) {
      const bytes = method === "HEAD" ? 0 : knownLength(response) ?? 0;
      const over = () => this.#over(open, response.status, bytes);
      // A small answer is as good as sent. With a large one the client is busy for a while.
      if (bytes <= SMALL_BYTES) over();
      else {
        open.sent = { isWaiting: true };
        open.asked.deno.completed.then(over, over);
      }
    }
    return finished;
  }

  #over(open: Open, status: number, bytes: number): void {
    const { asked: { url, request: { method } }, info, startedMs, body, captured } = open;
    if (!this.#open.delete(open)) return;
    body?.release();
    if (this.#site.reports) {
      const path = url.slice(originOf(url).length) || "/";
      this.#site.report({ method, path, info, startedMs, captured }, status, bytes);
    }
    captured?.release();
    this.#changed();
  }

  #refusalOf({ request: { method, headers, url }, info, madeUpAuthority }: DenoRequest) {
    const { guard } = this.#site;
    const { httpVersion = "1.1" } = info;
    const origin = originOf(url);
    const authority = origin.slice(origin.indexOf("//") + 2);
    const host = headers.get("host");
    const isSafe = method === "GET" || method === "HEAD";
    if (isSafe && authority === this.#accepted && (host === null || host === authority)) {
      return null;
    }
    const asked = { method, upgrade: false, httpVersion, origin: headers.get("origin") };
    if (host === null && authority === madeUpAuthority) return guard({ ...asked, host: null });
    // A target with a whole URL is for the host in it (RFC 9112 3.2.2).
    const refusal = guard({ ...asked, host: host ?? authority }) ??
      (host === null || authority === host ? null : guard({ ...asked, host: authority }));
    if (refusal === null && authority !== madeUpAuthority) this.#accepted = authority;
    return refusal;
  }
}

/** Aborted when the client leaves. */
function leavingSignal(open: Open): AbortSignal {
  if (open.leaving === undefined) {
    const leaving = new AbortController();
    open.leaving = leaving;
    open.asked.deno.completed.catch(() => leaving.abort());
  }
  return open.leaving.signal;
}

function sourceOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  captured: CapturedExchange | undefined,
) {
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  return {
    async read() {
      reader ??= stream.getReader();
      const { value, done } = await reader.read();
      if (done) return null;
      captured?.request.add(value);
      return value;
    },
    cancel() {
      (reader ?? stream).cancel().catch(() => {});
    },
  };
}

/** The answer to a HEAD, without the body that the application gave: over HTTP/2 Deno would send it, which
 * is an error there. */
function headOf(response: Response): Response {
  const length = knownLength(response);
  if (length === 0 || response.body === null) return response;
  const head = new Response(null, response);
  if (length !== undefined) head.headers.set("content-length", String(length));
  else response.body.cancel("a HEAD needs no body").catch(() => {});
  return head;
}

/** Whether the fields of a response cannot be changed, as those of a redirect. */
function isImmutable({ type, status }: Response): boolean {
  return type !== "default" || status >= 300 && status < 400;
}

/** `http://host:port`, without the path. */
function originOf(url: string): string {
  const start = url.indexOf("//") + 2;
  const end = url.slice(start).search(/[/?#]/);
  return end < 0 ? url : url.slice(0, start + end);
}
