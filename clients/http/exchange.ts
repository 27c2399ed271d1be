// An HTTP/1.1 exchange (RFC 9112): sends a request on a connection that we dialled and reads its
// response, with the parser of node:http.

import type { ClientRequest, IncomingMessage } from "node:http";
import { errorText } from "../../core/event.ts";
import { hasFeature, needsRuntime } from "../../core/runtime.ts";
import type { Deadline } from "../deadline.ts";
import { HttpBody } from "./body.ts";
import { type Answer, type Field, hasField, type OutgoingRequest } from "./message.ts";
import type { Proxy } from "./proxy.ts";
import { headOf, type InterimMessage, type Reading, responseOf } from "./response.ts";
import { routeTo, type RouteValues } from "./route.ts";
import type { OnStep } from "./step.ts";
import type { Stopwatch } from "./timing.ts";

/** Limit of interim responses (RFC 9110 15.2). */
const MAX_INTERIM_RESPONSES = 100;

interface ExchangeWork {
  readonly values: RouteValues;
  readonly reading: Reading;
  readonly proxy: Proxy | undefined;
  readonly stopwatch: Stopwatch;
  readonly deadline: Deadline;
  readonly onStep: OnStep | undefined;
}

/** Sends one request and reads the head of its response.
 * @throws {Error} naming the URL when the server cannot be reached or its answer is not HTTP */
export async function ask(request: OutgoingRequest, work: ExchangeWork): Promise<Answer> {
  const { values, reading, proxy, stopwatch, deadline, onStep } = work;
  const { signal } = deadline;
  const body = new HttpBody();
  const route = await routeTo(request.url, values, { body, proxy, stopwatch, signal, onStep });
  let close = () => route.close();
  try {
    const { method } = request;
    const target = targetOf(request.url, proxy);
    const outgoing = route.request({
      method,
      path: target,
      setHost: false,
    });
    const head = new Promise<IncomingMessage>((resolve, reject) => {
      route.closed?.then(() => reject(new Error("the server closed without an answer")));
      const giveUp = () => {
        reject(signal.reason);
        outgoing.destroy();
        route.close();
      };
      signal.addEventListener("abort", giveUp, { once: true });
      if (signal.aborted) giveUp();
      close = () => {
        signal.removeEventListener("abort", giveUp);
        outgoing.destroy();
        route.close();
      };
      outgoing.on("error", reject);
      let interim = 0;
      outgoing.on("information", (message: InterimMessage) => {
        onStep?.({ step: "response", ...headOf(message) });
        if (++interim <= MAX_INTERIM_RESPONSES) return;
        reject(new Error(`more than ${MAX_INTERIM_RESPONSES} responses came before the last one`));
        close();
      });
      outgoing.once("response", (message: IncomingMessage) => {
        body.receive(message);
        onStep?.({ step: "response", ...headOf(message) });
        resolve(message);
      });
      const headerList = withOwnFields(request, proxy);
      for (const [name, value] of headerList) outgoing.appendHeader(name, value);
      onStep?.({ step: "request", method, target, headerList });
      sendBody(outgoing, request, values.maxBodyBytes).catch((error: Error) => {
        reject(error);
        body.fail(error);
        close();
      });
    });
    const message = await stopwatch.measure("firstByteMs", () => head);
    const response = responseOf(message, {
      request,
      body,
      reading,
      values,
      stopwatch,
      deadline,
      close,
    });
    return { response, close };
  } catch (error) {
    close();
    throw new Error(`Cannot fetch ${request.url}: ${failureOf(error, request)}`, { cause: error });
  }
}

/** Explains a missing response, with the remedy where it is known. */
function failureOf(error: unknown, { url }: OutgoingRequest): string {
  const text = errorText(error);
  if (/Parse Error: Expected HTTP\//.test(text)) {
    const remedy = url.protocol === "http:" ? "; if it speaks TLS, write https" : "";
    return `what answers there does not speak HTTP/1${remedy}`;
  }
  return text;
}

/** The target in the request line. For a proxy it is the whole URL (RFC 9112 3.2). */
function targetOf(url: URL, proxy: Proxy | undefined): string {
  const target = url.pathname + url.search;
  return proxy !== undefined && url.protocol === "http:" ? `http://${url.host}${target}` : target;
}

/** Sends the body; a streamed body is sent at the pace of the server. */
async function sendBody(
  outgoing: ClientRequest,
  { body }: OutgoingRequest,
  maxBodyBytes: number,
): Promise<void> {
  const content = body?.open();
  if (content === undefined || content instanceof Uint8Array) {
    outgoing.end(content);
    return;
  }
  if (!hasFeature("streamedRequestBody")) {
    outgoing.end(await wholeOf(content, maxBodyBytes));
    return;
  }
  let sentBytes = 0;
  const { lengthBytes } = body ?? {};
  outgoing.flushHeaders();
  for await (const part of content) {
    // The response has arrived, or the connection is gone, which reading the head reports.
    if (outgoing.destroyed) return;
    sentBytes += part.length;
    if (lengthBytes !== undefined && sentBytes > lengthBytes) break;
    if (part.length > 0) await writePart(outgoing, part);
  }
  if (lengthBytes !== undefined && sentBytes !== lengthBytes && !outgoing.destroyed) {
    throw new Error(
      `the body has ${sentBytes < lengthBytes ? "fewer" : "more"} bytes than the ${lengthBytes} ` +
        "that were announced",
    );
  }
  outgoing.end();
}

async function wholeOf(
  parts: AsyncIterable<Uint8Array>,
  maxBodyBytes: number,
): Promise<Uint8Array> {
  const copies: Uint8Array<ArrayBuffer>[] = [];
  let lengthBytes = 0;
  for await (const part of parts) {
    lengthBytes += part.length;
    if (lengthBytes > maxBodyBytes) {
      const why = needsRuntime("streamedRequestBody", `a body of more than ${maxBodyBytes} bytes`);
      throw new RangeError(`${why}; a larger --max-body takes it whole`);
    }
    copies.push(part.slice());
  }
  return new Uint8Array(await new Blob(copies).arrayBuffer());
}

/** Resolves when the part may be used again, and also when the connection has closed. */
function writePart(outgoing: ClientRequest, part: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    outgoing.once("close", resolve);
    outgoing.write(part, () => {
      outgoing.off("close", resolve);
      resolve();
    });
  });
}

/** Adds the fields for the host and the length. */
function withOwnFields(
  { url, method, headers, body }: OutgoingRequest,
  proxy: Proxy | undefined,
): readonly Field[] {
  const has = (name: string) => hasField(headers, name);
  const hasLength = body !== undefined || ["POST", "PUT", "PATCH"].includes(method);
  const lengthBytes = body === undefined ? 0 : body.lengthBytes;
  const authorization = url.protocol === "http:" ? proxy?.authorization : undefined;
  const length: Field = lengthBytes === undefined
    ? ["transfer-encoding", "chunked"]
    : ["content-length", String(lengthBytes)];
  return [
    ...(has("host") ? [] : [["host", url.host] as const]),
    ...headers,
    ...(authorization === undefined ? [] : [["proxy-authorization", authorization] as const]),
    ...(has("connection") ? [] : [["connection", "close"] as const]),
    ...(hasLength && !has("content-length") && !has("transfer-encoding") ? [length] : []),
  ];
}
