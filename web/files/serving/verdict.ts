// How a request for a file is answered: in which content coding, in full or in part, or not at all
// (RFC 9110 12 to 14). The answer is then made as a Response or as bytes.

import { acceptedCodings, type AnyCoding } from "../../request/codings.ts";
import {
  conditionsOf,
  evaluate,
  type FieldLookup,
  rangeApplies,
} from "../../request/conditions.ts";
import { type ByteRange, parseRange } from "../../request/range.ts";
import type { FileStore, ServedFile } from "./file_store.ts";
import type { Representation } from "./representation.ts";

export type Verdict =
  | { readonly status: 200 | 304 | 412 | 416; readonly form: Representation }
  | {
    readonly status: 206;
    readonly form: Representation;
    readonly ranges: readonly [ByteRange, ...ByteRange[]];
  }
  /** The client accepts no form of the file. */
  | { readonly status: 406 };

/** Judges a GET or HEAD. Resolves later only when the form has yet to be made. */
export function judge(
  method: "GET" | "HEAD",
  field: FieldLookup,
  file: ServedFile,
  store: FileStore,
  nowMs: number,
): Verdict | Promise<Verdict> {
  const accepted = acceptedCodings(field("accept-encoding"));
  const range = method === "GET" ? field("range") : null;
  if (range !== null && accepted.includes("identity")) {
    // Ranges are cut from the file without a coding.
    return judgeForm(field, file.identity, range, nowMs);
  }
  const form = chosenAtOnce(file, accepted);
  return form === undefined
    ? chosen(file, accepted, store).then((form) => judgeForm(field, form, null, nowMs))
    : judgeForm(field, form, null, nowMs);
}

function judgeForm(
  field: FieldLookup,
  form: Representation | null,
  range: string | null,
  nowMs: number,
): Verdict {
  if (form === null) return { status: 406 };
  const conditions = conditionsOf(field);
  if (conditions !== null) {
    const status = evaluate(conditions, form, nowMs);
    if (status !== 200) return { status, form };
  }
  if (range === null || !rangeApplies(field("if-range"), form, nowMs)) return { status: 200, form };
  const ranges = parseRange(range, form.bytes);
  if (ranges === "unsatisfiable") return { status: 416, form };
  const [first, ...more] = ranges ?? [];
  return first === undefined
    ? { status: 200, form }
    : { status: 206, form, ranges: [first, ...more] };
}

/** The form that a client prefers; null when it accepts none, undefined when it must be made. */
function chosenAtOnce(
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
async function chosen(
  file: ServedFile,
  accepted: readonly AnyCoding[],
  store: FileStore,
): Promise<Representation | null> {
  for (const coding of accepted) {
    if (coding === "identity") return file.identity;
    const form = file.coded.get(coding) ?? await store.coded(file, coding);
    if (form !== null) return form;
  }
  return null;
}
