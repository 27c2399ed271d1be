// The endpoints that show a client its own request as JSON, in httpbin's fields.

import { Buffer } from "node:buffer";
import type { HeaderField, ParsedRequest } from "../parsed_request.ts";
import type { InspectEndpoint, Methods, Parameter } from "../endpoint.ts";
import { GET } from "../endpoint.ts";
import { jsonAnswer, type JsonFields, RawJson } from "../json_answer.ts";
import { multipartBoundary, MultipartError, readMultipart } from "../../multipart/reader.ts";
import { HttpError } from "../http_error.ts";

type EchoField =
  | "args"
  | "data"
  | "files"
  | "form"
  | "headers"
  | "json"
  | "method"
  | "origin"
  | "url";

const WITHOUT_BODY: readonly EchoField[] = ["args", "headers", "origin", "url"];
const WITH_BODY: readonly EchoField[] = [
  "args",
  "data",
  "files",
  "form",
  "headers",
  "json",
  "origin",
  "url",
];
const EVERYTHING: readonly EchoField[] = [...WITH_BODY, "method"];

/** The wanted fields of a request, in the order of their names. */
export async function echoFields(
  request: ParsedRequest,
  wanted: readonly EchoField[],
): Promise<JsonFields> {
  const wantsBody = wanted.some((field) => ["data", "files", "form", "json"].includes(field));
  const body = wantsBody ? await bodyFields(request) : {};
  const all: Record<EchoField, unknown> = {
    args: gathered(request.query),
    data: "",
    files: {},
    form: {},
    headers: headersObject(request.headerFields),
    json: null,
    method: request.method,
    origin: request.origin,
    url: request.url,
    ...body,
  };
  return Object.fromEntries(wanted.toSorted().map((field) => [field, all[field]]));
}

async function bodyFields(request: ParsedRequest): Promise<Partial<Record<EchoField, unknown>>> {
  const bytes = await request.body();
  const contentType = request.header("content-type") ?? "";
  const mediaType = contentType.split(";")[0]!.trim().toLowerCase();
  if (mediaType === "application/x-www-form-urlencoded") {
    return { form: gathered(new URLSearchParams(new TextDecoder().decode(bytes))) };
  }
  if (mediaType === "multipart/form-data") return await formFields(bytes, contentType);
  return { data: textOrDataUrl(bytes), json: jsonOf(bytes) };
}

/** More parts than any form has; the server bounds the size of the whole body. */
const MULTIPART_LIMITS = { maxParts: 1000, maxHeaderBytes: 16 * 1024 } as const;

/** The fields and the files of a form (RFC 7578).
 * @throws {HttpError} 400 when it is not well formed, 413 when it has too many parts */
async function formFields(
  bytes: Uint8Array<ArrayBuffer>,
  contentType: string,
): Promise<Record<"form" | "files", JsonFields>> {
  const form: [name: string, value: string][] = [];
  const files: [name: string, content: string][] = [];
  const pieces = [bytes];
  const source = { read: () => Promise.resolve(pieces.shift() ?? null) };
  try {
    const boundary = multipartBoundary(contentType) ?? "";
    for await (const part of readMultipart(source, boundary, MULTIPART_LIMITS)) {
      const content = Buffer.concat(await Array.fromAsync(part.body));
      if (part.fileName === null) form.push([part.name, new TextDecoder().decode(content)]);
      else files.push([part.name, textOrDataUrl(content, part.contentType ?? undefined)]);
    }
  } catch (error) {
    if (!(error instanceof MultipartError)) throw error;
    throw new HttpError(error.status, `The form cannot be read: ${error.message}.`);
  }
  return { form: gathered(form), files: gathered(files) };
}

/** Pairs as an object: a repeated name has an array of its values. */
export function gathered(pairs: Iterable<readonly [string, string]>): JsonFields {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const before = values.get(name);
    if (before === undefined) values.set(name, [value]);
    else before.push(value);
  }
  const entries = [...values].map(([name, all]) => [name, all.length === 1 ? all[0] : all]);
  return Object.fromEntries(entries) as JsonFields;
}

/** Header fields as an object: a repeated one is joined (RFC 9110 5.3) under its first spelling. */
function headersObject(fields: readonly HeaderField[]): Readonly<Record<string, string>> {
  const joined = new Map<string, [name: string, value: string]>();
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    const before = joined.get(key);
    if (before === undefined) joined.set(key, [name, value]);
    else before[1] += (key === "cookie" ? "; " : ", ") + value;
  }
  return Object.fromEntries(joined.values());
}

/** The bytes as text when they are UTF-8, otherwise as a data: URL (RFC 2397). */
function textOrDataUrl(bytes: Uint8Array, contentType = "application/octet-stream"): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return `data:${contentType};base64,${base64.toString("base64")}`;
  }
}

/** The body as it was written, when it is JSON. */
function jsonOf(bytes: Uint8Array): RawJson | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    JSON.parse(text);
    return new RawJson(text);
  } catch {
    return null;
  }
}

const QUERY: Parameter = {
  name: "colour",
  in: "query",
  free: true,
  example: "blue",
  help: "any names and values",
};
const JSON_BODY: Parameter = {
  name: "application/json",
  in: "body",
  example: '{"port": 8080}',
  help: "any body",
};

function anything(
  path: string,
  summary: string,
  parameters: readonly Parameter[],
): InspectEndpoint {
  return {
    group: "What you sent",
    path,
    methods: "any",
    tryMethod: "POST",
    summary,
    parameters,
    handle: async (request) => jsonAnswer(await echoFields(request, EVERYTHING)),
  };
}

function echoing(method: string): InspectEndpoint {
  const methods: Methods = [method];
  return {
    group: "What you sent",
    path: `/${method.toLowerCase()}`,
    methods,
    summary: `Says a ${method} back`,
    parameters: method === "GET" ? [QUERY] : [QUERY, JSON_BODY],
    handle: async (request) =>
      jsonAnswer(await echoFields(request, method === "GET" ? WITHOUT_BODY : WITH_BODY)),
  };
}

export const echo: readonly InspectEndpoint[] = [
  anything("/anything", "Says everything back, whatever the method", [QUERY, JSON_BODY]),
  anything("/anything/*path", "The same below it, for clients that want a path of their own", [
    { name: "path", in: "path", example: "any/path", help: "what follows" },
    QUERY,
    JSON_BODY,
  ]),
  ...["GET", "POST", "PUT", "PATCH", "DELETE"].map(echoing),
  {
    group: "What you sent",
    path: "/headers",
    methods: GET,
    summary: "The header fields, their names as they were sent",
    parameters: [{ name: "X-Dock", in: "header", free: true, example: "seven", help: "any field" }],
    handle: async (request) => jsonAnswer(await echoFields(request, ["headers"])),
  },
  {
    group: "What you sent",
    path: "/ip",
    methods: GET,
    summary: "The address that the request came from",
    handle: async (request) => jsonAnswer(await echoFields(request, ["origin"])),
  },
  {
    group: "What you sent",
    path: "/user-agent",
    methods: GET,
    summary: "The User-Agent",
    handle: (request) => jsonAnswer({ "user-agent": request.header("user-agent") }),
  },
];

export function echoGet(request: ParsedRequest): Promise<JsonFields> {
  return echoFields(request, WITHOUT_BODY);
}

export function echoDelayed(request: ParsedRequest): Promise<JsonFields> {
  return echoFields(request, ["args", "data", "files", "form", "headers", "origin", "url"]);
}
