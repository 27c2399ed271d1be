// The transfer of `sockdock fetch`: sends the request, and delivers the body to stdout or a file.

import { STATUS_TEXT } from "@std/http/status";
import type { FetchOptions } from "../../clients/http/client.ts";
import type { FetchResponse, Field } from "../../clients/http/message.ts";
import type { retryOptions } from "../../clients/http/options.ts";
import { backOffMs, waitFor } from "../../clients/http/retry.ts";
import { errorText } from "../../core/event.ts";
import { flag, formatDuration, type OptionValues, size, text } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import { ReaderGoneError, type Stdio } from "../terminal/stdio.ts";
import { DiskError, judge, PartFile, rangeFields, writeWhole } from "./download.ts";
import { outputOptions, outputPath } from "./file_name.ts";
import { printHead, printJsonResponse, printTiming } from "./output.ts";
import { printBody } from "./terminal_body.ts";
import { printable } from "../terminal/printable.ts";

export const responseOptions = {
  bytes: size({ min: 0, help: "read only the first bytes of the body" }),
  include: flag({ short: "i", help: "print status and headers first", negatable: false }),
  head: flag({
    short: "I",
    help: "ask for the head alone, with HEAD unless --method says otherwise, and print it",
    negatable: false,
  }),
  location: flag({
    short: "L",
    help: "follow redirects, 20 unless --max-redirects says otherwise",
    negatable: false,
  }),
  fail: flag({
    short: "f",
    help: "exit with 1 on a status from 400; its body is printed, and not written to a file",
    negatable: false,
  }),
  compressed: flag({ help: "ask for a compressed body and undo it", negatable: false }),
  indent: flag({
    default: true,
    help: "on a terminal, indent JSON and colour it",
  }),
  writeOut: text({
    short: "w",
    metavar: "format",
    help: "print this at the end, such as %{http_code} or %header{etag}",
  }),
  timing: flag({ help: "print how long each step took, on stderr", negatable: false }),
  ...outputOptions,
} as const;

type Options = OptionValues<typeof responseOptions & typeof retryOptions>;

interface Transfer {
  readonly url: string;
  /** Sends the request, with these additional fields. */
  readonly ask: (fields: readonly Field[]) => Promise<FetchResponse>;
  readonly options: Options;
  readonly request: FetchOptions;
  readonly io: Stdio;
  /** Resolves once what is shown of the exchange is printed. */
  readonly shown: () => Promise<void>;
}

/** What came of a request. */
interface Transferred {
  readonly response: FetchResponse;
  /** As the file has it. */
  readonly status: number;
  readonly bodyBytes: number;
  readonly file: string | undefined;
}

/** Sends the request and delivers the body; a download that breaks off is resumed, as --retry
 * allows. */
export async function transfer(work: Transfer): Promise<Transferred> {
  const { options, io, request } = work;
  const { method = "GET" } = request;
  const path = await outputPath(options, work.url, undefined);
  const beganMs = performance.now();
  for (let attempt = 1;; attempt++) {
    const progress = { hasHead: false };
    try {
      return await transferOnce(work, progress);
    } catch (error) {
      const mayAgain = progress.hasHead && attempt <= options.retry && path !== undefined &&
        (method === "GET" || options.retryAll) && isPassing(error);
      const waitMs = backOffMs(attempt, options.retryDelayMs, Math.random);
      const inTime = performance.now() - beganMs + waitMs <= options.retryMaxTimeMs;
      if (!mayAgain || !inTime) throw error;
      const again = `try ${attempt} of ${options.retry} in ${formatDuration(waitMs)}`;
      io.note(`${printable(errorText(error))}; ${again}`);
      await waitFor(waitMs, new AbortController().signal);
    }
  }
}

class NotTheFileError extends Error {
  override readonly name = "NotTheFileError";
}

const LASTING = [
  DiskError,
  UsageError,
  DOMException,
  ReaderGoneError,
  NotTheFileError,
];

/** Whether the failure may be temporary: failures on this machine are not. */
function isPassing(error: unknown): boolean {
  return !LASTING.some((kind) => error instanceof kind);
}

async function transferOnce(
  work: Transfer,
  progress: { hasHead: boolean },
): Promise<Transferred> {
  const { options, io, ask, url, shown } = work;
  if (options.continue) return await goOn(work, progress);
  await using response = await ask([]);
  progress.hasHead = true;
  await shown();
  const { status, headers } = response;
  const disposition = headers.get("content-disposition");
  const path = options.fail && status >= 400
    ? undefined
    : await outputPath(options, url, disposition);
  if (!io.json && (options.include || options.head)) printHead(response, io);
  let bodyBytes = 0;
  if (options.head && !io.json) {
    // The body of another method than HEAD is not wanted.
  } else if (path === undefined) {
    const { indent, output } = options;
    if (io.json) await printJsonResponse(response, undefined, io);
    else bodyBytes = await printBody(response, io, { indent, asItIs: output === "-" });
  } else {
    const totalBytes = announcedBytes(response, options);
    const overwrite = !options.remoteHeaderName;
    const limits = { totalBytes, overwrite };
    bodyBytes = await writeWhole(path, response.body, limits, io);
    const written = { file: path, fileBytes: bodyBytes };
    if (io.json) await printJsonResponse(response, written, io);
  }
  finish(response, options, io);
  return { response, status, bodyBytes, file: path };
}

/** Resumes a kept part, or starts at the beginning. */
async function goOn(
  { url, ask, options, io, shown }: Transfer,
  progress: { hasHead: boolean },
): Promise<Transferred> {
  const path = await outputPath(options, url, null) ?? "";
  const file = new PartFile(path, url);
  let part = await file.kept();
  for (;;) {
    await using response = await ask([
      ["Accept-Encoding", "identity"],
      ...(part === undefined ? [] : rangeFields(part)),
    ]);
    progress.hasHead = true;
    await shown();
    const verdict = judge(response, part);
    if (verdict.is === "unfit") {
      io.note(`${path} starts anew: ${verdict.why}`);
      part = undefined;
      continue;
    }
    if (!io.json && options.include) printHead(response, io);
    let fileBytes = part?.fromBytes ?? 0;
    if (verdict.is === "error") {
      throw new NotTheFileError(
        `the server answered ${`${response.status} ${statusWords(response)}`.trim()}; ` +
          `${path} was left as it was`,
      );
    }
    if (verdict.is === "done") await file.finish();
    else {
      const [fromBytes, totalBytes] = verdict.is === "rest"
        ? [fileBytes, verdict.totalBytes]
        : [0, announcedBytes(response, options)];
      if (part !== undefined && fromBytes === 0) {
        io.note(`${path} starts anew: it has changed`);
      }
      fileBytes = await file.write(response, { fromBytes, totalBytes }, io);
    }
    if (io.json) await printJsonResponse(response, { file: path, fileBytes }, io);
    if (options.timing) printTiming(response.timing, io);
    return { response, status: 200, bodyBytes: fileBytes, file: path };
  }
}

function finish(response: FetchResponse, options: Options, io: Stdio): void {
  if (options.timing) printTiming(response.timing, io);
  if (!options.fail || response.status < 400) return;
  io.error(
    `the server answered ${response.status} ${printable(statusWords(response))}`.trimEnd(),
  );
}

/** Text for a status. A server may omit its reason phrase. */
function statusWords({ status, statusText }: FetchResponse): string {
  return statusText || (STATUS_TEXT[status] ?? "");
}

/** Announced length of the body; undefined when it is not known. */
function announcedBytes({ headers }: FetchResponse, { bytes, compressed }: Options) {
  const written = headers.get("content-length");
  if (written === null || (compressed && headers.has("content-encoding"))) return undefined;
  return Math.min(Number(written), bytes ?? Infinity);
}
