// The Hello, World page of the guides.

import type { HttpApp } from "../core/http_app.ts";
import { text } from "../core/option.ts";

const options = {
  text: text({ default: "Hello, World!", help: "what the page says" }),
} as const;

const STYLE = ":root{color-scheme:light dark;font:2em system-ui;text-align:center}";

/** Allows that style, by its hash, and nothing else. */
const POLICY = "default-src 'none';style-src 'sha256-jR6Nk8fimkSqXs7C5UJuU1htke30YyFAwykQbgdX9XY='";

/** Answers `GET /` with a page, and `GET /hello.txt` with its words alone. Which of the two is for
 * the path to say, not for Accept: reading any header costs an eighth of the rate. */
export const hello: HttpApp<typeof options> = {
  name: "hello",
  summary: "Says Hello, World! on a page, and in plain text at /hello.txt",
  options,
  open({ text }) {
    const page = pageOf(text);
    const line = `${text}\n`;
    // A second header would cost a fifth of the rate, so the page carries its policy inside.
    const html: ResponseInit = { headers: { "content-type": "text/html; charset=utf-8" } };

    return {
      handle(request) {
        const { url, method } = request;
        const path = pathOf(url);
        if (path !== "/" && path !== "/hello.txt") return plain("Not Found\n", 404);
        if (method !== "GET" && method !== "HEAD") {
          return plain("Method Not Allowed\n", 405, { allow: "GET, HEAD" });
        }
        return path === "/" ? new Response(page, html) : plain(line, 200);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};

/** Small on purpose: Deno sends a response of up to 512 bytes, its head included, in one piece, and
 * a larger one at half the rate. */
function pageOf(text: string): string {
  const escaped = text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html><html lang=en>` +
    `<meta http-equiv=content-security-policy content="${POLICY}">` +
    `<meta name=viewport content="width=device-width"><title>${escaped}</title>` +
    `<style>${STYLE}</style><h1>${escaped}</h1>\n`;
}

function plain(
  body: string,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(body, {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });
}

/** The path of a request's URL. Parsing the whole of it would cost more than the answer. */
function pathOf(url: string): string {
  // The shortest beginning is http://x, so that the next slash is that of the path.
  const start = url.indexOf("/", 8);
  if (start === url.length - 1) return "/";
  const end = url.indexOf("?", start);
  return url.slice(start, end < 0 ? undefined : end);
}
