// Delays before answers, in bounded number: each holds a request with all that belongs to it.

import type { OptionValues } from "../../core/options/option.ts";
import { HttpError } from "./http_error.ts";
import type { inspectOptions } from "./options.ts";
import type { ParsedRequest } from "./parsed_request.ts";
import { wait } from "./waiting.ts";

/** The share of all delays that one address may have, unless the user says otherwise. */
const ADDRESS_SHARE = 1 / 4;

/** When a client that was refused may try again. */
const RETRY_AFTER = { "retry-after": "1" } as const;

export class Delays {
  readonly #most: number;
  readonly #mostOfAddress: number;
  readonly #stopping: AbortSignal;
  readonly #ofAddress = new Map<string, number>();
  #count = 0;
  /** Requests that were refused because too many waited. */
  readonly counters = { delaysRefused: 0 };

  /** @param stopping aborted when the server begins to shut down */
  constructor(
    { maxDelays, maxDelaysPerAddress }: Pick<
      OptionValues<typeof inspectOptions>,
      "maxDelays" | "maxDelaysPerAddress"
    >,
    stopping: AbortSignal,
  ) {
    this.#most = maxDelays;
    this.#mostOfAddress = maxDelaysPerAddress ?? Math.max(1, maxDelays * ADDRESS_SHARE);
    this.#stopping = stopping;
  }

  /** Waits before an answer.
   * @throws {HttpError} 429 when too many requests of the same address wait, 503 when too many do in
   * all, and when the server stops or the client left */
  async wait(ms: number, request: ParsedRequest): Promise<void> {
    if (ms <= 0) return;
    const address = request.network;
    const ofAddress = this.#ofAddress.get(address) ?? 0;
    if (ofAddress >= this.#mostOfAddress) {
      this.#refuse(429, "Too many requests of this address wait already.");
    }
    if (this.#count >= this.#most) this.#refuse(503, "Too many requests wait already.");
    this.#count++;
    this.#ofAddress.set(address, ofAddress + 1);
    try {
      if (!await wait(ms, this.#stopping, request.leaving)) {
        throw new HttpError(503, "The server is stopping.");
      }
    } finally {
      this.#count--;
      const left = this.#ofAddress.get(address)! - 1;
      if (left > 0) this.#ofAddress.set(address, left);
      else this.#ofAddress.delete(address);
    }
  }

  #refuse(status: number, message: string): never {
    this.counters.delaysRefused++;
    throw new HttpError(status, message, RETRY_AFTER);
  }
}
