// The response to GET and HEAD of a file: it chooses a content coding, checks conditions and cuts
// ranges. The common case, the whole of a small file, is answered synchronously.

import { plainResponse } from "../../../core/http/plain_response.ts";
import { frameParts, partsOf, readParts } from "./byte_ranges_body.ts";
import { conditionsOf, evaluate, rangeApplies } from "../../request/conditions.ts";
import { acceptedCodings, type AnyCoding } from "../../request/codings.ts";
import { isUnchanged } from "../access/file_state.ts";
import type { FileStore, ServedFile } from "./file_store.ts";
import { type ByteRange, contentRange, parseRange, rangeBytes } from "../../request/range.ts";
import type { Content, Representation } from "./representation.ts";
import type { FileRoot } from "../access/root.ts";

export interface FileSource {
  readonly root: FileRoot;
  readonly store: FileStore;
  readonly now: () => number;
}

/** Answers with a file. Resolves to null when the file has changed since it was found. The caller
 * then finds it again and passes `again`, which accepts the file in any state. */
export function fileResponse(
  request: Request,
  method: "GET" | "HEAD",
  file: ServedFile,
  source: FileSource,
  again = false,
): Response | Promise<Response | null> {
  const { headers } = request;
  const accepted = acceptedCodings(headers.get("accept-encoding"));
  const range = method === "GET" ? headers.get("range") : null;
  if (range !== null && accepted.includes("identity")) {
    // Ranges are cut from the file without a coding.
    return answer(request, method, file.identity, range, source, again);
  }
  const form = chosenAtOnce(file, accepted);
  return form === undefined ? chosen(file, accepted, source).then(answerForm) : answerForm(form);

  function answerForm(form: Representation | null): Response | Promise<Response | null> {
    if (form !== null) return answer(request, method, form, null, source, again);
    return plainResponse(406, "There is no form of this file in a coding that you accept.", {
      vary: "accept-encoding",
    });
  }
}

/** The form that a client prefers; null when it accepts none, undefined when it must be made. */
export function chosenAtOnce(
  { identity, coded, compressible }: ServedFile,
  accepted: readonly AnyCoding[],
): Representation | null | undefined {
  for (const coding of accepted) {
    if (coding === "identity") return identity;
    const form = coded.get(coding);
    if (form !== undefined && form !== null) return form;
    if (form === undefined && compressible) return undefined;
  }
  return null;
}

/** The form that a client prefers, made now if need be; null when it accepts none. */
export async function chosen(
  file: ServedFile,
  accepted: readonly AnyCoding[],
  { store }: FileSource,
): Promise<Representation | null> {
  for (const coding of accepted) {
    if (coding === "identity") return file.identity;
    const form = file.coded.get(coding) ?? await store.coded(file, coding);
    if (form !== null) return form;
  }
  return null;
}

function answer(
  request: Request,
  method: "GET" | "HEAD",
  form: Representation,
  range: string | null,
  source: FileSource,
  again: boolean,
): Response | Promise<Response | null> {
  const { headers } = request;
  const conditions = conditionsOf(headers);
  if (conditions !== null) {
    const status = evaluate(conditions, form, source.now());
    if (status === 304) return new Response(null, form.notModified);
    if (status === 412) return plainResponse(412, "The file is not as your request requires it.");
  }
  let ranges: readonly ByteRange[] | null = null;
  if (range !== null && rangeApplies(headers.get("if-range"), form, source.now())) {
    const parsed = parseRange(range, form.bytes);
    if (parsed === "unsatisfiable") {
      return plainResponse(416, `The file has ${form.bytes} bytes, and none in that range.`, {
        "content-range": `bytes */${form.bytes}`,
        "accept-ranges": "bytes",
      });
    }
    ranges = parsed;
  }
  if (form.content !== null) {
    return ranges === null
      ? new Response(form.content, form.whole)
      : partOfContent(form, form.content, ranges);
  }
  return method === "HEAD" ? new Response(null, form.whole) : fromDisk(form, ranges, source, again);
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
      await file.seek(range.first, Deno.SeekMode.Start);
      return partial(form, range, file.readable);
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
