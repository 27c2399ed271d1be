// The page of the application `hello`, built once.

import type { HttpService } from "../../core/http/app.ts";
import { plainReadyAnswer, plainResponse } from "../../core/http/plain_response.ts";
import { ReadyAnswer } from "../../core/http/ready_answer.ts";
import type { Context } from "../../core/protocol.ts";
import { escapeHtml } from "../page/html.ts";
import { requestPath } from "../request/path.ts";

const NOT_FOUND = "Not Found";

const STYLE = ":root{color-scheme:light dark;font:2em system-ui;text-align:center}";

/** A Content-Security-Policy that allows the style above, by its hash, and nothing else. */
const POLICY = "default-src 'none';style-src 'sha256-jR6Nk8fimkSqXs7C5UJuU1htke30YyFAwykQbgdX9XY='";

export function openHello(
  { text }: { readonly text: string },
  { now }: Pick<Context, "now">,
): HttpService {
  const page = pageOf(text);
  const headers = { "content-type": "text/html; charset=utf-8" };
  const html: ResponseInit = { headers };
  const body = new TextEncoder().encode(page);
  const readyAt: ReadonlyMap<string, ReadyAnswer> = new Map([
    ["/", new ReadyAnswer({ headers, body, length: body.length })],
    ["/hello.txt", plainReadyAnswer(200, text)],
  ]);
  const notFound = plainReadyAnswer(404, NOT_FOUND);

  return {
    quick: ({ method, path }) => (readyAt.get(path) ?? notFound).to(method, now()),
    handle(request) {
      const { url, method } = request;
      const path = requestPath(url);
      if (path !== "/" && path !== "/hello.txt") return plainResponse(404, NOT_FOUND);
      if (method !== "GET" && method !== "HEAD") {
        return plainResponse(405, "Method Not Allowed", { allow: "GET, HEAD" });
      }
      return path === "/" ? new Response(page, html) : plainResponse(200, text);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Carries its policy inside, so that it stands wherever the page does. */
function pageOf(text: string): string {
  const escaped = escapeHtml(text);
  return `<!doctype html><html lang=en>` +
    `<meta http-equiv=content-security-policy content="${POLICY}">` +
    `<meta name=viewport content="width=device-width"><title>${escaped}</title>` +
    `<style>${STYLE}</style><h1>${escaped}</h1>\n`;
}
