/** The application that the rows are for: it tells what it saw of each request. */

import type { HttpHandler } from "../../../../core/http/app.ts";
import { fromLatin1 } from "./wire.ts";

/** A handler, and what it has seen since `seen` was last emptied. */
export interface Observed {
  readonly handler: HttpHandler;
  /** `POST /path 5:hello`, a character for each byte of the body; `ignored` where it was not read. */
  readonly seen: string[];
}

/** Makes the handler. */
export function observed(): Observed {
  const seen: string[] = [];
  return {
    seen,
    async handler(request) {
      const { pathname, search, host } = new URL(request.url);
      const asked = `${request.method} ${pathname}${search}`;
      if (pathname === "/ignore") {
        seen.push(`${asked} ignored`);
        return new Response("ignored");
      }
      const body = fromLatin1(await request.bytes());
      const whole = `${asked} ${body.length}:${body}`;
      seen.push(whole);
      switch (pathname) {
        case "/204":
        case "/205":
        case "/304":
          return new Response(null, { status: Number(pathname.slice(1)) });
        case "/slow":
          await new Promise((resolve) => setTimeout(resolve, 20));
          return new Response("slow");
        case "/stream":
          return new Response(ReadableStream.from(pieces()));
        case "/throw":
          throw new Error("the application is broken");
      }
      return new Response(`${host}\n${whole}`);
    },
  };
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (const piece of ["one ", "two ", "three"]) {
    await Promise.resolve();
    yield new TextEncoder().encode(piece);
  }
}
