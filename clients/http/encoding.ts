// Decoding of content encodings (RFC 9110 8.4), a piece at a time, so that a small body that
// decompresses to a huge one does not fill the memory. Measured on Deno 2.9.6: node:zlib does not
// notice that a brotli stream was cut off before it was sent; DecompressionStream does, but
// decompresses each piece as a whole.

/** Limit of nested encodings. */
const MAX_ENCODINGS = 4;

/** Yields a body with its encodings removed. An unknown encoding ends the decoding: the body is
 * then passed on as it is.
 * @param encodings the value of Content-Encoding, if there is one */
export async function* contentOf(
  parts: AsyncIterable<Uint8Array>,
  encodings: string,
): AsyncGenerator<Uint8Array> {
  const { createBrotliDecompress, createGunzip, createInflate } = await import("node:zlib");
  const decoders = new Map([
    ["gzip", createGunzip],
    ["x-gzip", createGunzip],
    ["deflate", createInflate],
    ["br", createBrotliDecompress],
  ]);
  const names = encodings.toLowerCase().split(",").map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length > MAX_ENCODINGS) {
    throw new Error(`the body is encoded ${names.length} times, one inside the other`);
  }
  if (names.length === 0 || !names.every((name) => decoders.has(name))) {
    yield* parts;
    return;
  }
  const iterator = parts[Symbol.asyncIterator]();
  const first = await iterator.next();
  // The response to HEAD, or a 304, has no body, which is then not truncated.
  if (first.done) return;
  const { pipeline, Readable } = await import("node:stream");
  // The last encoding is decoded first.
  const chain = names.reverse().map((name) => decoders.get(name)!());
  const last = chain.at(-1)!;
  pipeline([Readable.from(beginningWith(first.value, iterator)), ...chain], () => {
    // The reader of the last decoder gets the error.
  });
  try {
    yield* last as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw new Error(`the ${names.join(" and ")} encoding of the body is broken`, { cause: error });
  }
}

async function* beginningWith(
  first: Uint8Array,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => iterator };
}
