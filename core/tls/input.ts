// The input of a TLS connection: whether the peer has said anything, and how its input ended. node:tls
// reports a reset and an end without close_notify as an ordinary end, and gives up unread input when
// a write fails.

import type { TLSSocket } from "node:tls";

/** How input ends: by the alert close_notify (RFC 8446 6.1), by the end of the stream below without
 * it, or by an error, such as a reset or an alert. */
type InputEnd = "close_notify" | "end of stream" | Error;

/** The input of the stream below TLS, told by what reads from it. */
export class WireInput {
  end: Exclude<InputEnd, "close_notify"> | undefined;
  /** Called when it ends. */
  onEnd: (() => void) | undefined;

  /** To be called before TLS learns of the end. */
  finish(end: Exclude<InputEnd, "close_notify">): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.onEnd?.();
  }
}

/** The input inside TLS. */
export class TlsInput {
  end: InputEnd | undefined;
  /** Whether the peer has sent data, which the handshake is not. */
  hasData = false;
  readonly #begun = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();

  /** Resolves with the first data, or the end. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Resolves when it has ended, or the connection was closed. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  receive(): void {
    if (this.hasData) return;
    this.hasData = true;
    this.#begun.resolve();
  }

  /** @param end none when the connection was closed on our side */
  finish(end?: InputEnd): void {
    this.end ??= end;
    this.#begun.resolve();
    this.#ended.resolve();
  }
}

/** Watches the input of node:tls, of which it replaces two methods, and lets a write that failed wait
 * for the end of the input. */
export function watchInput(socket: TLSSocket, wire: WireInput): TlsInput {
  const input = new TlsInput();
  const push = socket.push.bind(socket);
  const destroy = socket.destroy.bind(socket);
  let isPostponed = false;
  const end = () => {
    input.finish(wire.end ?? "close_notify");
    if (isPostponed) destroy();
  };
  // Here rather than on `end`, which comes later, when the stream below may have ended too.
  socket.push = (chunk, encoding) => {
    if (chunk === null) end();
    else input.receive();
    // A stream that failed in one direction emits nothing in the other.
    return isPostponed && chunk !== null ? socket.emit("data", chunk) : push(chunk, encoding);
  };
  wire.onEnd = () => {
    // What was read last passes TLS first.
    if (isPostponed) queueMicrotask(end);
  };
  socket.on("error", (error: Error) => input.finish(error));
  socket.on("close", () => input.finish());
  // A peer that has closed resets the connection when it gets more from us, as our close_notify. A
  // write fails then, while the answer lies unread in the system.
  socket.destroy = (error?: Error) => {
    const isOfWriting = (error as { readonly syscall?: unknown } | undefined)?.syscall === "write";
    if (!isOfWriting || input.end !== undefined) return destroy(error);
    isPostponed = true;
    if (wire.end !== undefined) end();
    return socket;
  };
  return input;
}
