// The state of a file (size and times), by which a change is noticed, and reading one whole.

import type { Located } from "./located.ts";

/** Whether an opened file is in the state in which it was found. */
export function isUnchanged(file: Located, info: Deno.FileInfo): boolean {
  const { bytes, modifiedMs, changedMs } = stateOf(info);
  return bytes === file.bytes && modifiedMs === file.modifiedMs && changedMs === file.changedMs;
}

/** The fields that change when a file does. */
export function stateOf(
  { size, mtime, ctime }: Deno.FileInfo,
): Pick<Located, "bytes" | "modifiedMs" | "changedMs"> {
  return { bytes: size, modifiedMs: mtime?.getTime() ?? 0, changedMs: ctime?.getTime() ?? 0 };
}

/** Whether two results of `locate` are of one file in one state. */
export function isSameState(a: Located, b: Located): boolean {
  return a.path === b.path && a.device === b.device && a.inode === b.inode &&
    a.bytes === b.bytes && a.modifiedMs === b.modifiedMs && a.changedMs === b.changedMs;
}

/** All bytes of a file, or null when there are more. */
export async function readUpTo(
  file: Deno.FsFile,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  let buffer = new Uint8Array(Math.min(maxBytes, (await file.stat()).size) + 1);
  for (let length = 0;;) {
    const count = await file.read(buffer.subarray(length));
    if (count === null) return buffer.slice(0, length);
    length += count;
    if (length > maxBytes) return null;
    if (length < buffer.length) continue;
    // The file grew while it was read.
    const larger = new Uint8Array(maxBytes + 1);
    larger.set(buffer);
    buffer = larger;
  }
}
