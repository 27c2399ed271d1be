// A request as the endpoints see it: its parts taken apart once, leniently, because nothing that a
// peer sends may make an endpoint fail.

import { formatAddress } from "../../core/addresses/address.ts";
import type { RequestInfo } from "../../core/http/app.ts";
import { requestPath } from "../../core/http/request_path.ts";
import { Refusal } from "./http_error.ts";

/** One header field as it was written. */
export type HeaderField = readonly [name: string, value: string];

/** One request. */
export class Asked {
  readonly request: Request;
  readonly info: RequestInfo;
  readonly method: string;
  /** As it was sent, percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The filled blanks of the endpoint's path, decoded. */
  params: Readonly<Record<string, string>> = {};
  readonly #trustForwarded: boolean;
  #body: Promise<Uint8Array<ArrayBuffer>> | undefined;

  /** @param trustForwarded whether the X-Forwarded fields are believed */
  constructor(request: Request, info: RequestInfo, trustForwarded: boolean) {
    const { url, method } = request;
    this.request = request;
    this.info = info;
    this.method = method;
    this.path = requestPath(url);
    const question = url.indexOf("?");
    this.query = new URLSearchParams(question < 0 ? "" : url.slice(question + 1));
    this.#trustForwarded = trustForwarded;
  }

  /** What was filled in for a blank that the endpoint's path has. */
  param(name: string): string {
    return this.params[name] ?? "";
  }

  /** The first value of a query parameter, whose case does not matter. */
  queryValue(name: string): string | undefined {
    const exact = this.query.get(name);
    if (exact !== null) return exact;
    for (const [key, value] of this.query) if (key.toLowerCase() === name) return value;
    return undefined;
  }

  header(name: string): string | null {
    return this.request.headers.get(name);
  }

  /** The header fields as they were sent, where that is known. Elsewhere their names are written
   * the way httpbin does. */
  get headerFields(): readonly HeaderField[] {
    return this.info.headerList ??
      [...this.request.headers].map(([name, value]) => [titleCase(name), value]);
  }

  /** The address of whoever asks. */
  get origin(): string {
    const forwarded = this.#trustForwarded ? this.header("x-forwarded-for") : null;
    if (forwarded !== null) return forwarded;
    const { peer } = this.info;
    return "hostname" in peer ? peer.hostname : formatAddress(peer);
  }

  /** The whole URL, the fragment aside, which is never sent. */
  get url(): string {
    const { url } = this.request;
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

  /** What is aborted when the client leaves, where that can be known: Deno's engine aborts the
   * signal of every request when it is answered, and prints a warning when anyone looks. */
  get leaving(): readonly AbortSignal[] {
    return this.info.headerList === undefined ? [] : [this.request.signal];
  }

  /** The whole body; empty where there is none. The server bounds it in size and time.
   * @throws {Refusal} 400 when it broke off */
  body(): Promise<Uint8Array<ArrayBuffer>> {
    this.#body ??= this.request.body === null
      ? Promise.resolve(new Uint8Array())
      : this.request.bytes().catch(() => {
        // Whatever the server knows better, such as that it was too large, it answers itself.
        throw new Refusal(400, "The body could not be read to its end.");
      });
    return this.#body;
  }
}

/** `Content-Type` for `content-type`. */
export function titleCase(name: string): string {
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
 * @throws {Refusal} 400 when it has a control character, a line break above all */
export function headerValue(text: string, name: string): string {
  // deno-lint-ignore no-control-regex
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) {
    throw new Refusal(
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
