// The body of an upload, which ends early in many ways: none of them may look like its end.

import { UploadError } from "./error.ts";

const CUT_SHORT = "The body was cut short.";

/** Reads a body piece by piece. */
export class UploadBody {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  /** How many bytes are still to come; NaN when nobody told. */
  #left: number;
  #stopped = false;

  constructor({ body, headers }: Request) {
    this.#reader = body?.getReader();
    this.#left = Number(headers.get("content-length") ?? NaN);
  }

  /** The next piece, or null at the end.
   *
   * @throws {UploadError} when there is no end, because the client left or the server stops */
  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    let value: Uint8Array<ArrayBuffer> | undefined;
    try {
      value = (await this.#reader?.read())?.value;
    } catch {
      throw new UploadError(400, CUT_SHORT);
    }
    // A stream that was cancelled ends like any other.
    if (this.#stopped) throw new UploadError(503, "The server is stopping.");
    this.#left -= value?.length ?? 0;
    // Whatever closed the connection did not tell the stream.
    if (value === undefined && this.#left > 0) throw new UploadError(400, CUT_SHORT);
    return value ?? null;
  }

  /** Ends whoever reads. */
  stop(): void {
    this.#stopped = true;
    this.#reader?.cancel().catch(() => {});
  }
}
