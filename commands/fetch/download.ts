// Writes a body to a file that appears only when it is complete, and resumes a download that broke
// off (RFC 9110 13.1.5 and 14.4). An incomplete download is kept with the validator of its file;
// without a strong validator a later response may belong to another version of the file, so the
// part is dropped.

import type { ResponseHead } from "../../clients/http/message.ts";
import { errorText } from "../../core/event.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { Progress } from "../terminal/progress.ts";

/** An error of the disk, to be told apart from one of the network. */
export class DiskError extends Error {
  override readonly name = "DiskError";
}

interface Part {
  readonly fromBytes: number;
  /** A strong entity tag, or the date of the last change. */
  readonly validator: string;
}

/** The kind of response to a request for the rest. */
type Verdict =
  /** The rest of the file. */
  | { readonly is: "rest"; readonly totalBytes: number | undefined }
  /** The whole file, from its beginning. */
  | { readonly is: "whole" }
  /** No bytes are missing: the part is the whole file. */
  | { readonly is: "done" }
  /** A range that does not continue the part; the whole has to be requested. */
  | { readonly is: "unfit"; readonly why: string }
  /** A response that is not the file. */
  | { readonly is: "error" };

/** The header fields that request the rest of a part, if the file is unchanged. */
export function rangeFields({ fromBytes, validator }: Part): (readonly [string, string])[] {
  return [["Range", `bytes=${fromBytes}-`], ["If-Range", validator]];
}

/** Decides how a response continues a part. */
export function judge({ status, headers }: ResponseHead, part: Part | undefined): Verdict {
  if (status === 200) return { is: "whole" };
  if (part === undefined) return { is: "error" };
  const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i
    .exec(headers.get("content-range")?.trim() ?? "");
  const totalBytes = range === null || range[3] === "*" ? undefined : Number(range[3]);
  if (status === 416) {
    return totalBytes === part.fromBytes
      ? { is: "done" }
      : { is: "unfit", why: "the file is shorter than what was kept of it" };
  }
  if (status !== 206) return { is: "error" };
  // A server that supports Range but not If-Range must not lead to a part of an old file with the
  // rest of a new one.
  const field = part.validator.startsWith('"') ? "etag" : "last-modified";
  if (headers.get(field) !== part.validator) {
    return { is: "unfit", why: "the server does not say that it is still the same file" };
  }
  const [from, to] = [Number(range?.[1] ?? NaN), Number(range?.[2] ?? NaN)];
  if (from !== part.fromBytes || (totalBytes !== undefined && to !== totalBytes - 1)) {
    return { is: "unfit", why: "the server sent another range than the one asked for" };
  }
  return { is: "rest", totalBytes };
}

/** The validator that identifies a file byte for byte (RFC 9110 8.8.1); undefined without one. */
function strongValidator({ headers }: ResponseHead): string | undefined {
  const tag = headers.get("etag");
  if (tag !== null && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag)) return tag;
  const modified = headers.get("last-modified");
  const age = Date.parse(headers.get("date") ?? "") - Date.parse(modified ?? "");
  // A file may change once more within the second of its date.
  return modified !== null && age >= 1000 ? modified : undefined;
}

/** A download that survives a failure: `FILE.part`, and beside it the URL and the validator. */
export class PartFile {
  readonly path: string;
  readonly #url: string;
  readonly #partPath: string;
  readonly #notePath: string;

  /** @param path path of the complete file */
  constructor(path: string, url: string) {
    this.path = path;
    this.#url = url;
    this.#partPath = `${path}.part`;
    this.#notePath = `${path}.part.json`;
  }

  /** Reads the kept part, if it is of this URL and can be resumed. */
  async kept(): Promise<Part | undefined> {
    try {
      const note = JSON.parse(await Deno.readTextFile(this.#notePath)) as unknown;
      const { url, validator } = note as { readonly url?: unknown; readonly validator?: unknown };
      const { size, isFile } = await Deno.lstat(this.#partPath);
      if (url !== this.#url || typeof validator !== "string" || !isFile || size === 0) {
        return undefined;
      }
      // deno-lint-ignore no-control-regex
      return /[\0-\x1f\x7f]/.test(validator) ? undefined : { fromBytes: size, validator };
    } catch {
      // Without a usable part the download starts at the beginning.
      return undefined;
    }
  }

  /** Writes a body after `fromBytes` bytes, and moves the file to its place; returns its length. */
  async write(
    response: ResponseHead & { readonly body: AsyncIterable<Uint8Array> },
    { fromBytes, totalBytes }: {
      readonly fromBytes: number;
      readonly totalBytes: number | undefined;
    },
    io: Stdio,
  ): Promise<number> {
    const { path } = this;
    const validator = strongValidator(response);
    let length = fromBytes;
    {
      if (fromBytes === 0) {
        await this.#remove(this.#notePath);
        await this.#remove(this.#partPath);
      }
      using file = await onDisk(
        path,
        () => Deno.open(this.#partPath, { write: true, createNew: fromBytes === 0 }),
      );
      await onDisk(path, () => file.seek(fromBytes, Deno.SeekMode.Start));
      if (fromBytes === 0 && validator !== undefined) {
        const note = JSON.stringify({ url: this.#url, validator });
        await onDisk(path, () => Deno.writeTextFile(this.#notePath, `${note}\n`));
      }
      try {
        using progress = new Progress(io, totalBytes, fromBytes);
        for await (const chunk of response.body) {
          await onDisk(path, () => writeAll(file, chunk));
          length += chunk.length;
          progress.add(chunk.length);
        }
      } catch (error) {
        // A part without a validator cannot be resumed.
        if (validator === undefined && fromBytes === 0) await Deno.remove(this.#partPath);
        throw error;
      }
    }
    if (totalBytes !== undefined && length !== totalBytes) {
      await this.#remove(this.#notePath);
      throw new Error(`${path} has ${length} bytes and should have ${totalBytes}; fetch it again`);
    }
    await this.finish();
    return length;
  }

  /** Moves a part that is the whole file to its place. */
  async finish(): Promise<void> {
    await onDisk(this.path, () => Deno.rename(this.#partPath, this.path));
    await this.#remove(this.#notePath);
  }

  async #remove(file: string): Promise<void> {
    await onDisk(this.path, async () => {
      try {
        await Deno.remove(file);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    });
  }
}

/** Writes a body to a file that appears only when it is complete; returns its length. */
export async function writeWhole(
  path: string,
  body: AsyncIterable<Uint8Array>,
  { totalBytes, overwrite }: {
    readonly totalBytes: number | undefined;
    readonly overwrite: boolean;
  },
  io: Stdio,
): Promise<number> {
  await refuseExisting(path, overwrite);
  if (await isDevice(path)) {
    // A device or a named pipe, such as /dev/null, cannot be replaced by a file.
    using file = await onDisk(path, () => Deno.open(path, { write: true }));
    return await copyInto(file, path, body, totalBytes, io);
  }
  const partial = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  using undo = new DisposableStack();
  let length: number;
  {
    using file = await onDisk(path, () => Deno.open(partial, { write: true, createNew: true }));
    undo.defer(() => Deno.removeSync(partial));
    length = await copyInto(file, path, body, totalBytes, io);
  }
  await refuseExisting(path, overwrite);
  await onDisk(path, () => Deno.rename(partial, path));
  undo.move();
  return length;
}

async function copyInto(
  file: Deno.FsFile,
  path: string,
  body: AsyncIterable<Uint8Array>,
  totalBytes: number | undefined,
  io: Stdio,
): Promise<number> {
  let length = 0;
  using progress = new Progress(io, totalBytes);
  for await (const chunk of body) {
    await onDisk(path, () => writeAll(file, chunk));
    length += chunk.length;
    progress.add(chunk.length);
  }
  return length;
}

/** Whether the path is neither a file nor a folder. */
async function isDevice(path: string): Promise<boolean> {
  try {
    const { isFile, isDirectory } = await Deno.stat(path);
    return !isFile && !isDirectory;
  } catch {
    return false;
  }
}

async function refuseExisting(path: string, overwrite: boolean): Promise<void> {
  if (overwrite) return;
  try {
    await Deno.lstat(path);
  } catch {
    return;
  }
  throw new DiskError(`Cannot write ${path}: it is there already, and its name is the server's`);
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}

async function onDisk<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new DiskError(`Cannot write ${path}: ${errorText(error)}`, { cause: error });
  }
}
