// Sends files to an inbox, and resumes after the session broke off.

import { backOffMs, waitFor } from "../clients/http/retry.ts";
import { type Endpoint, parseEndpoint } from "../core/addresses/endpoint.ts";
import type { DialledSession } from "../core/client_kind.ts";
import { type Delivery, RefusedError } from "../core/connection.ts";
import { errorText } from "../core/event.ts";
import { UsageError } from "../core/usage_error.ts";
import type { LocalFile } from "../protocols/inbox/local_files.ts";
import { InboxRefusedError, NoInboxError, sendFiles } from "../protocols/inbox/send_files.ts";
import { listLocalFiles } from "../protocols/inbox/local_files.ts";
import { connect, type ConnectOptions } from "./connect.ts";
import { refuseUnknownDialling } from "./unknown_option.ts";
import { clientSchemes } from "./schemes.ts";

/** Defaults of `copyTo`: the number of reconnects, and the time that an inbox may be silent. */
export const DEFAULT_COPY_RETRIES = 8;
export const DEFAULT_COPY_TIMEOUT_MS = 30_000;

/** The delays before the first and the last of several attempts without progress. */
const FIRST_BACK_OFF_MS = 500;
const LONGEST_BACK_OFF_MS = 10_000;

/** Progress of copying. Names are those below the inbox. */
export type CopyEvent =
  /** All files to copy have been found. */
  | { readonly event: "found"; readonly files: number; readonly bytes: number }
  /** A link or a device in a folder is not copied. */
  | { readonly event: "skipped"; readonly path: string; readonly reason: string }
  /** Total progress of all files. */
  | {
    readonly event: "progress";
    readonly file: string;
    readonly arrivedBytes: number;
    /** Part of the arrived bytes that the inbox had already. */
    readonly keptBytes: number;
    readonly totalBytes: number;
    /** Present where a layer has acknowledgements. */
    readonly delivery?: Delivery;
  }
  /** A file is in its place; the inbox has computed the same SHA-256. Empty folders have none. */
  | {
    readonly event: "copied";
    readonly file: string;
    readonly bytes: number;
    readonly sha256?: string;
    /** Whether the inbox had it already. */
    readonly already: boolean;
  }
  | { readonly event: "failed"; readonly file: string; readonly reason: string }
  /** The session broke off, or the inbox is busy. */
  | {
    readonly event: "retrying";
    readonly reason: string;
    readonly attempt: number;
    readonly retries: number;
    readonly waitMs: number;
  };

/** Options of `copyTo`: how to connect, and four of its own. */
export type CopyOptions = ConnectOptions & {
  /** Number of reconnects after the session broke off, since the last progress. Default: 8. */
  readonly retries?: number;
  /** Time to wait for an answer of the inbox, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
  readonly onEvent?: (event: CopyEvent) => void;
  /** At least 0, below 1, for the waits between attempts. Default: `Math.random`. */
  readonly random?: () => number;
};

/** Result of `copyTo`. */
export interface CopyResult {
  /** Files and empty folders that are in the inbox now, with those that were there already. */
  readonly arrived: number;
  /** Files that the inbox had already. */
  readonly already: number;
  /** Of the files that arrived. */
  readonly bytes: number;
  /** Files that did not arrive, each with the reason. */
  readonly failed: readonly { readonly file: string; readonly reason: string }[];
  /** Whether a file did not arrive because the inbox was silent for too long. */
  readonly timedOut: boolean;
}

/** Copies files, and folders with all that is in them, to an inbox. What broke off goes on where it
 * was, in this call and in later ones. Resolves when all that can be done is done, also when files
 * did not arrive.
 *
 * ```ts
 * import { copyTo, inbox, serve } from "@sockdock/sockdock";
 *
 * const into = await Deno.makeTempDir();
 * await using server = await serve("tcp://127.0.0.1:0", inbox, { into });
 * const { arrived, failed } = await copyTo(server.url, ["README.md"]);
 * console.log(arrived, failed); // 1 []
 * await Deno.remove(into, { recursive: true });
 * ```
 *
 * @throws {UsageError} when the URL, an option or a path cannot work
 * @throws {Error} when the inbox cannot be reached at first, or what answers is none, naming the URL */
export async function copyTo(
  url: string | Endpoint,
  paths: readonly string[],
  {
    retries = DEFAULT_COPY_RETRIES,
    timeoutMs = DEFAULT_COPY_TIMEOUT_MS,
    onEvent = () => {},
    random = Math.random,
    ...dial
  }: CopyOptions = {},
): Promise<CopyResult> {
  refuseUnknownDialling(dial, ["retries", "timeoutMs", "onEvent", "random"]);
  if (paths.length === 0) throw new UsageError("there is nothing to copy; name files or folders");
  const endpoint = parseEndpoint(url, clientSchemes);
  const { files, skipped, unreadable, bytes: totalBytes } = await listLocalFiles(paths);
  for (const { path, reason } of skipped) onEvent({ event: "skipped", path, reason });
  onEvent({ event: "found", files: files.length, bytes: totalBytes });
  const tally = new Tally(totalBytes, onEvent);
  for (const { path, reason } of unreadable) tally.fail(path, reason, 0);

  const signal = dial.signal ?? new AbortController().signal;
  let next = 0;
  let attempt = 0;
  let isConnected = false;
  let hasProgressed = false;
  while (next < files.length) {
    const arrivedBefore = tally.arrivedBytes;
    const nextBefore = next;
    let reason: string;
    let isTimeout = false;
    let isFinal = false;
    try {
      using session = await connect(endpoint, dial);
      if (mayLose(session)) {
        throw new UsageError(
          `${endpoint.text} may lose and reorder messages, and an inbox needs them all and in order; put ` +
            "the layer reliable on it, as in udp+reliable://",
        );
      }
      isConnected = true;
      const outcomes = sendFiles(session, files.slice(next), {
        timeoutMs,
        signal,
        onProgress: (file, arrived, kept) => tally.show(file, arrived, kept, session.delivery),
      });
      for await (const outcome of outcomes) {
        const { file } = outcome;
        if (outcome.status === "failed" && outcome.again && attempt < retries) {
          throw new BusyError(outcome.reason);
        }
        if (outcome.status === "failed") tally.fail(file.name, outcome.reason, file.bytes);
        else tally.arrive(file, outcome.sha256, outcome.already);
        next++;
        attempt = 0;
      }
      break;
    } catch (error) {
      if (error instanceof UsageError || signal.aborted || !isConnected) throw error;
      if (error instanceof NoInboxError && next === 0) {
        throw new Error(`Cannot copy to ${endpoint.text}: ${error.message}`, { cause: error });
      }
      reason = errorText(error);
      isTimeout = error instanceof DOMException && error.name === "TimeoutError";
      isFinal = error instanceof InboxRefusedError || error instanceof NoInboxError ||
        error instanceof RefusedError;
    }
    if (next > nextBefore || tally.arrivedBytes > arrivedBefore) {
      hasProgressed = true;
      attempt = 0;
    }
    // What has never said a word of an inbox is most likely none.
    if (isFinal || (isTimeout && !hasProgressed)) attempt = retries;
    if (attempt >= retries) {
      for (const file of files.slice(next)) tally.fail(file.name, reason, file.bytes);
      return { ...tally.result, timedOut: isTimeout };
    }
    attempt++;
    const waitMs = Math.round(
      Math.min(LONGEST_BACK_OFF_MS, backOffMs(attempt, FIRST_BACK_OFF_MS, random)),
    );
    onEvent({ event: "retrying", reason, attempt, retries, waitMs });
    await waitFor(waitMs, signal);
  }
  return { ...tally.result, timedOut: false };
}

/** Whether the session may lose messages: datagrams without the layer `reliable`. */
function mayLose({ peer, delivery }: DialledSession): boolean {
  const isDatagram = peer.transport === "udp" || peer.transport === "unixgram";
  return isDatagram && delivery === undefined;
}

/** The inbox asks to try again later. */
class BusyError extends Error {
  override readonly name = "BusyError";
}

class Tally {
  readonly #totalBytes: number;
  readonly #onEvent: (event: CopyEvent) => void;
  readonly #failed: FailedFile[] = [];
  #arrived = 0;
  #already = 0;
  #bytes = 0;
  /** Bytes of finished files, arrived or not. */
  #doneBytes = 0;
  #keptBytes = 0;
  /** Bytes of unfinished files: the current one, and those that the inbox is moving to their place.
   * After the session broke off they stay until they are sent again. */
  readonly #present = new Map<string, { arrivedBytes: number; keptBytes: number }>();

  constructor(totalBytes: number, onEvent: (event: CopyEvent) => void) {
    this.#totalBytes = totalBytes;
    this.#onEvent = onEvent;
  }

  /** Bytes that have arrived, those of unfinished files included. */
  get arrivedBytes(): number {
    return this.#sum("arrivedBytes", this.#doneBytes);
  }

  get result(): Omit<CopyResult, "timedOut"> {
    return {
      arrived: this.#arrived,
      already: this.#already,
      bytes: this.#bytes,
      failed: this.#failed,
    };
  }

  show(
    file: LocalFile,
    arrivedBytes: number,
    keptBytes: number,
    delivery: Delivery | undefined,
  ): void {
    this.#present.set(file.name, { arrivedBytes, keptBytes });
    this.#onEvent({
      event: "progress",
      file: file.name,
      arrivedBytes: this.arrivedBytes,
      keptBytes: this.#sum("keptBytes", this.#keptBytes),
      totalBytes: this.#totalBytes,
      ...(delivery !== undefined && { delivery }),
    });
  }

  arrive(file: LocalFile, sha256: string | undefined, already: boolean): void {
    this.#arrived++;
    if (already) this.#already++;
    this.#bytes += file.bytes;
    this.#finish(file.name, file.bytes);
    this.#onEvent({
      event: "copied",
      file: file.name,
      bytes: file.bytes,
      ...(sha256 !== undefined && { sha256 }),
      already,
    });
  }

  fail(file: string, reason: string, bytes: number): void {
    this.#failed.push({ file, reason });
    this.#finish(file, bytes);
    this.#onEvent({ event: "failed", file, reason });
  }

  #finish(file: string, bytes: number): void {
    this.#doneBytes += bytes;
    this.#keptBytes += this.#present.get(file)?.keptBytes ?? 0;
    this.#present.delete(file);
  }

  #sum(what: "arrivedBytes" | "keptBytes", start: number): number {
    return this.#present.values().reduce((sum, file) => sum + file[what], start);
  }
}

type FailedFile = CopyResult["failed"][number];
