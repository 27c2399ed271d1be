// The Hello, World page of the guides.

import { accepts } from "@std/http/negotiation";
import type { HttpApp } from "../core/http_app.ts";
import { text } from "../core/option.ts";

const options = {
  text: text({ default: "Hello, World!", help: "What the page says" }),
} as const;

const STYLE = ":root{color-scheme:light dark;font:2em system-ui;text-align:center}";

/** Allows that style, by its hash, and nothing else. */
const POLICY = "default-src 'none';style-src 'sha256-jR6Nk8fimkSqXs7C5UJuU1htke30YyFAwykQbgdX9XY='";

/** Answers `GET /` with a page, or in plain text to a client that prefers it. */
export const hello: HttpApp<typeof options> = {
  name: "hello",
  summary: "Says Hello, World! on a page or in plain text",
  options,
  open({ text }) {
    const page = pageOf(text);
    const line = `${text}\n`;
    // Any second header would cost a fifth of the rate, so the page carries its policy inside. To a
    // cache the page is what everyone gets; only the exception below varies.
    const pageInit: ResponseInit = { headers: { "content-type": "text/html; charset=utf-8" } };
    const lineInit: ResponseInit = { headers: { ...plain, vary: "accept" } };

    return {
      handle(request) {
        if (!isRoot(request.url)) return refusal(404, "Not Found");
        const { method } = request;
        if (method !== "GET" && method !== "HEAD") {
          return refusal(405, "Method Not Allowed", { allow: "GET, HEAD" });
        }
        return accepts(request, "text/html", "text/plain") === "text/plain"
          ? new Response(line, lineInit)
          : new Response(page, pageInit);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};

const plain = {
  "content-type": "text/plain; charset=utf-8",
  "x-content-type-options": "nosniff",
} as const;

/** Small on purpose: Deno sends a response of up to 512 bytes, its head included, in one piece, and
 * a larger one at half the rate. */
function pageOf(text: string): string {
  const escaped = text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html><html lang=en>` +
    `<meta http-equiv=content-security-policy content="${POLICY}">` +
    `<meta name=viewport content="width=device-width"><title>${escaped}</title>` +
    `<style>${STYLE}</style><h1>${escaped}</h1>\n`;
}

function refusal(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(`${text}\n`, { status, headers: { ...plain, ...headers } });
}

/** Whether a request's URL is that of the page. Parsing it would cost more than the answer. */
function isRoot(url: string): boolean {
  const path = url.indexOf("/", url.indexOf("//") + 2);
  return path === url.length - 1 || url[path + 1] === "?";
}
