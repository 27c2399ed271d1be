// The body of a request, limited in size and time while a handler reads it.

import type { IdleSweep, Sweepable } from "../../core/sessions/idle_sweep.ts";

/** The reason that a body was not read to its end. */
type BodyFailure = "oversized" | "stalled" | "cut short";

/** What a body is read from. */
export interface BodySource {
  /** The next bytes; null at the end. Rejects when the body was cut short or is malformed. */
  read(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Called once when nothing more will be read. */
  cancel(): void;
}

interface BodyLimits {
  readonly maxBytes: number;
  /** Watches bodies that are being read, and calls `stall` of an idle one. */
  readonly sweep: IdleSweep<RequestBody>;
  /** Called once, before the reader gets the error. */
  onFailure(failure: BodyFailure): void;
}

/** A body that ends in an error when it grows too large, stalls or breaks off. Only the time that a
 * reader waits counts: a slow handler is not the client's fault. */
export class RequestBody implements Sweepable {
  active = true;
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #source: BodySource;
  readonly #limits: BodyLimits;
  #bytes = 0;
  #failure: BodyFailure | undefined;
  #ended = false;
  #released = false;
  #fail: (error: Error) => void = () => {};

  constructor(source: BodySource, limits: BodyLimits) {
    this.#source = source;
    this.#limits = limits;
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#fail = (error) => controller.error(error);
      },
      pull: (controller) => this.#pull(controller),
      cancel: () => this.release(),
    }, { highWaterMark: 0 });
  }

  get failure(): BodyFailure | undefined {
    return this.#failure;
  }

  /** Whether the body was read to its end. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Called by the sweep. */
  stall(): void {
    this.#breakOff("stalled", new DOMException("The request's body stalled", "TimeoutError"));
  }

  /** Call it before closing the connection: Deno.serve would end the body as if complete. */
  cutShort(): void {
    if (!this.#ended) this.#breakOff("cut short", new Error("The request's body was cut short"));
  }

  /** Ends an unread body for its reader, once the request was answered. */
  release(): void {
    if (this.#ended || this.#released) return;
    this.#released = true;
    this.#fail(new Error("The request was answered before its body was read"));
    this.#source.cancel();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    this.active = true;
    this.#limits.sweep.add(this);
    try {
      const value = await this.#source.read();
      if (this.#released) return;
      if (value === null) {
        this.#ended = true;
        controller.close();
        return;
      }
      this.#bytes += value.length;
      const { maxBytes } = this.#limits;
      if (this.#bytes <= maxBytes) controller.enqueue(value);
      else {
        const text = `The request's body is larger than ${maxBytes} bytes`;
        this.#breakOff("oversized", new RangeError(text));
      }
    } catch (cause) {
      this.#breakOff("cut short", new Error("The request's body was cut short", { cause }));
    } finally {
      this.#limits.sweep.delete(this);
    }
  }

  #breakOff(failure: BodyFailure, error: Error): void {
    if (this.#released) return;
    this.#failure = failure;
    this.#limits.onFailure(failure);
    this.#fail(error);
    this.release();
  }
}
