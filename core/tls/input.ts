// The input of a TLS connection: what has arrived and how it ended. node:tls reports a reset and an
// end without close_notify as an ordinary end, and gives up unread input when a write fails.

import type { TLSSocket } from "node:tls";

/** How input ends: by the alert close_notify (RFC 8446 6.1), by the end of the stream below without
 * it, or by an error, such as a reset or an alert. */
export type InputEnd = "close_notify" | "end of stream" | Error;

/** The input of the stream below TLS, told by whatever reads from it. */
export class WireInput {
  end: Exclude<InputEnd, "close_notify"> | undefined;
  readonly #ended = Promise.withResolvers<void>();

  /** Resolves when it has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** To be called before node:tls learns of the end. */
  finish(end: Exclude<InputEnd, "close_notify">): void {
    this.end ??= end;
    this.#ended.resolve();
  }
}

/** The input of node:tls, of which it replaces two methods. */
export class TlsInput {
  end: InputEnd | undefined;
  /** Whether the peer has said anything: data, not the handshake. */
  hasData = false;
  readonly #ended = Promise.withResolvers<void>();

  constructor(socket: TLSSocket, wire: WireInput) {
    const finish = (end: InputEnd) => {
      this.end ??= end;
      this.#ended.resolve();
    };
    const push = socket.push.bind(socket);
    // Here rather than on `end`, which comes later, when the stream below may have ended too.
    socket.push = (chunk, encoding) => {
      if (chunk !== null) this.hasData = true;
      else finish(wire.end ?? "close_notify");
      const isWanted = push(chunk, encoding);
      if (chunk === null && postponed) destroy();
      return isWanted;
    };
    socket.on("error", finish);
    socket.on("close", () => this.#ended.resolve());

    let postponed = false;
    const destroy = socket.destroy.bind(socket);
    // A peer that closes resets the connection when it gets more from us, as our close_notify. Writing
    // fails then while the answer lies unread in the system, and reading goes on to its end.
    socket.destroy = (error?: Error) => {
      const isOfWriting = (error as { readonly syscall?: string } | undefined)?.syscall === "write";
      if (!isOfWriting || this.end !== undefined) return destroy(error);
      postponed = true;
      return socket;
    };
  }

  /** Resolves when it has ended. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }
}
