// The page of the application `hello`, built once.

import type { HttpService } from "../../core/http/app.ts";
import { plainReadyAnswer, plainResponse } from "../../core/http/plain_response.ts";
import { ReadyAnswer } from "../../core/http/ready_answer.ts";
import type { Context } from "../../core/protocol.ts";
import { escapeHtml } from "../page/html.ts";
import { requestPath } from "../request/path.ts";
import { responseHeaders } from "../response/headers.ts";

type Fields = Readonly<Record<string, string>>;

const NOT_FOUND = "Not Found";

/** The font and the paper of the other pages; more of their look would not fit into the 512 bytes that
 * are sent fastest. */
const STYLE =
  ":root{color-scheme:light dark;background:light-dark(#f6f7f5,#12181c);font:2em system-ui;text-align:center}";

/** A Content-Security-Policy that allows the style above, by its hash, and nothing else. */
const POLICY = "default-src 'sha256-faYwTLmX1VB1dBoz170FHhbzr7ztpu/N+zhGvbEKUQ8='";

/** @throws {UsageError} when a header cannot be sent */
export function openHello(
  { text, responseHeader }: { readonly text: string; readonly responseHeader: readonly string[] },
  { now }: Pick<Context, "now">,
): HttpService {
  const page = pageOf(text);
  const given = responseHeaders(responseHeader);
  const headers = { "content-type": "text/html; charset=utf-8", ...given };
  const html: ResponseInit = { headers };

  return {
    ...isAscii(given) && { quick: quickAnswers(page, text, headers, given, now) },
    handle(request) {
      const { url, method } = request;
      const path = requestPath(url);
      if (path !== "/" && path !== "/hello.txt") return plainResponse(404, NOT_FOUND, given);
      if (method !== "GET" && method !== "HEAD") {
        return plainResponse(405, "Method Not Allowed", { ...given, allow: "GET, HEAD" });
      }
      return path === "/" ? new Response(page, html) : plainResponse(200, text, given);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The answers that lie ready. */
function quickAnswers(
  page: string,
  text: string,
  headers: Fields,
  given: Fields,
  now: () => number,
): NonNullable<HttpService["quick"]> {
  const body = new TextEncoder().encode(page);
  const readyAt: ReadonlyMap<string, ReadyAnswer> = new Map([
    ["/", new ReadyAnswer({ headers, body, length: body.length })],
    ["/hello.txt", plainReadyAnswer(200, text, given)],
  ]);
  const notFound = plainReadyAnswer(404, NOT_FOUND, given);
  return ({ method, path }) => (readyAt.get(path) ?? notFound).to(method, now());
}

/** An answer that lies ready is of ASCII; a header may hold Latin characters too. */
function isAscii(fields: Fields): boolean {
  return Object.values(fields).every((value) => /^[\t\x20-\x7e]*$/.test(value));
}

/** Carries its policy inside, so that it stands wherever the page does. */
function pageOf(text: string): string {
  const escaped = escapeHtml(text);
  return `<!doctype html><html lang=en>` +
    `<meta http-equiv=content-security-policy content="${POLICY}">` +
    `<meta name=viewport content="width=device-width"><title>${escaped}</title>` +
    `<style>${STYLE}</style><h1>${escaped}</h1>\n`;
}
