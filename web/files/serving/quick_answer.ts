// Answers requests for files without a Request or a Response: what lies ready (the whole of a small
// file, head included, or that it has not changed) is only written again.

import type { QuickAnswer, QuickFile, QuickRequest } from "../../../core/http/app.ts";
import { ReadyAnswer, ReadyHead } from "../../../core/http/ready_answer.ts";
import { type ByteRange, contentRange, rangeBytes } from "../../request/range.ts";
import type { FileHandles } from "./file_handles.ts";
import type { FileSource } from "./file_response.ts";
import type { ServedFile } from "./file_store.ts";
import type { Representation } from "./representation.ts";
import { judge, type Verdict } from "./verdict.ts";

/** The answer with a file: all of it, one part, or that it has not changed; null for any other. */
export function quickAnswer(
  request: QuickRequest,
  file: ServedFile,
  source: FileSource,
): QuickAnswer | null | Promise<QuickAnswer | null> {
  const { method } = request;
  const nowMs = source.now();
  const verdict = judge(method, (name) => request.header(name), file, source.store, nowMs);
  const { handles } = source.store;
  return verdict instanceof Promise
    ? verdict.then((verdict) => answer(verdict, method, handles, nowMs))
    : answer(verdict, method, handles, nowMs);
}

function answer(
  verdict: Verdict,
  method: "GET" | "HEAD",
  handles: FileHandles,
  nowMs: number,
): QuickAnswer | null | Promise<QuickAnswer | null> {
  switch (verdict.status) {
    case 200: {
      const { form } = verdict;
      const { whole } = readyOf(form);
      if (method === "HEAD") return whole.head(nowMs);
      return whole.whole(nowMs) ??
        withFile(whole.head(nowMs), form, { first: 0, last: form.bytes - 1 }, handles);
    }
    case 304:
      return readyOf(verdict.form).notModified.head(nowMs);
    case 206: {
      const { form, ranges: [range, second] } = verdict;
      return second === undefined ? part(form, range, handles, nowMs) : null;
    }
    default:
      return null;
  }
}

function part(
  form: Representation,
  range: ByteRange,
  handles: FileHandles,
  nowMs: number,
): QuickAnswer | null | Promise<QuickAnswer | null> {
  const { content } = form;
  const end = range.last + 1;
  const body = typeof content === "string"
    ? content.slice(range.first, end)
    : content?.subarray(range.first, end) ?? null;
  const field = `content-range: ${contentRange(range, form.bytes)}\r\n`;
  const answer = readyOf(form).part.answer(field, body, rangeBytes(range), nowMs);
  return body === null ? withFile(answer, form, range, handles) : answer;
}

/** What lies ready of one form of a file. */
interface Ready {
  readonly whole: ReadyAnswer;
  readonly part: ReadyHead;
  readonly notModified: ReadyAnswer;
}

const ready = new WeakMap<Representation, Ready>();

function readyOf(form: Representation): Ready {
  let made = ready.get(form);
  if (made === undefined) {
    const { headers, unchangedHeaders, content: body, bytes: length } = form;
    const notModified = {
      status: 304,
      headers: unchangedHeaders,
      body: null,
      length: null,
    } as const;
    made = {
      whole: new ReadyAnswer({ headers, body, length }),
      part: new ReadyHead(206, headers),
      notModified: new ReadyAnswer(notModified),
    };
    ready.set(form, made);
  }
  return made;
}

/** Adds a part of a file that is not in memory; null when the file has changed. */
function withFile(
  answer: QuickAnswer,
  form: Representation,
  range: ByteRange,
  handles: FileHandles,
): QuickAnswer | null | Promise<QuickAnswer | null> {
  const handle = handles.take(form);
  return handle === undefined ? handles.open(form).then(joined) : joined(handle);

  function joined(handle: Deno.FsFile | null): QuickAnswer | null {
    return handle && { ...answer, file: bodyOf(handle, form, range, handles) };
  }
}

function bodyOf(
  handle: Deno.FsFile,
  form: Representation,
  range: ByteRange,
  handles: FileHandles,
): QuickFile {
  handle.seekSync(range.first, Deno.SeekMode.Start);
  const length = rangeBytes(range);
  let left = length;
  return {
    length,
    async read(into) {
      if (left === 0) return null;
      const count = await handle.read(left < into.length ? into.subarray(0, left) : into);
      left -= count ?? 0;
      return count;
    },
    rewind(bytes) {
      handle.seekSync(-bytes, Deno.SeekMode.Current);
      left += bytes;
    },
    release: () => handles.give(form, handle),
  };
}
