/** The three carriers of HTTP, for tests that have to hold on each of them. */

import type { HttpApp, HttpHandler } from "../../../../core/http/app.ts";
import { serve, type ServeOptions } from "../../../../dock/serve.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import type { Place } from "./wire.ts";

/** What HTTP runs over. */
export const CARRIERS = ["http", "https", "unix"] as const;

/** Serves on a carrier until it is disposed of. */
export async function serveOn(
  carrier: (typeof CARRIERS)[number],
  served: HttpApp | HttpHandler,
  options: ServeOptions & { readonly root?: string } = {},
): Promise<Place & AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const { path } = starting.use(await temporaryFolder());
  const url = carrier === "unix" ? `unix://${path}/socket` : `${carrier}://127.0.0.1:0`;
  const dock = starting.use(await serve(url, served as HttpApp, options));
  const owned = starting.move();
  return {
    url: dock.url,
    trusted: dock.certificate?.pem,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A folder with a small and a large file. */
export async function folderToServe(): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/small.txt`, "a line of text\n".repeat(700));
  await Deno.writeFile(`${folder.path}/large.bin`, new Uint8Array(300_000).fill(0x61));
  return folder;
}

/** An application with answers of every kind that is not a file. */
export async function answersOfAllKinds(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/dynamic":
      return new Response(`you asked with ${request.headers.get("x-number") ?? "no number"}`);
    case "/chunked":
      return new Response(ReadableStream.from(pieces((number) => `piece ${number} `.repeat(1000))));
    case "/events":
      return new Response(ReadableStream.from(pieces((number) => `data: event ${number}\n\n`)), {
        headers: { "content-type": "text/event-stream" },
      });
    case "/delayed":
      await new Promise((resolve) => setTimeout(resolve, 20));
      return new Response("at last");
    case "/heedful":
      await delay(20, request.signal);
      return new Response("not without you");
    case "/body":
      return new Response(`received ${(await request.bytes()).length} bytes`);
    case "/nothing":
      return new Response(null, { status: 204 });
  }
  return new Response("nothing here\n", { status: 404 });
}

/** Rejects when the client has left in the meantime. */
async function delay(ms: number, signal: AbortSignal): Promise<void> {
  // Asked for before, as those do who pass it on.
  signal.throwIfAborted();
  await new Promise((resolve) => setTimeout(resolve, ms));
  signal.throwIfAborted();
}

async function* pieces(write: (number: number) => string): AsyncGenerator<Uint8Array> {
  for (let number = 0; number < 5; number++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield new TextEncoder().encode(write(number));
  }
}
