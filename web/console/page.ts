// The console: a page over the API of the control, which is all that it asks for. The page holds no
// secret, so it is there without the token; nothing that it would show is.

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { consoleFiles } from "./files.ts";

const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-cache",
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** What answers the paths of the console; undefined for a path that is not its own. */
export function openConsole(): (request: Request, path: string) => Response | undefined {
  const files = new Map([...consoleFiles()].map(([path, { type, text }]) => {
    const body = Buffer.from(text);
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    return [path, { body, headers: { ...HEADERS, "content-type": type, etag } }];
  }));
  return ({ method, headers: asked }, path) => {
    const file = files.get(path);
    if (file === undefined || (method !== "GET" && method !== "HEAD")) return undefined;
    const { body, headers } = file;
    if (asked.get("if-none-match") === headers.etag) {
      return new Response(null, { status: 304, headers });
    }
    return new Response(method === "HEAD" ? null : body, { headers });
  };
}
