// A request of the standard's own type that keeps its URL as it was sent, as Deno's engine does. The
// type would write it in its own way: `/a/../b` would become `/b`, and nobody could refuse it.

/** @throws {TypeError} when it cannot be parsed, or the method is one that the type refuses */
export function rawRequest(url: string, init: RequestInit): Request {
  return Object.defineProperty(new Request(url, init), "url", { value: url });
}
