// A standard Request that costs next to nothing until somebody wants more of it than its method, URL
// and header fields: making a real one takes as long as answering it.
//
// Deno keeps the state of a Request in properties under symbols. A getter for each of them makes the
// real Request when the first is asked for, so that to everybody it is one: `instanceof`, `clone`,
// `new Request(request)`, `fetch(request)` and the methods for its body work. No symbol is named;
// they are read off a sample, and where that does not suffice, real ones are made at once.

import { requestMethod } from "./request_method.ts";

/** The parts of a request as they came. */
interface RequestParts {
  readonly method: string;
  /** As the client sent it: a Request of the standard would make `/b` of `/a/../b`, and an
   * application could not refuse it. */
  readonly url: string;
  readonly fields: Headers | readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | null;
  /** Aborted when the client leaves. Made when it is asked for. */
  signal(): AbortSignal;
}

class LazyRequest {
  readonly #parts: RequestParts;
  #headers: Headers | undefined;
  #real: Request | undefined;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  get method(): string {
    return this.#parts.method;
  }

  get url(): string {
    return this.#parts.url;
  }

  get headers(): Headers {
    return this.#headers ??= this.#real?.headers ?? headersOf(this.#parts);
  }

  get signal(): AbortSignal {
    return this.#parts.signal();
  }

  static real(lazy: LazyRequest): Request {
    return lazy.#real ??= realRequest(lazy.#parts, lazy.#headers);
  }
}

const isLazy = (() => {
  Object.setPrototypeOf(LazyRequest.prototype, Request.prototype);
  const sample = new Request("http://sample/", { method: "POST", body: "sample" });
  for (const symbol of Object.getOwnPropertySymbols(sample)) {
    const keyed = (lazy: LazyRequest) =>
      LazyRequest.real(lazy) as unknown as Record<symbol, unknown>;
    Object.defineProperty(LazyRequest.prototype, symbol, {
      get(this: LazyRequest) {
        return keyed(this)[symbol];
      },
      set(this: LazyRequest, value: unknown) {
        keyed(this)[symbol] = value;
      },
    });
  }
  try {
    const parts = { method: "PUT", url: "http://a/b", fields: [["c", "d"]], body: null } as const;
    const lazy = new LazyRequest({ ...parts, signal: () => new AbortController().signal });
    const { method, url, headers } = new Request(lazy as unknown as Request);
    return method === "PUT" && url === "http://a/b" && headers.get("c") === "d";
  } catch {
    return false;
  }
})();

/** @throws {TypeError} where a real one is made and the URL or a field is invalid in one */
export function makeRequest(parts: RequestParts): Request {
  if (isLazy) return new LazyRequest(parts) as unknown as Request;
  const request = realRequest(parts, undefined);
  return Object.defineProperties(request, {
    url: { value: parts.url },
    method: { value: parts.method },
    signal: { get: () => parts.signal() },
  });
}

function realRequest(parts: RequestParts, headers: Headers | undefined): Request {
  const { method, url, body } = parts;
  return new Request(url, {
    method: requestMethod(method),
    headers: headers ?? headersOf(parts),
    body: method === "GET" || method === "HEAD" ? null : body,
    signal: parts.signal(),
  });
}

function headersOf({ fields }: RequestParts): Headers {
  if (fields instanceof Headers) return fields;
  const headers = new Headers();
  for (const [name, value] of fields) headers.append(name, value);
  return headers;
}
