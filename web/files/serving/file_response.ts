// The response to GET and HEAD of a file. The common case, the whole of a small file, is answered
// synchronously.

import { plainResponse } from "../../../core/http/plain_response.ts";
import { frameParts, partsOf, readParts, readRange } from "./byte_ranges_body.ts";
import { isUnchanged } from "../access/file_state.ts";
import type { FileStore, ServedFile } from "./file_store.ts";
import { type ByteRange, contentRange, rangeBytes } from "../../request/range.ts";
import type { Content, Representation } from "./representation.ts";
import type { FileRoot } from "../access/root.ts";
import { judge, type Verdict } from "./verdict.ts";

export interface FileSource {
  readonly root: FileRoot;
  readonly store: FileStore;
  readonly now: () => number;
}

/** Answers with a file. Resolves to null when the file has changed since it was found. The caller
 * then finds it again and passes `again`, which accepts the file in any state. */
export function fileResponse(
  { headers }: Request,
  method: "GET" | "HEAD",
  file: ServedFile,
  source: FileSource,
  again = false,
): Response | Promise<Response | null> {
  const { store, now } = source;
  const verdict = judge(method, (name) => headers.get(name), file, store, now());
  return verdict instanceof Promise ? verdict.then(answer) : answer(verdict);

  function answer(verdict: Verdict): Response | Promise<Response | null> {
    switch (verdict.status) {
      case 304:
        return new Response(null, verdict.form.notModified);
      case 406:
        return plainResponse(406, "There is no form of this file in a coding that you accept.", {
          vary: "accept-encoding",
        });
      case 412:
        return plainResponse(412, "The file is not as your request requires it.");
      case 416: {
        const { bytes } = verdict.form;
        return plainResponse(416, `The file has ${bytes} bytes, and none in that range.`, {
          "content-range": `bytes */${bytes}`,
          "accept-ranges": "bytes",
        });
      }
    }
    const { form } = verdict;
    const ranges = verdict.status === 206 ? verdict.ranges : null;
    if (form.content !== null) {
      return ranges === null
        ? new Response(form.content, form.whole)
        : partOfContent(form, form.content, ranges);
    }
    return method === "HEAD"
      ? new Response(null, form.whole)
      : fromDisk(form, ranges, source, again);
  }
}

function partOfContent(
  form: Representation,
  content: Content,
  ranges: readonly ByteRange[],
): Response {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const [range, second] = ranges;
  if (range !== undefined && second === undefined) {
    return partial(form, range, bytes.subarray(range.first, range.last + 1));
  }
  const framing = frameParts(ranges, form.bytes, form.contentType);
  return new Response(partsOf(bytes, ranges, framing), {
    status: 206,
    headers: { ...form.headers, "content-type": framing.contentType },
  });
}

/** The response with a file that is too large for memory. Null when the file has changed, unless
 * `again`. */
async function fromDisk(
  form: Representation,
  ranges: readonly ByteRange[] | null,
  { root, store }: FileSource,
  again: boolean,
): Promise<Response | null> {
  const opened = await root.openFile(form.file);
  if (opened === null) return null;
  const { file, info } = opened;
  try {
    if (!isUnchanged(form.file, info)) {
      if (!again) {
        file.close();
        return null;
      }
      // The file keeps changing: it is sent whole, as it is at this moment.
      form = store.describeOpened(form, info);
      ranges = null;
    }
    // Deno streams the file itself and closes it when the client leaves. It sends no more than the
    // announced length, and breaks the response off when the file has become shorter.
    if (ranges === null) return new Response(file.readable, form.whole);
    const [range, second] = ranges;
    if (range !== undefined && second === undefined) {
      return partial(form, range, readRange(file, range));
    }
    const framing = frameParts(ranges, form.bytes, form.contentType);
    return new Response(readParts(file, ranges, framing), {
      status: 206,
      headers: {
        ...form.headers,
        "content-type": framing.contentType,
        "content-length": String(framing.bytes),
      },
    });
  } catch (error) {
    file.close();
    throw error;
  }
}

function partial(form: Representation, range: ByteRange, body: BodyInit): Response {
  return new Response(body, {
    status: 206,
    headers: {
      ...form.headers,
      "content-range": contentRange(range, form.bytes),
      "content-length": String(rangeBytes(range)),
    },
  });
}
