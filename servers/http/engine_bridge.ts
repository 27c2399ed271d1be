// A bridge for HTTP/2 on connections that Deno's engine cannot serve, such as our own TLS or one
// whose first bytes were read: a second connection, within this process, carries the bytes to the
// engine. node:http2 would need no bridge, but on Deno 2.9.6 it does not free memory that a hostile
// peer makes it allocate: a dozen connections were enough for a gigabyte.

import type { Connection } from "../../core/connection.ts";
import { DenoConnection } from "../../core/streams/deno_connection.ts";
import type { EngineConnection, EngineHandlers, HttpEngine } from "./engine.ts";
import { rawRequest } from "./raw_request.ts";

const BUFFER_BYTES = 16 * 1024;

/** Limit of refused foreign connections: any program on this machine can connect to the port. */
const MAX_STRANGERS = 16;

/** Serves a connection through a second one. Takes ownership of it.
 * @param scheme the scheme in the URLs of requests */
export function bridged(
  connection: Connection,
  engine: HttpEngine<DenoConnection>,
  handlers: EngineHandlers,
  scheme: "http" | "https",
): EngineConnection {
  return new Bridge(connection, engine, {
    ...handlers,
    // The engine sees no TLS.
    handle: (request, { completed }) =>
      handlers.handleDetailed(withScheme(scheme, request), {
        completed,
        details: { httpVersion: "2", headerList: [...request.headers] },
      }),
  });
}

function withScheme(scheme: "http" | "https", request: Request): Request {
  if (scheme === "http") return request;
  const { url, method, headers, body } = request;
  return rawRequest(url.replace(/^http:/, "https:"), { method, headers, body });
}

class Bridge implements EngineConnection {
  readonly finished: Promise<void>;
  readonly #ends = new DisposableStack();
  #served: EngineConnection | undefined;
  #draining = false;

  constructor(
    connection: Connection,
    engine: HttpEngine<DenoConnection>,
    handlers: EngineHandlers,
  ) {
    this.#ends.use(connection);
    this.finished = this.#run(connection, engine, handlers).finally(() => this.#ends.dispose());
  }

  drain(): void {
    this.#draining = true;
    this.#served?.drain();
  }

  close(): void {
    this.#served?.close();
    this.#ends.dispose();
  }

  async #run(
    connection: Connection,
    engine: HttpEngine<DenoConnection>,
    handlers: EngineHandlers,
  ): Promise<void> {
    const { near, far } = await pair();
    if (this.#ends.disposed) {
      near[Symbol.dispose]();
      far[Symbol.dispose]();
      return;
    }
    this.#ends.use(near);
    const served = engine.serve(far, handlers);
    this.#served = served;
    if (this.#draining) served.drain();
    // A peer that has left and reads no more is no failure of the engine.
    const inward = copy(connection, near).catch(() => served.close());
    const outward = copy(near, connection).catch(() => served.close());
    await served.finished;
    await outward;
    this.#ends.dispose();
    await inward;
  }
}

/** Opens both ends of a connection within this process. */
async function pair(): Promise<{ near: DenoConnection; far: DenoConnection }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const near = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const { port } = near.localAddr;
  for (let strangers = 0; strangers <= MAX_STRANGERS; strangers++) {
    const far = await listener.accept();
    if (far.remoteAddr.port === port && far.remoteAddr.hostname === "127.0.0.1") {
      near.setNoDelay(true);
      far.setNoDelay(true);
      return { near: new DenoConnection(near), far: new DenoConnection(far) };
    }
    far.close();
  }
  near.close();
  throw new Error("others took the place of a connection within this process");
}

/** Copies to the end of the stream, and ends the other one. */
async function copy(from: Connection, to: Connection): Promise<void> {
  const buffer = new Uint8Array(BUFFER_BYTES);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) return await to.closeWrite();
    await to.write(buffer.subarray(0, count));
  }
}
