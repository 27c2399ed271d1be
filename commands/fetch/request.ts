// Converts the options of `sockdock fetch` to a request: header fields, and a body of one kind.
// Past 300 lines because each option of a body has to know which others it goes with.

import type { FetchRequest } from "../../clients/http/request.ts";
import type { FormFile } from "../../clients/http/multipart.ts";
import { errorText } from "../../core/event.ts";
import { flag, type OptionValues, text } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { Progress } from "../terminal/progress.ts";
import { stdinChunks } from "../terminal/stdin.ts";

export const bodyOptions = {
  data: text.many({
    short: "d",
    metavar: "text",
    separator: "\n",
    help:
      "send this body, as a form unless -H gives another Content-Type; several are joined by &; " +
      "@file reads a file, @- stdin",
  }),
  dataRaw: text.many({
    metavar: "text",
    separator: "\n",
    help: "the same, where a text that begins with @ is no file; it comes after that of --data",
  }),
  dataBinary: text.many({
    metavar: "text",
    separator: "\n",
    help: "the same as --data, which changes nothing in a file either",
  }),
  dataUrlencode: text.many({
    metavar: "name=text",
    separator: "\n",
    help: "the same with the text percent-encoded; also text alone, =text, name@file and @file",
  }),
  get: flag({
    short: "G",
    help: "put the data into the query of the URL instead of a body",
    negatable: false,
  }),
  dataJson: text({ metavar: "json", help: "send this JSON body" }),
  form: text.many({
    short: "F",
    metavar: "name=value",
    separator: "\n",
    help: "send a multipart form with this field; name=@file sends a file, name=<file its text; " +
      ";type= at the end says of which type it is, and ;filename= its name",
  }),
  formString: text.many({
    metavar: "name=value",
    separator: "\n",
    help: "send a multipart form with this field, whatever the value begins with",
  }),
  uploadFile: text({
    short: "T",
    metavar: "file",
    help: "put this file, - for stdin; a URL that ends in / gets the file's name",
  }),
} as const;

/** The part of a request that these options describe. */
type Sent = Pick<
  FetchRequest,
  "method" | "body" | "bodyLengthBytes" | "bodyType" | "json" | "form" | "multipart"
>;

/** The header fields that options say, and the names of those that are not sent. */
interface SaidHeaders {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly withoutHeaders: readonly string[];
}

/** The fields of --header, --user-agent and --referer. As in curl, a name without a value says that
 * the field is not sent; `Name;` sends it empty. */
export function saidHeaders(
  { header, userAgent, referer }: {
    readonly header: readonly string[];
    readonly userAgent: string | undefined;
    readonly referer: string | undefined;
  },
): SaidHeaders {
  const said = [
    ...header.map(parseHeader),
    ...(userAgent === undefined ? [] : [["User-Agent", userAgent || undefined] as const]),
    ...(referer === undefined ? [] : [["Referer", referer || undefined] as const]),
  ];
  return {
    headers: said.flatMap(([name, value]) => value === undefined ? [] : [[name, value] as const]),
    withoutHeaders: said.flatMap(([name, value]) => value === undefined ? [name] : []),
  };
}

/** `Name: value`, `Name;` for an empty value, and `Name:` for none. */
function parseHeader(header: string): readonly [name: string, value: string | undefined] {
  const [, name = "", sign, value = ""] = /^([^:;]+)([:;])(.*)$/s.exec(header) ?? [];
  if (sign === undefined || sign === ";" && value !== "") {
    throw new UsageError(
      `--header: expected "Name: value", or "Name;" for an empty value, got "${header}"`,
    );
  }
  return [name.trim(), sign === ";" ? "" : value.trim() || undefined];
}

/** The URL to request: for an upload into a folder, with the name of the file. */
export function requestUrl(written: string, uploadFile: string | undefined): string {
  const url = URL.parse(written);
  if (url === null || uploadFile === undefined || uploadFile === "-") return written;
  if (!url.pathname.endsWith("/")) return written;
  const name = uploadFile.split(Deno.build.os === "windows" ? /[/\\]/ : "/").at(-1) ?? "";
  url.pathname += encodeURIComponent(name);
  return url.href;
}

/** Whether the options describe a body. */
export function sendsBody(options: Bodies): boolean {
  return kindsOfBody(options).some(Boolean);
}

type Bodies = OptionValues<typeof bodyOptions>;

function kindsOfBody(
  { data, dataRaw, dataBinary, dataUrlencode, dataJson, form, formString, uploadFile }: Bodies,
): readonly boolean[] {
  return [
    data.length + dataRaw.length + dataBinary.length + dataUrlencode.length > 0,
    dataJson !== undefined,
    form.length + formString.length > 0,
    uploadFile !== undefined,
  ];
}

/** The URL with the data of --get added to its query. */
export function withQuery(written: string, data: FetchRequest["body"]): string {
  const url = URL.parse(written);
  // A wrong URL is refused when it is fetched.
  if (url === null || !(data instanceof Uint8Array)) return written;
  const query = new TextDecoder().decode(data);
  url.search = url.search === "" ? query : `${url.search}&${query}`;
  return url.href;
}

/** The body that the options describe. A file is read while it is sent, with progress. */
export async function readBody(
  options: Bodies,
  io: Stdio,
): Promise<Sent> {
  const { data, dataRaw, dataBinary, dataUrlencode, dataJson, form, formString, uploadFile, get } =
    options;
  const fields = [
    ...form.map((field) => parseField("--form", field)),
    ...formString.map((field) => ({ ...parseField("--form-string", field), isLiteral: true })),
  ];
  const kinds = kindsOfBody(options);
  if (get && kinds.lastIndexOf(true) > 0) {
    throw new UsageError(
      "--get puts the text of --data into the URL; --data-json, --form and --upload-file cannot " +
        "go with it",
    );
  }
  if (kinds.filter(Boolean).length > 1) {
    throw new UsageError(
      "--data, --data-json, --form and --upload-file exclude each other; give one",
    );
  }
  if (dataJson !== undefined) return { json: parseJson(dataJson) };
  if (uploadFile !== undefined) return { method: "PUT", ...await uploadOf(uploadFile, io) };
  if (fields.length > 0) {
    return {
      form: await Promise.all(fields.map((field) => formField(field, io))),
      multipart: true,
    };
  }
  if (!kinds[0]) return {};
  const encoder = new TextEncoder();
  const parts = await Promise.all([
    ...data.map((part) => readPart("--data", part, io)),
    ...dataRaw.map((part) => encoder.encode(part)),
    ...dataBinary.map((part) => readPart("--data-binary", part, io)),
    ...dataUrlencode.map((part) => encodedPart(part, io)),
  ]);
  const joined = parts.flatMap((part, index) =>
    index === 0 ? [part] : [new TextEncoder().encode("&"), part]
  );
  return {
    body: new Uint8Array(await new Blob(joined).arrayBuffer()),
    bodyType: "application/x-www-form-urlencoded",
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--data-json: ${errorText(error)}`);
  }
}

interface WrittenField {
  readonly name: string;
  readonly value: string;
  /** Whether the value is sent as it is, whatever it looks like. */
  readonly isLiteral: boolean;
}

function parseField(flag: string, field: string): WrittenField {
  const equals = field.indexOf("=");
  if (equals < 1) throw new UsageError(`${flag}: expected name=value, got "${field}"`);
  const value = field.slice(equals + 1);
  return { name: field.slice(0, equals), value, isLiteral: false };
}

const ATTRIBUTE = /;(type|filename)=("(?:[^"\\]|\\.)*"|[^;"]*)/g;
const ATTRIBUTES_LAST = new RegExp(`^(.*?)((?:${ATTRIBUTE.source})*)$`, "s");

/** The text or file of a field, and what is said of it after it: `file;type=image/png;filename=a.png`.
 * What holds a semicolon may stand in double quotes. */
function formPart(
  written: string,
): { readonly content: string; readonly type: string; readonly filename: string | undefined } {
  const [, content = "", attributes = ""] = ATTRIBUTES_LAST.exec(written) ?? [];
  const said = new Map(
    [...attributes.matchAll(ATTRIBUTE)].map(([, name, value = ""]) => [name, unquoted(value)]),
  );
  return {
    content: unquoted(content),
    type: said.get("type") ?? "",
    filename: said.get("filename"),
  };
}

function unquoted(text: string): string {
  const [, inside] = /^"((?:[^"\\]|\\.)*)"$/s.exec(text) ?? [];
  return inside?.replace(/\\(["\\])/g, "$1") ?? text;
}

async function formField(
  { name, value, isLiteral }: WrittenField,
  io: Stdio,
): Promise<readonly [string, string | FormFile]> {
  if (isLiteral) return [name, value];
  const isFile = value.startsWith("@");
  const isFromFile = value.startsWith("<");
  const { content, type, filename } = formPart(isFile || isFromFile ? value.slice(1) : value);
  if (!isFile) {
    const bytes = isFromFile
      ? await readPart("--form", `@${content}`, io)
      : new TextEncoder().encode(content);
    if (type === "" && filename === undefined) return [name, new TextDecoder().decode(bytes)];
    return [name, {
      name: filename,
      type: type || "text/plain",
      size: bytes.length,
      async *stream() {
        yield bytes;
      },
    }];
  }
  const path = content;
  const { lengthBytes, open } = await fileToSend("--form", path, io);
  if (lengthBytes === undefined) {
    throw new UsageError(`--form: ${path} is no plain file, so its length is not known`);
  }
  const file: FormFile = {
    name: filename ?? path.split("/").at(-1) ?? path,
    type,
    size: lengthBytes,
    stream: open,
  };
  return [name, file];
}

async function uploadOf(path: string, io: Stdio): Promise<Sent> {
  if (path === "-") return { body: stdinChunks(io) };
  const { lengthBytes, open } = await fileToSend("--upload-file", path, io);
  return { body: open, ...(lengthBytes !== undefined && { bodyLengthBytes: lengthBytes }) };
}

interface FileToSend {
  /** Undefined for a file without a length, such as a pipe. */
  readonly lengthBytes: number | undefined;
  open(): AsyncIterable<Uint8Array>;
}

async function fileToSend(flag: string, path: string, io: Stdio): Promise<FileToSend> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
    if (info.isDirectory) throw new Error("it is a folder");
    // An unreadable file is reported before the request is sent.
    if (info.isFile) (await Deno.open(path)).close();
  } catch (error) {
    throw new UsageError(`${flag}: cannot read ${path}: ${errorText(error)}`);
  }
  const lengthBytes = info.isFile ? info.size : undefined;
  return { lengthBytes, open: () => fileParts(path, lengthBytes, io) };
}

async function* fileParts(
  path: string,
  totalBytes: number | undefined,
  io: Stdio,
): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  using progress = new Progress(io, totalBytes);
  const buffer = new Uint8Array(64 * 1024);
  let sentBytes = 0;
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    progress.add(count);
    sentBytes += count;
    // The response may arrive before the next part is read, and end the program.
    if (sentBytes === totalBytes) progress[Symbol.dispose]();
    yield buffer.subarray(0, count);
  }
}

/** `name=text`, `=text`, `text`, `name@file` or `@file`, with the text percent-encoded. */
async function encodedPart(part: string, io: Stdio): Promise<Uint8Array<ArrayBuffer>> {
  const [, name = "", sign, rest = ""] = /^([^=@]*)([=@])(.*)$/s.exec(part) ?? [];
  const bytes = sign === "@"
    ? await readPart("--data-urlencode", `@${rest}`, io)
    : new TextEncoder().encode(sign === undefined ? part : rest);
  let encoded = name === "" ? "" : `${name}=`;
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    encoded += /[-\w.~]/.test(character)
      ? character
      : character === " "
      ? "+"
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return new TextEncoder().encode(encoded);
}

async function readPart(
  flag: string,
  part: string,
  io: Stdio,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!part.startsWith("@")) return new TextEncoder().encode(part);
  if (part === "@-") {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of stdinChunks(io)) chunks.push(chunk.slice());
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  }
  try {
    return await Deno.readFile(part.slice(1));
  } catch (error) {
    throw new UsageError(`${flag}: cannot read ${part.slice(1)}: ${errorText(error)}`);
  }
}
