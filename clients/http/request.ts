// Converts the caller's arguments to a request that can be sent: checked, with its body and fields.

import { UsageError } from "../../core/usage_error.ts";
import type { Credentials } from "./credentials.ts";
import {
  type Field,
  hasField,
  type OutgoingBody,
  type OutgoingRequest,
  type ResponseHead,
} from "./message.ts";
import type { ProxyRules } from "./proxy.ts";
import type { RetryNotice } from "./retry.ts";
import type { OnStep } from "./step.ts";
import { type FormFile, multipartBody } from "./multipart.ts";

/** A streamed body: a stream, or a function that opens one anew each time, so that a request can be
 * repeated. */
export type BodyStream = AsyncIterable<Uint8Array> | (() => AsyncIterable<Uint8Array>);

/** A request as the caller describes it. */
export interface FetchRequest {
  /** Default: GET, or POST with a body. */
  readonly method?: string;
  /** In the order in which they are sent. */
  readonly headers?: Iterable<readonly [name: string, value: string]>;
  /** Names of fields that are not sent, where the client would add them: `user-agent`, `accept` and
   * the like. Default: none. */
  readonly withoutHeaders?: readonly string[];
  /** The body. A stream is sent as it comes; give a function where it may be sent again. */
  readonly body?: Uint8Array | string | BodyStream;
  /** Length of a streamed body. Without it, the body is sent in chunks. */
  readonly bodyLengthBytes?: number;
  /** The Content-Type of `body`, unless `headers` have one. Default: none is sent. */
  readonly bodyType?: string;
  /** Sent as a JSON body. */
  readonly json?: unknown;
  /** Sent as an `application/x-www-form-urlencoded` body; with a file among the values, such as a
   * `File`, as `multipart/form-data` (RFC 7578). */
  readonly form?: Iterable<readonly [name: string, value: string | FormFile]>;
  /** Whether a form is sent as `multipart/form-data` also without a file. Default: false. */
  readonly multipart?: boolean;
  /** Credentials for the origin of the URL alone. Without a realm, they are sent at once by basic
   * authentication (RFC 7617), and then by digest where the server asks for that (RFC 7616). With
   * a realm or `scheme: "digest"`, they answer only such a challenge. */
  readonly credentials?: Omit<Credentials, "prefix">;
  /** Limit of the bytes to read from the body, after which the connection is closed. Default:
   * none. */
  readonly bytes?: number | undefined;
  /** Whether to accept gzip, deflate or br, and decode it. Default: false. */
  readonly compressed?: boolean;
  /** The proxies to use where `proxy` names none. Default: none; the environment is not read. */
  readonly proxies?: ProxyRules;
  /** Called with each redirect, before it is followed. */
  readonly onRedirect?: (response: ResponseHead) => void;
  /** Called before each retry and its delay. */
  readonly onRetry?: (notice: RetryNotice) => void;
  /** Called with each step of each exchange: the connection, TLS, the heads. They hold passwords and
   * cookies as they are. Default: none. */
  readonly onStep?: OnStep;
  /** Called, once for all requests of a client, with a warning before the first request by https, such
   * as that SSLKEYLOGFILE has the keys of its connection written. Default: none. */
  readonly onNotice?: (text: string) => void;
  /** Aborting it ends the request, and the reading of its body. */
  readonly signal?: AbortSignal;
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Checks a request and makes it ready to send.
 * @throws {UsageError} when it cannot be sent */
export function prepareRequest(text: string, request: FetchRequest): OutgoingRequest {
  const url = parseHttpUrl(text);
  const { json, form, compressed } = request;
  const given = [request.body, json, form].filter((body) => body !== undefined);
  if (given.length > 1) throw new UsageError("a request has one body: raw, JSON or form");
  const headers: Field[] = [];
  for (const [name, value] of request.headers ?? []) {
    if (!TOKEN.test(name)) throw new UsageError(`"${name}" cannot be the name of a header`);
    if (!FIELD_VALUE.test(value)) {
      throw new UsageError(`the header ${name} cannot have the value ${JSON.stringify(value)}`);
    }
    headers.push([name, value]);
  }
  const unwanted = new Set(request.withoutHeaders?.map((name) => name.toLowerCase()));
  const add = (name: string, value: string) => {
    if (!unwanted.has(name) && !hasField(headers, name)) headers.push([name, value]);
  };
  let body: OutgoingBody | undefined;
  if (json !== undefined) {
    body = bodyOf(JSON.stringify(json));
    add("content-type", "application/json");
  } else if (form !== undefined) {
    const made = formBody([...form], request.multipart ?? false);
    body = made.body;
    add("content-type", made.type);
  } else if (request.body !== undefined) {
    body = bodyOf(request.body, request.bodyLengthBytes);
    if (request.bodyType !== undefined) add("content-type", request.bodyType);
  }
  add("user-agent", "sockdock");
  add("accept", "*/*");
  if (compressed) add("accept-encoding", "gzip, deflate, br");
  const method = request.method ?? (body === undefined ? "GET" : "POST");
  if (!TOKEN.test(method)) throw new UsageError(`"${method}" cannot be a method`);
  if (method === "CONNECT") throw new UsageError("CONNECT is for proxies; name one with --proxy");
  return { url, method, headers, body };
}

/** A URL that can be fetched.
 * @throws {UsageError} naming what is wrong with it */
export function parseHttpUrl(text: string): URL {
  if (!URL.canParse(text)) {
    throw new UsageError(`"${text}" is not a URL; write it as http://host/path`);
  }
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new UsageError(`"${text}" is not an HTTP URL; its scheme must be http or https`);
  }
  if (url.port === "0") {
    throw new UsageError(`"${text}" names port 0, on which nothing listens; write the real port`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UsageError(`the URL of ${url.host} carries a user name; give it with -u instead`);
  }
  return url;
}

function formBody(
  fields: readonly (readonly [string, string | FormFile])[],
  multipart: boolean,
): { readonly body: OutgoingBody; readonly type: string } {
  const texts = fields.flatMap(([name, value]) =>
    typeof value === "string" ? [[name, value] as [string, string]] : []
  );
  if (texts.length === fields.length && !multipart) {
    return {
      body: bodyOf(new URLSearchParams(texts).toString()),
      type: "application/x-www-form-urlencoded",
    };
  }
  return multipartBody(fields);
}

function bodyOf(body: Uint8Array | string | BodyStream, lengthBytes?: number): OutgoingBody {
  if (typeof body === "string") return bodyOf(new TextEncoder().encode(body));
  if (body instanceof Uint8Array) {
    return { lengthBytes: body.length, repeatable: true, available: true, open: () => body };
  }
  if (lengthBytes !== undefined && !(Number.isSafeInteger(lengthBytes) && lengthBytes >= 0)) {
    throw new RangeError(`bodyLengthBytes: expected a number of bytes, got ${lengthBytes}`);
  }
  if (typeof body === "function") {
    return { lengthBytes, repeatable: true, available: true, open: body };
  }
  let opened = false;
  return {
    lengthBytes,
    repeatable: false,
    get available() {
      return !opened;
    },
    open() {
      opened = true;
      return body;
    },
  };
}
