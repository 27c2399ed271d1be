// Reads the body of an upload. A body can end early in several ways, and none may pass for its end.

import type { TransferSlot } from "../../../core/files/transfer_slots.ts";
import { UploadError } from "./error.ts";

const CUT_SHORT = "The body was cut short.";

export class UploadBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  /** Number of bytes still to come; NaN without a Content-Length. */
  #left: number;
  #stopped: UploadError | undefined;
  /** Told of what comes. */
  slot: TransferSlot | undefined;

  constructor({ body, headers }: Request) {
    this.#reader = body?.getReader();
    this.#left = Number(headers.get("content-length") ?? NaN);
  }

  /** The next piece, or null at the end.
   *
   * @throws {UploadError} when the body breaks off, because the client left or the server stops */
  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    let value: Uint8Array<ArrayBuffer> | undefined;
    try {
      value = (await this.#reader?.read())?.value;
    } catch {
      throw this.#stopped ?? new UploadError(400, CUT_SHORT);
    }
    // To its reader, a cancelled stream looks like one that ended.
    if (this.#stopped) throw this.#stopped;
    this.#left -= value?.length ?? 0;
    this.slot?.progress(value?.length ?? 0);
    // A connection that closes early may end the stream without an error.
    if (value === undefined && this.#left > 0) throw new UploadError(400, CUT_SHORT);
    return value ?? null;
  }

  /** Makes reading fail with this error. */
  stop(error: UploadError): void {
    this.#stopped = error;
    this.#reader?.cancel().catch(() => {});
  }
}
