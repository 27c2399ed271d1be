// Answers requests for files without a Request or a Response: the bytes of the whole answer with a
// small file, head included, are kept and only written again.

import type { QuickAnswer, QuickRequest } from "../../../core/http/app.ts";
import { ReadyAnswer } from "../../../core/http/ready_answer.ts";
import { acceptedCodings } from "../../request/codings.ts";
import { chosen, chosenAtOnce, type FileSource } from "./file_response.ts";
import { isUnchanged } from "../access/file_state.ts";
import type { ServedFile } from "./file_store.ts";
import type { Representation } from "./representation.ts";

/** The answer with the whole file; null when the client accepts no form of it. */
export function quickAnswer(
  { method, header }: QuickRequest,
  file: ServedFile,
  source: FileSource,
): QuickAnswer | null | Promise<QuickAnswer | null> {
  const accepted = acceptedCodings(header("accept-encoding"));
  const form = chosenAtOnce(file, accepted);
  if (form === null) return null;
  return form === undefined
    ? chosen(file, accepted, source).then((made) => made && answerWith(made, method, source))
    : answerWith(form, method, source);
}

const ready = new WeakMap<Representation, ReadyAnswer>();

function answerWith(
  form: Representation,
  method: "GET" | "HEAD",
  source: FileSource,
): QuickAnswer | Promise<QuickAnswer | null> {
  let answer = ready.get(form);
  if (answer === undefined) {
    answer = new ReadyAnswer({ headers: form.headers, body: form.content, length: form.bytes });
    ready.set(form, answer);
  }
  const now = source.now();
  if (method === "HEAD") return answer.head(now);
  return answer.whole(now) ?? fromDisk(form, answer.head(now), source);
}

async function fromDisk(
  form: Representation,
  { bytes }: QuickAnswer,
  { root }: FileSource,
): Promise<QuickAnswer | null> {
  const opened = await root.openFile(form.file);
  if (opened === null) return null;
  const { file: handle, info } = opened;
  if (isUnchanged(form.file, info)) {
    const file = {
      length: form.bytes,
      read: (into: Uint8Array) => handle.read(into),
      release: () => handle.close(),
    };
    return { status: 200, bytes, file };
  }
  handle.close();
  return null;
}
