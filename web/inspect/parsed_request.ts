// A request as the endpoints see it: its parts taken apart once, leniently, because nothing that a
// peer sends may make an endpoint fail.

import { formatAddress, networkOf } from "../../core/addresses/address.ts";
import type { RequestInfo } from "../../core/http/app.ts";
import { requestPath } from "../request/path.ts";
import { HttpError } from "./http_error.ts";

/** One header field as it was written. */
export type HeaderField = readonly [name: string, value: string];

export class ParsedRequest {
  /** The request as the server handed it over. */
  readonly source: Request;
  readonly info: RequestInfo;
  readonly method: string;
  /** The path as it was sent, percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The values of the parameters in the endpoint's path, decoded. */
  params: Readonly<Record<string, string>> = {};
  readonly #trustForwarded: boolean;
  #body: Promise<Uint8Array<ArrayBuffer>> | undefined;

  /** @param trustForwarded whether the X-Forwarded fields are believed */
  constructor(request: Request, info: RequestInfo, trustForwarded: boolean) {
    const { url, method } = request;
    this.source = request;
    this.info = info;
    this.method = method;
    this.path = requestPath(url);
    const question = url.indexOf("?");
    this.query = new URLSearchParams(question < 0 ? "" : url.slice(question + 1));
    this.#trustForwarded = trustForwarded;
  }

  /** The value of a parameter in the endpoint's path; empty when the path has none of that name. */
  param(name: string): string {
    return this.params[name] ?? "";
  }

  /** The first value of a query parameter. The case of its name does not matter. */
  queryValue(name: string): string | undefined {
    const exact = this.query.get(name);
    if (exact !== null) return exact;
    for (const [key, value] of this.query) if (key.toLowerCase() === name) return value;
    return undefined;
  }

  header(name: string): string | null {
    return this.source.headers.get(name);
  }

  /** The header fields as they were sent, where the server knows; elsewhere with names in
   * Title-Case, as httpbin writes them. Credentials that this server itself asked for are left out:
   * they would lie in a log, and a page of another origin could read them where it may ask. */
  get headerFields(): readonly HeaderField[] {
    const fields = this.info.headerList ??
      [...this.source.headers].map(([name, value]): HeaderField => [titleCase(name), value]);
    if (this.info.user === undefined) return fields;
    return fields.map((field) =>
      field[0].toLowerCase() === "authorization" ? [field[0], withoutCredentials(field[1])] : field
    );
  }

  /** The network of the client, for what one client may take. */
  get network(): string {
    const { peer } = this.info;
    return this.#forwardedFor ?? ("hostname" in peer ? networkOf(peer.hostname) : peer.transport);
  }

  get #forwardedFor(): string | null {
    return this.#trustForwarded ? this.header("x-forwarded-for") : null;
  }

  /** The client's address, or the one that a trusted proxy forwards. */
  get origin(): string {
    const forwarded = this.#forwardedFor;
    if (forwarded !== null) return forwarded;
    const { peer } = this.info;
    return "hostname" in peer ? peer.hostname : formatAddress(peer);
  }

  /** The whole URL as the client wrote it, but for the fragment, which is never sent. */
  get url(): string {
    const { url } = this.source;
    const scheme = this.#trustForwarded ? this.header("x-forwarded-proto") : null;
    if (scheme === null || !/^[a-z][a-z0-9+.-]*$/i.test(scheme)) return url;
    return scheme + url.slice(url.indexOf(":"));
  }

  /** `http://host:port` of the URL. */
  get base(): string {
    const { url } = this;
    const path = url.indexOf("/", url.indexOf("//") + 2);
    return path < 0 ? url : url.slice(0, path);
  }

  /** The signal that is aborted when the client is gone. */
  get leaving(): AbortSignal {
    return this.source.signal;
  }

  /** The whole body; empty where there is none. The server bounds it in size and time.
   * @throws {HttpError} 400 when it broke off */
  body(): Promise<Uint8Array<ArrayBuffer>> {
    this.#body ??= this.source.body === null
      ? Promise.resolve(new Uint8Array())
      : this.source.bytes().catch(() => {
        // The server itself answers a body that is too large.
        throw new HttpError(400, "The body could not be read to its end.");
      });
    return this.#body;
  }
}

/** The scheme of an Authorization field, and a word on the rest. */
function withoutCredentials(authorization: string): string {
  return `${authorization.trim().split(/\s/, 1)[0]} (credentials of this server)`;
}

/** `Content-Type` for `content-type`. */
function titleCase(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** Percent-decodes as far as it goes: what is no valid escape stays, what is no UTF-8 becomes
 * U+FFFD. */
export function decodePercent(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) =>
      new TextDecoder().decode(
        Uint8Array.from(escapes.slice(1).split("%"), (digits) => parseInt(digits, 16)),
      ));
  }
}

/** Text as a header value: fields carry bytes, so what is not ASCII goes as its UTF-8 bytes.
 * @throws {HttpError} 400 when it has a control character, a line break above all */
export function headerValue(text: string, name: string): string {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) {
    throw new HttpError(
      400,
      `${name}: a header field cannot carry line breaks or control characters`,
    );
  }
  // deno-lint-ignore no-control-regex
  if (!/[^\x00-\x7f]/.test(text)) return text;
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}
