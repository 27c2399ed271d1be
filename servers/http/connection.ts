// A connection of HTTP/1.1 (RFC 9112): its requests in their order, each read, answered and sent
// before the next. Past 300 lines because all of it works on the same few fields.

import { Buffer } from "node:buffer";
import { type Address, bracket } from "../../core/addresses/address.ts";
import type { Connection } from "../../core/connection.ts";
import { errorText } from "../../core/event.ts";
import type { QuickAnswer, QuickFile, RequestInfo } from "../../core/http/app.ts";
import { HttpHeadError, latin1 } from "../../core/http/head.ts";
import { type Identity, nextSessionId, type SessionOrigin } from "../../core/session.ts";
import type { Drainable } from "../../core/sessions/life.ts";
import * as buffers from "./file_buffers.ts";
import type { CapturedExchange } from "./captured.ts";
import type { Deadlines, Phase, Timed } from "./deadlines.ts";
import { FramedBody } from "./message/framed_body.ts";
import type { HeadReader, Incoming } from "./message/incoming.ts";
import { Input } from "./message/input.ts";
import { makeRequest } from "./message/lazy_request.ts";
import { type Outgoing, outgoing } from "./message/outgoing.ts";
import { linger, refusalBytes } from "./message/refusal.ts";
import { giveBack, wholeAnswer } from "./message/whole_answer.ts";
import type { RequestBody } from "./request_body.ts";
import type { HttpSite } from "./site.ts";

/** The most that is written at a time: a client has to read this much in the write timeout, and
 * holds no more than this above the buffers of the system. */
const PIECE_BYTES = 64 * 1024;

/** The longest part of a body that is copied, to be written together with what stands around it. */
const MAX_COPIED_BYTES = 16 * 1024;

/** Bytes of a file that wait while its client takes nothing. */
const WAITING_BYTES = 1024;
/** A file that is sent with its head. */
const SMALL_FILE_BYTES = 16 * 1024;

/** The most of an unread body that is read after its answer, for the next request; with more the
 * connection closes. */
const MAX_DRAINED_BYTES = 256 * 1024;

/** The head of the preface of HTTP/2 (RFC 9113 3.4), read as one of HTTP/1.1. */
const HTTP2_HEAD = "PRI * HTTP/2.0";

const CONTINUE = Buffer.from("HTTP/1.1 100 Continue\r\n\r\n");
const CRLF = Buffer.from("\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** What the connections of one server share. */
export interface HttpSharing {
  readonly site: HttpSite;
  readonly heads: HeadReader;
  readonly deadlines: Deadlines;
  readonly writeTimeoutMs: number;
  /** Takes over a connection whose client speaks HTTP/2, and has sent `begun`. Resolves at its end. */
  speakHttp2(connection: Connection, begun: Uint8Array, http: HttpConnection): Promise<void>;
  /** Carries out an application's decision about a WebSocket. Resolves to the refusal, or to null at
   * the end of the WebSocket.
   * @param accepted called with the answer once the connection is a WebSocket */
  upgrade(
    request: Request,
    info: RequestInfo,
    incoming: Incoming,
    input: Input,
    accepted: (answer: Uint8Array) => void,
  ): Promise<Response | null>;
}

export class HttpConnection implements Drainable, Timed, SessionOrigin {
  readonly sessionId = nextSessionId();
  readonly peer: Address;
  bytesReceived = 0;
  bytesSent = 0;
  phase: Phase = "head";
  moved = true;
  sinceMs = 0;
  readonly #shared: HttpSharing;
  readonly #connection: Connection;
  readonly #input: Input;
  /** Whoever serves the connection in another protocol, from a request on. */
  #successor: Drainable | undefined;
  #answering = false;
  #draining = false;
  #cut = false;
  #failed = false;
  /** Why it ends, unless its requests are all answered. */
  #reason: string | undefined;
  #begunMs = 0;
  #told = false;
  /** Of the request that is being answered. */
  #leaving: AbortController | undefined;
  #body: RequestBody | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  #endless = false;
  #responding = false;
  #watching = false;
  #sentBytes = 0;
  #captured: CapturedExchange | undefined;
  /** Resolved when the connection is cut off, which a handler may not notice. */
  readonly #over = Promise.withResolvers<void>();

  constructor(connection: Connection, shared: HttpSharing) {
    this.#connection = connection;
    this.peer = connection.remote;
    this.#shared = shared;
    this.#input = new Input(connection, (bytes) => this.received(bytes));
  }

  get serverUrl(): string {
    return this.#shared.site.ledger.url;
  }

  get identity(): Identity | undefined {
    return this.#connection.identity;
  }

  /** Counts bytes that the client sent. */
  received(bytes: number): void {
    this.bytesReceived += bytes;
    this.#shared.site.ledger.counters.bytesReceived += bytes;
  }

  /** Counts bytes that the client was sent. */
  sent(bytes: number): void {
    this.bytesSent += bytes;
    this.#shared.site.ledger.counters.bytesSent += bytes;
  }

  /** Serves it to its end; never rejects. */
  async serve(): Promise<void> {
    const { deadlines, site } = this.#shared;
    site.ledger.sessions.add(this);
    this.#begunMs = site.ledger.begin(this, "requests");
    deadlines.add(this);
    try {
      await Promise.race([this.#serveAll(), this.#over.promise]);
    } finally {
      deadlines.delete(this);
      this.#leaving?.abort();
      this.#captured?.release();
      this.#connection[Symbol.dispose]();
      site.ledger.sessions.delete(this);
      this.#end();
    }
  }

  /** Tells once that it has ended, or goes on as something else. */
  #end(reason = this.#reason ?? (this.#draining ? "shutdown" : "done")): void {
    if (this.#told) return;
    this.#told = true;
    this.#shared.site.ledger.end(this, this.#begunMs, reason, "requests");
  }

  drain(): void {
    this.#draining = true;
    this.#successor?.drain();
    if (this.#endless) this.#reader?.cancel("shutdown").catch(() => {});
    // After `drain` the caller may call `close` in the same turn.
    queueMicrotask(() => {
      if (!this.#answering && this.#successor === undefined) this.close();
    });
  }

  close(reason?: string): void {
    if (this.#cut) return;
    this.#cut = true;
    this.#reason ??= reason;
    this.#successor?.close();
    this.#body?.cutShort();
    this.#leaving?.abort();
    this.#reader?.cancel("the connection was closed").catch(() => {});
    this.#connection[Symbol.dispose]();
    this.#over.resolve();
  }

  /** Called by the deadlines. */
  expire(phase: Phase): void {
    const { ledger } = this.#shared.site;
    if (phase === "head") ledger.counters.timedOut++;
    if (phase === "rest" || phase === "write") ledger.closeIdle(this, () => {});
    if (phase === "write") {
      const { writeTimeoutMs } = this.#shared;
      this.#fail(new Error(`the peer took nothing of the answer for ${writeTimeoutMs} ms`));
    }
    this.close(phase === "head" ? "its request took too long" : "idle");
  }

  /** Stands for the connection in the ledger while another protocol is spoken on it.
   * @param successor ends it */
  handOver(successor: Drainable): void {
    this.#successor = successor;
    if (this.#cut) successor.close();
    else if (this.#draining) successor.drain();
  }

  /** Never rejects. */
  async #serveAll(): Promise<void> {
    try {
      await this.#serveEach();
    } catch (error) {
      if (!this.#cut) await this.#refuse(error).catch((cause) => this.#fail(cause));
    }
  }

  async #serveEach(): Promise<void> {
    const input = this.#input;
    const { site: { quick }, heads } = this.#shared;
    for (let first = true;; first = false) {
      const text = await input.head();
      if (text === null) return;
      if (text === HTTP2_HEAD && first) {
        this.#wait("none");
        const { connection, head } = input.handOver();
        const begun = Buffer.concat([Buffer.from(`${HTTP2_HEAD}\r\n\r\n`), head]);
        return await this.#shared.speakHttp2(connection, begun, this);
      }
      this.#answering = true;
      this.#wait("none");
      const incoming = heads.read(text, this.#localAuthority);
      this.#shared.site.ledger.counters.requests++;
      this.#captured = this.#shared.site.capture();
      // What lies ready is head and body in one; the application answers in the same way.
      const isReady = quick !== null && incoming.quick !== null && this.#captured === undefined &&
        await this.#answerQuickly(incoming, quick(incoming.quick));
      const goOn = isReady ? incoming.keepAlive : await this.#exchange(incoming);
      this.#captured?.release();
      this.#answering = false;
      if (this.#cut || !goOn && !isReady) return;
      if (!goOn || this.#draining) return await this.#leave();
      input.rest();
      this.#wait("rest");
    }
  }

  /** Sends an answer that lies ready; false when none does. */
  async #answerQuickly(
    incoming: Incoming,
    ready: QuickAnswer | null | Promise<QuickAnswer | null>,
  ): Promise<boolean> {
    const { site } = this.#shared;
    const startedMs = site.reports ? site.now() : 0;
    const answer = ready instanceof Promise ? await ready : ready;
    if (answer === null) return false;
    const { file } = answer;
    const bytes = withConnection(answer.bytes, incoming);
    if (file !== undefined) await this.#sendFile(bytes, file);
    else if (bytes.length > PIECE_BYTES) await this.#write(bytes);
    else {
      this.#wait("write");
      this.sent(bytes.length);
      await this.#connection.write(bytes);
    }
    if (site.reports) this.#reportReady(answer, incoming, startedMs);
    return true;
  }

  async #sendFile(head: Uint8Array, file: QuickFile): Promise<void> {
    const fits = file.length <= SMALL_FILE_BYTES;
    const small = new Uint8Array(head.length + (fits ? file.length : WAITING_BYTES));
    small.set(head);
    try {
      for (let [left, filled] = [file.length, head.length]; left > 0; filled = 0) {
        const count = await file.read(small.subarray(filled, filled + left)) ?? 0;
        left -= count;
        await this.#write(small.subarray(0, filled + count));
        if (count === 0) throw new Error("a file became shorter while it was sent");
        if (left > 0) left -= await this.#sendAtOnce(file, left);
      }
    } finally {
      file.release();
    }
  }

  /** Sends as much of a file as the system takes without waiting, and reads on meanwhile; returns the
   * number of bytes. */
  async #sendAtOnce(file: QuickFile, length: number): Promise<number> {
    const connection = this.#connection;
    let [buffer, spare] = [buffers.take(), buffers.take()];
    let reading: Promise<number | null> | undefined;
    let sent = 0;
    try {
      for (let read = 0; sent < length;) {
        const count = await (reading ?? file.read(buffer.subarray(0, length - read)));
        reading = undefined;
        if (count === null) break;
        read += count;
        const part = buffer.subarray(0, count);
        if (connection.writeSome === undefined) {
          await this.#write(part);
          sent += count;
          continue;
        }
        if (read < length) reading = file.read(spare.subarray(0, length - read));
        this.#wait("write");
        const taken = await connection.writeSome(part);
        this.#wait("none");
        sent += taken;
        this.sent(taken);
        if (taken < count) {
          const ahead = await reading ?? 0;
          reading = undefined;
          file.rewind(count - taken + ahead);
          break;
        }
        [buffer, spare] = [spare, buffer];
      }
    } finally {
      // A buffer that is being read into is nobody else's.
      await reading?.catch(() => {});
      buffers.give(buffer);
      buffers.give(spare);
    }
    return sent;
  }

  #reportReady({ bytes, file, status }: QuickAnswer, incoming: Incoming, startedMs: number): void {
    const { site } = this.#shared;
    const { method } = incoming.head;
    const bodyBytes = file?.length ??
      (method === "HEAD" ? 0 : bytes.length - Buffer.from(bytes).indexOf("\r\n\r\n") - 4);
    const info = this.#infoOf(incoming);
    const user = site.knownUser(incoming.head.fields.get("authorization"));
    const asked = { method, path: incoming.path, startedMs };
    site.report(
      { ...asked, info: user === undefined ? info : { ...info, user } },
      status,
      bodyBytes,
    );
  }

  /** Answers a request by the application, unless the rules refuse it. */
  async #exchange(incoming: Incoming): Promise<boolean> {
    const { site } = this.#shared;
    const { head: { method }, framing, refusal } = incoming;
    const startedMs = site.reports ? site.now() : 0;
    const captured = this.#captured;
    if (captured !== undefined) captured.request.fields = incoming.head.fields.lines;
    let info = this.#infoOf(incoming);
    this.#leaving = undefined;
    this.#body = undefined;
    this.#responding = false;
    this.#sentBytes = 0;

    const framed = new FramedBody(this.#input, framing);
    let response: Response;
    if (refusal !== null) response = site.refuse(refusal, this);
    else if (typeof framing === "number" && framing > site.maxBodyBytes) {
      response = site.oversized();
    } else {
      const request = this.#requestOf(incoming, framed);
      const admitted = site.admit(request, info);
      const decided = admitted instanceof Promise ? await admitted : admitted;
      if (decided instanceof Response) response = decided;
      else {
        info = decided;
        if (incoming.upgrade) {
          const refused = await this.#upgrade(request, info, incoming, startedMs);
          if (refused === null) return false;
          response = refused;
        } else {
          const answer = site.handle(request, info);
          response = answer instanceof Response && this.#body === undefined
            ? answer
            : await site.answer(answer, this, this.#body);
        }
      }
    }
    const body = this.#body as RequestBody | undefined;
    const reusable = incoming.keepAlive && !this.#draining &&
      (framed.ended || body?.failure === undefined && !this.#isTooMuch(incoming, framed));
    const closes = await this.#send(response, incoming, reusable);
    body?.release();
    this.#leaving = undefined;
    if (site.reports) {
      const asked = { method, path: incoming.path, info, startedMs, captured };
      site.report(asked, response.status, this.#sentBytes);
    }
    if (!closes && !this.#cut) {
      this.#wait("linger");
      if (framed.ended || await framed.drain(MAX_DRAINED_BYTES, () => this.#move())) return true;
    }
    await this.#leave();
    return false;
  }

  /** Whether an unread body is not worth reading for the next request: it is long, or might never
   * come, since nobody asked for it (RFC 9110 10.1.1). */
  #isTooMuch({ expectsContinue }: Incoming, framed: FramedBody): boolean {
    return expectsContinue || framed.leftBytes > MAX_DRAINED_BYTES;
  }

  #infoOf({ head: { version, fields } }: Incoming): RequestInfo {
    const { identity } = this.#connection;
    const info = {
      peer: this.peer,
      serverUrl: this.serverUrl,
      sessionId: this.sessionId,
      httpVersion: version,
      headerList: fields.lines,
    };
    return identity === undefined ? info : { ...info, identity };
  }

  #requestOf(incoming: Incoming, framed: FramedBody): Request {
    const { head: { method, fields }, url, framing, expectsContinue } = incoming;
    let body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
    if (framing !== 0 && typeof framing === "number" && framing <= this.#input.buffered) {
      body = this.#input.take(framing);
      framed.skip();
      this.#captured?.request.add(body);
    } else if (framing !== 0) {
      let asked = !expectsContinue;
      const captured = this.#captured;
      this.#body = this.#shared.site.body({
        read: async () => {
          // Now that somebody wants the body, the client may send it.
          if (!asked && this.#input.buffered === 0 && !this.#responding) {
            this.sent(CONTINUE.length);
            await this.#connection.write(CONTINUE);
          }
          asked = true;
          const piece = await framed.read();
          if (piece !== null) captured?.request.add(piece);
          // There is room again for what tells that the client has left.
          if (framed.ended && this.#leaving !== undefined) this.#watch();
          return piece;
        },
        cancel() {},
      });
      body = this.#body.stream;
    }
    const signal = () => this.#leavingSignal;
    return makeRequest({ method, url, fields: fields.lines, body, signal });
  }

  /** Aborted when the client leaves. From here on the input is watched for that. */
  get #leavingSignal(): AbortSignal {
    if (this.#leaving === undefined) {
      this.#leaving = new AbortController();
      this.#watch();
    }
    return this.#leaving.signal;
  }

  /** A client that ended its half may have left or may wait for its answer, which nothing tells apart
   * until a write fails: it is answered, and waited for as long as for another request, unless the
   * application takes it for gone. */
  #watch(): void {
    if (this.#watching) return;
    const ahead = this.#input.ahead();
    if (ahead === null) return;
    this.#watching = true;
    const leaving = this.#leaving;
    ahead.finally(() => {
      this.#watching = false;
    }).then((more) => {
      if (!this.#answering) return;
      if (more) this.#watch();
      else if (this.#shared.site.service.endedClientIsGone) leaving?.abort();
      else if (this.phase === "none") this.#wait("rest");
    }, (error) => {
      this.#fail(error);
      leaving?.abort();
      this.#reader?.cancel("the client left").catch(() => {});
    });
  }

  async #upgrade(
    request: Request,
    info: RequestInfo,
    incoming: Incoming,
    startedMs: number,
  ): Promise<Response | null> {
    const { site, deadlines, upgrade } = this.#shared;
    return await upgrade(request, info, incoming, this.#input, (answer) => {
      // From here on the connection is a session of its own.
      deadlines.delete(this);
      site.ledger.sessions.delete(this);
      const { head: { method }, path } = incoming;
      const captured = this.#captured;
      this.#captureHead(latin1(answer));
      if (site.reports) site.report({ method, path, info, startedMs, captured }, 101, 0);
      this.#end("became a WebSocket");
    });
  }

  /** Sends a response; true when it was the last. */
  async #send(response: Response, incoming: Incoming, keepAlive: boolean): Promise<boolean> {
    const { site } = this.#shared;
    const { head: { method, version } } = incoming;
    this.#responding = true;
    const asked = { method, version, keepAlive, nowMs: site.now() };
    let sent: Outgoing;
    try {
      sent = outgoing(response, asked);
    } catch (error) {
      sent = outgoing(site.recover(error, this), asked);
    }
    const { body, close } = sent;
    this.#captureHead(sent.head);
    if (body instanceof ReadableStream) await this.#sendStream(sent, body);
    else await this.#sendWhole(sent, body);
    return close;
  }

  /** Keeps the head of an answer, as it goes over the wire. */
  #captureHead(head: string): void {
    const captured = this.#captured;
    if (captured === undefined) return;
    captured.firstByteAtMs = this.#shared.site.now();
    captured.response.head = head;
  }

  async #sendWhole(sent: Outgoing, body: string | Uint8Array | null): Promise<void> {
    const length = body === null ? 0 : sent.length!;
    this.#sentBytes = length;
    if (body !== null) this.#captured?.response.add(body);
    if (length <= PIECE_BYTES) {
      const bytes = wholeAnswer(sent, body);
      await this.#write(bytes);
      return giveBack(bytes);
    }
    const head = Buffer.from(sent.head, "latin1");
    const bytes = typeof body === "string" ? Buffer.from(body) : body!;
    const first = PIECE_BYTES - head.length % PIECE_BYTES;
    await this.#write(Buffer.concat([head, bytes.subarray(0, first)]));
    await this.#write(bytes.subarray(first));
  }

  async #sendStream(
    { head, length = Infinity, chunked, isEventStream }: Outgoing,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    const reader = body.getReader();
    this.#reader = reader;
    this.#endless = isEventStream;
    try {
      if (this.#cut) throw new Error("the connection was closed");
      if (isEventStream && this.#draining) reader.cancel("shutdown").catch(() => {});
      let before = Buffer.from(head, "latin1");
      let next = reader.read();
      for (let left = length; left > 0;) {
        if (!(await isThere(next))) {
          // Nobody knows how long the next part takes.
          if (before.length > 0) await this.#write(before);
          before = Buffer.alloc(0);
          this.#watch();
        }
        const { value, done } = await next;
        if (done) {
          if (left === Infinity) break;
          throw new Error(`the body is ${left} bytes shorter than was announced`);
        }
        if (!(value instanceof Uint8Array)) throw new TypeError("a part of the body is not bytes");
        const part = value.subarray(0, Math.min(value.length, left));
        left -= part.length;
        if (part.length > 0) {
          await this.#writePart(before, part, chunked);
          before = Buffer.alloc(0);
        }
        if (left > 0) next = reader.read();
      }
      const end = chunked ? Buffer.concat([before, LAST_CHUNK]) : before;
      if (end.length > 0 && !this.#cut) await this.#write(end);
    } catch (error) {
      // Closing is the only way to tell the client that the body is not complete.
      this.#fail(error);
      this.close();
    } finally {
      this.#reader = undefined;
      this.#endless = false;
      reader.cancel("the client has all of it, or has left").catch(() => {});
    }
  }

  /** Writes a part of a body behind what waits to be written. */
  async #writePart(before: Uint8Array, part: Uint8Array, chunked: boolean): Promise<void> {
    this.#sentBytes += part.length;
    this.#captured?.response.add(part);
    const parts = chunked
      ? [before, Buffer.from(`${part.length.toString(16)}\r\n`), part, CRLF]
      : [before, part];
    // A copy of a long part would be held as long as the part itself.
    if (part.length <= MAX_COPIED_BYTES) return await this.#write(Buffer.concat(parts));
    for (const one of parts) if (one.length > 0) await this.#write(one);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    this.#wait("write");
    this.sent(bytes.length);
    if (bytes.length <= PIECE_BYTES * 2) await this.#connection.write(bytes);
    else {
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        await this.#connection.write(bytes.subarray(at, at + PIECE_BYTES));
        this.moved = true;
      }
    }
    this.#wait(this.#input.ended ? "rest" : "none");
  }

  /** Answers bytes that are no request, or a request that went wrong before it was answered. */
  async #refuse(error: unknown): Promise<void> {
    if (!(error instanceof HttpHeadError)) return this.#fail(error);
    this.#fail(new Error(`${error.status}: ${error.message}`));
    const { status, message } = error;
    await this.#write(refusalBytes({ status, message, nowMs: this.#shared.site.now() }));
    await this.#leave();
  }

  /** Closes while the client may still be sending: it has to read the last answer meanwhile. */
  async #leave(): Promise<void> {
    this.#wait("linger");
    await linger(this.#connection, this.#input, () => this.#move());
  }

  #move(): void {
    this.moved = true;
  }

  #wait(phase: Phase): void {
    this.phase = phase;
    this.moved = true;
  }

  /** Records the first failure that is not of our making. */
  #fail(error: unknown): void {
    if (this.#cut || this.#failed || lacksFarewell(error)) return;
    this.#failed = true;
    this.#reason = errorText(error);
    this.#shared.site.ledger.failed(this, errorText(error));
  }

  readonly #localAuthority = (): string => {
    const { local } = this.#connection;
    return "hostname" in local ? `${bracket(local.hostname)}:${local.port}` : "localhost";
  };
}

/** An answer that lies ready is one that keeps a connection of HTTP/1.1 open: for another, the field
 * that says otherwise is put behind the status line. */
function withConnection(
  bytes: Uint8Array,
  { keepAlive, head: { version } }: Incoming,
): Uint8Array {
  if (keepAlive && version === "1.1") return bytes;
  const end = bytes.indexOf(10) + 1;
  const field = Buffer.from(`connection: ${keepAlive ? "keep-alive" : "close"}\r\n`);
  return Buffer.concat([bytes.subarray(0, end), field, bytes.subarray(end)]);
}

/** Whether a promise is settled, or is within a few turns of the microtask queue. */
async function isThere(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  for (let turn = 0; turn < 8 && !settled; turn++) await undefined;
  return settled;
}

/** Whether a peer closed without the close_notify alert of TLS (RFC 8446 6.1), as many do: its
 * requests were complete all the same. */
function lacksFarewell(error: unknown): boolean {
  return /without sending TLS close_notify/.test(errorText(error));
}
