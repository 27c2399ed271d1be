// The page for a browser that was pointed at a WebSocket server: it says what this is, and which URL
// a program opens.

import type { RequestHead } from "../../core/http/head.ts";

const STYLE =
  ":root{color-scheme:light dark;font:1.1em/1.5 system-ui;max-width:36em;margin:10vh auto;padding:0 1em}" +
  "code{font-size:.9em;overflow-wrap:anywhere}";

/** Fields of the page: nothing may be loaded by it or run in it. */
export const PAGE_FIELDS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none';style-src 'unsafe-inline';frame-ancestors 'none'",
  "vary": "accept",
};

/** Whether a request is that of a browser for a page, and not for a WebSocket. */
export function asksForPage({ method, fields }: Pick<RequestHead, "method" | "fields">): boolean {
  return method === "GET" && !fields.includes("upgrade", "websocket") &&
    fields.list("accept").some((range) =>
      /^text\/html\s*(?:;(?!.*q=0(?:\.0*)?\s*$).*)?$/i.test(range)
    );
}

/** @param url the WebSocket's own */
export function webSocketPage(url: string): string {
  const escaped = url.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html><html lang="en"><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width"><title>A WebSocket</title>` +
    `<style>${STYLE}</style><h1>A WebSocket</h1>` +
    `<p>Programs talk here over <code>${escaped}</code>. It has no pages to show.` +
    `<p>In a terminal: <code>sockdock connect ${escaped}</code>` +
    `<p>In the console of a page: <code>new WebSocket("${escaped}")</code>\n`;
}
