// Reads a file up to a size limit: a device, which has no size, or a log given by mistake for a key
// must not fill the memory.

/** Reads a file, a device or a pipe to its end.
 * @throws {RangeError} when it holds more than `maxBytes` */
export async function readBounded(
  path: string,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly info: Deno.FileInfo }> {
  using file = await Deno.open(path);
  const info = await file.stat();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const buffer = new Uint8Array(64 * 1024);
  let length = 0;
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    length += count;
    if (length > maxBytes) throw new RangeError(`it is larger than ${maxBytes} bytes`);
    parts.push(buffer.slice(0, count));
  }
  return { bytes: new Uint8Array(await new Blob(parts).arrayBuffer()), info };
}
