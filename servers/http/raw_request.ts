// A standard Request that keeps its URL as the client sent it, as Deno's engine does. The Request
// of the standard would normalize `/a/../b` to `/b`, and the application could not refuse it.

/** @throws {TypeError} when it cannot be parsed, or the method is one that the type refuses */
export function rawRequest(url: string, init: RequestInit): Request {
  return Object.defineProperty(new Request(url, init), "url", { value: url });
}
