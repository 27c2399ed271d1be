// What a client sent, said back to it as JSON, in httpbin's fields.

import { Buffer } from "node:buffer";
import type { Asked, HeaderField } from "../parsed_request.ts";
import type { Endpoint, Methods, Parameter } from "../endpoint.ts";
import { GET } from "../endpoint.ts";
import { jsonAnswer, type JsonFields, RawJson } from "../json_answer.ts";
import { parseMultipart } from "./multipart.ts";

/** A field of what is said back. */
export type SaidField =
  | "args"
  | "data"
  | "files"
  | "form"
  | "headers"
  | "json"
  | "method"
  | "origin"
  | "url";

const WITHOUT_BODY: readonly SaidField[] = ["args", "headers", "origin", "url"];
const WITH_BODY: readonly SaidField[] = [
  "args",
  "data",
  "files",
  "form",
  "headers",
  "json",
  "origin",
  "url",
];
const EVERYTHING: readonly SaidField[] = [...WITH_BODY, "method"];

/** These fields of a request, in the order of their names. */
export async function sayBack(asked: Asked, wanted: readonly SaidField[]): Promise<JsonFields> {
  const wantsBody = wanted.some((field) => ["data", "files", "form", "json"].includes(field));
  const body = wantsBody ? await bodyFields(asked) : {};
  const all: Record<SaidField, unknown> = {
    args: gathered(asked.query),
    data: "",
    files: {},
    form: {},
    headers: headersObject(asked.headerFields),
    json: null,
    method: asked.method,
    origin: asked.origin,
    url: asked.url,
    ...body,
  };
  return Object.fromEntries(wanted.toSorted().map((field) => [field, all[field]]));
}

async function bodyFields(asked: Asked): Promise<Partial<Record<SaidField, unknown>>> {
  const bytes = await asked.body();
  const contentType = asked.header("content-type") ?? "";
  const mediaType = contentType.split(";")[0]!.trim().toLowerCase();
  if (mediaType === "application/x-www-form-urlencoded") {
    return { form: gathered(new URLSearchParams(new TextDecoder().decode(bytes))) };
  }
  if (mediaType === "multipart/form-data") {
    const parts = parseMultipart(bytes, contentType);
    const isFile = ({ filename }: { readonly filename: string | undefined }) =>
      filename !== undefined;
    return {
      form: gathered(
        parts.filter((part) => !isFile(part))
          .map(({ name, bytes }) => [name, new TextDecoder().decode(bytes)]),
      ),
      files: gathered(
        parts.filter(isFile).map(({ name, bytes, contentType }) => [
          name,
          textOrDataUrl(bytes, contentType),
        ]),
      ),
    };
  }
  return { data: textOrDataUrl(bytes), json: jsonOf(bytes) };
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
export function headersObject(fields: readonly HeaderField[]): Readonly<Record<string, string>> {
  const joined = new Map<string, [name: string, value: string]>();
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    const before = joined.get(key);
    if (before === undefined) joined.set(key, [name, value]);
    else before[1] += (key === "cookie" ? "; " : ", ") + value;
  }
  return Object.fromEntries(joined.values());
}

/** Text where it is UTF-8, a data: URL (RFC 2397) elsewhere. */
export function textOrDataUrl(bytes: Uint8Array, contentType = "application/octet-stream"): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return `data:${contentType};base64,${base64.toString("base64")}`;
  }
}

/** The body as it was written, where it is JSON. */
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

function anything(path: string, summary: string, parameters: readonly Parameter[]): Endpoint {
  return {
    group: "What you sent",
    path,
    methods: "any",
    tryMethod: "POST",
    summary,
    parameters,
    handle: async (asked) => jsonAnswer(await sayBack(asked, EVERYTHING)),
  };
}

function echoing(method: string): Endpoint {
  const methods: Methods = [method];
  return {
    group: "What you sent",
    path: `/${method.toLowerCase()}`,
    methods,
    summary: `Says a ${method} back`,
    parameters: method === "GET" ? [QUERY] : [QUERY, JSON_BODY],
    handle: async (asked) =>
      jsonAnswer(await sayBack(asked, method === "GET" ? WITHOUT_BODY : WITH_BODY)),
  };
}

/** The endpoints that say back. */
export const saidBack: readonly Endpoint[] = [
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
    handle: async (asked) => jsonAnswer(await sayBack(asked, ["headers"])),
  },
  {
    group: "What you sent",
    path: "/ip",
    methods: GET,
    summary: "The address that the request came from",
    handle: async (asked) => jsonAnswer(await sayBack(asked, ["origin"])),
  },
  {
    group: "What you sent",
    path: "/user-agent",
    methods: GET,
    summary: "The User-Agent",
    handle: (asked) => jsonAnswer({ "user-agent": asked.header("user-agent") }),
  },
];

/** What `/get` says. */
export function sayGet(asked: Asked): Promise<JsonFields> {
  return sayBack(asked, WITHOUT_BODY);
}

/** What `/delay` says. */
export function sayDelayed(asked: Asked): Promise<JsonFields> {
  return sayBack(asked, ["args", "data", "files", "form", "headers", "origin", "url"]);
}
