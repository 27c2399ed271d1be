// The HTTP API of Toxiproxy, for the programs that speak it. Its clients can send no token, so it is on
// loopback alone and answers no page, whose request would carry an Origin.

import type { HttpApp } from "../../../core/http/app.ts";
import type { Proxies } from "./proxies.ts";
import { ToxiproxyError } from "./toxiproxy_error.ts";

/** The release of Toxiproxy whose API this is. */
const API_VERSION = "2.12.0";

const MAX_BODY_BYTES = 1024 * 1024;

/** The application; `serve` puts it on a URL. */
export function toxiproxyApp(proxies: Proxies): HttpApp<Record<never, never>> {
  return {
    name: "toxiproxy",
    summary: "The HTTP API of Toxiproxy",
    options: {},
    open: () => ({
      maxBodyBytes: MAX_BODY_BYTES,
      async handle(request) {
        try {
          refusePages(request);
          return await answer(request, proxies);
        } catch (error) {
          if (error instanceof ToxiproxyError) return error.toResponse();
          throw error;
        }
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
}

/** @throws {ToxiproxyError} when a browser asks, whatever it is that it shows */
function refusePages({ headers }: Request): void {
  const isPage = headers.has("origin") || headers.has("sec-fetch-site") ||
    headers.get("user-agent")?.startsWith("Mozilla/") === true;
  if (isPage) throw new ToxiproxyError(403, "pages may not use this API");
}

async function answer(request: Request, proxies: Proxies): Promise<Response> {
  const { pathname } = new URL(request.url);
  const [first, name, second, toxic, ...more] = pathname.slice(1).split("/").map(decoded);
  // Older clients change things by POST, newer ones by PATCH.
  const method = request.method === "PATCH" ? "POST" : request.method;
  const isPatch = request.method === "PATCH";
  const body = () => readBody(request);
  if (more.length === 0 && (second === undefined || second === "toxics")) {
    const what = [method, first, name && "NAME", second, toxic && "TOXIC"].filter(Boolean).join(
      " ",
    );
    switch (isPatch && name === undefined ? "" : what) {
      case "GET version":
        return json({ version: API_VERSION });
      case "POST reset":
        await proxies.reset();
        return EMPTY();
      case "POST populate":
        return json({ proxies: await proxies.populate(await body()) }, 201);
      case "GET proxies":
        return json(proxies.all());
      case "POST proxies":
        return json(await proxies.create(await body()), 201);
      case "GET proxies NAME":
        return json(proxies.show(name!));
      case "POST proxies NAME":
        return json(await proxies.update(name!, await body()));
      case "DELETE proxies NAME":
        await proxies.remove(name!);
        return EMPTY();
      case "GET proxies NAME toxics":
        return json(proxies.toxics(name!));
      case "POST proxies NAME toxics":
        return json(proxies.addToxic(name!, await body()));
      case "GET proxies NAME toxics TOXIC":
        return json(proxies.toxic(name!, toxic!));
      case "POST proxies NAME toxics TOXIC":
        return json(proxies.updateToxic(name!, toxic!, await body()));
      case "DELETE proxies NAME toxics TOXIC":
        proxies.removeToxic(name!, toxic!);
        return EMPTY();
    }
  }
  throw new ToxiproxyError(404, `there is nothing at ${request.method} ${pathname.slice(0, 200)}`);
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ToxiproxyError(400, "the path is not percent-encoded as it should be");
  }
}

async function readBody(request: Request): Promise<unknown> {
  const text = await request.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new ToxiproxyError(400, "bad request body: no JSON");
  }
}

function json(value: unknown, status = 200): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
  });
}

const EMPTY = () => new Response(null, { status: 204 });
