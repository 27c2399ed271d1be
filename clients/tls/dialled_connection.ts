// A TLS connection to a server, after the handshake. It tells a refusal from an answer: in TLS 1.3
// the client's handshake is complete before the server has seen the client's certificate
// (RFC 8446 4.4), so that the server's refusal is what the first read finds.
//
// An alert is always an error. A reset is one, unless the server has answered, our side has ended, and
// one of the two was just now: a server that closes without reading our close_notify resets the
// connection, as many do right after their last data. A reset out of a silence cuts an answer.
//
// An end before any data is an error, unless it is in good order, by close_notify, and the server has
// taken what was sent or has seen the end of our side: a server that has nothing to answer ends so.
// After data, an end without close_notify is an end too: many programs close so, and the protocol
// above notices when data is missing.

import type { Address } from "../../core/addresses/address.ts";
import { type Connection, RefusedError, type TlsFacts } from "../../core/connection.ts";
import { errorText } from "../../core/event.ts";
import type { TlsInput } from "../../core/tls/input.ts";
import { alertReason, closedReason, type Offer } from "./alert.ts";

/** Time within which a server refuses, by the time that the handshake took: a slow peer or way slows
 * both. Until then the end of our side waits for the server's first sign, since a refusal by
 * close_notify that came after it would pass for an empty answer. A server that waits for our end
 * answers so much later, which is why it is short where no certificate can be refused. */
const WITH_CERTIFICATE = { handshakes: 10, leastMs: 250 };
const WITHOUT_CERTIFICATE = { handshakes: 2, leastMs: 50 };
const MOST_REFUSAL_MS = 2000;

/** Time for a reset to follow the end of a server. */
const RESET_MS = 50;

/** Time after the handshake from which on an end in good order is the server's own decision, not a
 * refusal, also when our side is open. */
const LATE_MS = 10_000;

/** A connection whose handshake is complete. */
interface SecuredConnection extends Connection {
  readonly input: TlsInput;
}

/** Takes ownership of the connection. */
export class DialledTlsConnection implements Connection {
  readonly #inner: SecuredConnection;
  readonly #input: TlsInput;
  readonly #offer: Offer;
  readonly #readyMs = performance.now();
  readonly #refusalMs: number;
  readonly #isTaking: () => Promise<boolean>;
  #hasWritten = false;
  /** When our side ended, or the server sent data after that. */
  #lastMs: number | undefined;
  /** Whether the server ended before our side did, and early enough for a refusal. */
  #endedFirst = false;
  readonly #disposed = Promise.withResolvers<void>();
  #isDisposed = false;

  /** @param isTaking whether the stream below has not been reset */
  constructor(
    inner: SecuredConnection,
    { offer, handshakeMs, isTaking }: {
      readonly offer: Offer;
      readonly handshakeMs: number;
      readonly isTaking: () => Promise<boolean>;
    },
  ) {
    this.#inner = inner;
    this.#isTaking = isTaking;
    const { handshakes, leastMs } = offer.certificate === undefined
      ? WITHOUT_CERTIFICATE
      : WITH_CERTIFICATE;
    this.#refusalMs = Math.min(Math.max(handshakes * handshakeMs, leastMs), MOST_REFUSAL_MS);
    this.#input = inner.input;
    this.#offer = offer;
    this.#input.ended.then(() => {
      this.#endedFirst = this.#lastMs === undefined && performance.now() - this.#readyMs < LATE_MS;
    });
  }

  get local(): Address {
    return this.#inner.local;
  }

  get remote(): Address {
    return this.#inner.remote;
  }

  get alpnProtocol(): string | undefined {
    return this.#inner.alpnProtocol;
  }

  tlsFacts(): TlsFacts | undefined {
    return this.#inner.tlsFacts?.();
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#inner.read(into).then(
      (count) => {
        if (count === null) return this.#ended();
        if (this.#lastMs !== undefined) this.#lastMs = performance.now();
        return count;
      },
      (error: unknown) => this.#failed(error),
    );
  }

  async write(all: Uint8Array): Promise<void> {
    this.#hasWritten = true;
    try {
      await this.#inner.write(all);
    } catch (error) {
      if (this.#isDisposed) throw error;
      // Writing to a server that has refused can fail before the reason is read.
      await this.#firstSign(MOST_REFUSAL_MS);
      const { end } = this.#input;
      this.#failed(end instanceof Error ? end : error);
      throw error;
    }
  }

  async closeWrite(): Promise<void> {
    await this.#firstSign(this.#refusalMs - (performance.now() - this.#readyMs));
    this.#lastMs = performance.now();
    await this.#inner.closeWrite();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#disposed.resolve();
    this.#inner[Symbol.dispose]();
  }

  /** Resolves when the server has sent data or ended, or has had its time. */
  async #firstSign(patienceMs: number): Promise<void> {
    if (this.#input.hasData || patienceMs <= 0) return;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, patienceMs);
    await Promise.race([this.#input.begun, this.#disposed.promise, late.promise]);
    clearTimeout(timer);
  }

  async #ended(): Promise<null> {
    const { end, hasData } = this.#input;
    if (this.#isDisposed || end === undefined) return null;
    if (end instanceof Error) return this.#failed(end);
    if (hasData) return null;
    if (end === "close_notify" && (!this.#endedFirst || await this.#isTaken())) return null;
    throw new Error(closedReason("ended", this.#offer));
  }

  /** Whether the server ended in good order after it had taken what was sent. With a certificate shown
   * that tells nothing: a server may read before it looks at the certificate. */
  async #isTaken(): Promise<boolean> {
    if (!this.#hasWritten || this.#offer.certificate !== undefined) return false;
    // A reset follows the end of a server that has not read everything.
    const passed = Promise.withResolvers<void>();
    const timer = setTimeout(passed.resolve, RESET_MS);
    await Promise.race([passed.promise, this.#disposed.promise]);
    clearTimeout(timer);
    return this.#isDisposed || await this.#isTaking();
  }

  #failed(error: unknown): null {
    if (this.#isDisposed) return null;
    const text = errorText(error);
    const alert = alertReason(text, this.#offer);
    if (alert !== null) throw new RefusedError(alert, { cause: error });
    if (!isReset(error)) throw error;
    if (!this.#input.hasData) throw new Error(closedReason("reset", this.#offer), { cause: error });
    const lastMs = this.#lastMs;
    if (lastMs !== undefined && performance.now() - lastMs <= this.#refusalMs) return null;
    throw new Error("the server reset the connection", { cause: error });
  }
}

function isReset(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe ||
    code === "ECONNRESET" || code === "EPIPE";
}
