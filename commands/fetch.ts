// `sockdock fetch`: one HTTP request.

import { STATUS_TEXT } from "@std/http/status";
import { fetchOptions, type FetchRequest, fetchUrl, type ResponseHead } from "../clients/fetch.ts";
import { errorText } from "../core/event.ts";
import {
  flag,
  mergeTables,
  type OptionValues,
  resolveOptions,
  size,
  text,
} from "../core/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { defineCommand } from "./command.ts";
import { consoleOptions } from "./common_options.ts";
import type { Console } from "./console.ts";
import { messageJson } from "./events.ts";
import { exitCodes } from "./exit_code.ts";
import { printable } from "./printable.ts";
import { Progress } from "./progress.ts";
import { stdinChunks } from "./stdin.ts";

const options = {
  method: text({ short: "X", metavar: "method", help: "what to do; GET, or POST with a body" }),
  header: text.many({
    short: "H",
    metavar: "name: value",
    separator: "\n",
    help: "send this header",
  }),
  data: text.many({
    short: "d",
    metavar: "text",
    separator: "\n",
    help: "send this body; several are joined by &; @file reads a file, @- stdin",
  }),
  dataJson: text({ metavar: "json", help: "send this JSON body" }),
  form: text.many({ metavar: "name=value", separator: "\n", help: "send a form with this field" }),
  user: text({
    short: "u",
    metavar: "user[:password]",
    help: "basic authentication; without a password it is asked for",
  }),
  bytes: size({ min: 0, help: "read only the first bytes of the body" }),
  include: flag({ short: "i", help: "print status and headers first", negatable: false }),
  output: text({ short: "o", metavar: "file", help: "write the body to this file" }),
  location: flag({
    short: "L",
    help: "follow redirects, 20 unless --max-redirects says otherwise",
    negatable: false,
  }),
  fail: flag({ short: "f", help: "exit with 1 on a status from 400", negatable: false }),
  compressed: flag({ help: "ask for a compressed body and undo it", negatable: false }),
} as const;

const DEFAULT_MAX_REDIRECTS = 20;

export const fetch = defineCommand({
  name: "fetch",
  summary: "makes an HTTP request",
  usage: "<url>",
  details:
    `The body goes to stdout as it is, or to a file that appears only when it is whole. Redirects
are not followed unless --location asks for it, and credentials never go to another origin.`,
  options: mergeTables(options, consoleOptions, fetchOptions),
  groups: [{ title: "Connection", options: fetchOptions }],
  examples: [
    { run: "sockdock fetch http://127.0.0.1:8080/ --bytes 300", does: "reads the first 300 bytes" },
    {
      run: "sockdock fetch http://127.0.0.1:8080/ -X PUT -H 'X-A: b' -d @file --include",
      does: "puts a file and shows the response's head",
    },
    { run: "sockdock fetch http://127.0.0.1:8080/big -o big", does: "downloads, with progress" },
  ],
  minArguments: 1,
  maxArguments: 1,
  async run({ arguments: [url = ""], options, flags, given, console }) {
    const credentials = options.user === undefined
      ? undefined
      : readCredentials(options.user, flags.has("user"), console);
    const body = await readBody(options, console);
    const own = Object.keys(fetchOptions) as (keyof typeof fetchOptions)[];
    const values: Partial<OptionValues<typeof fetchOptions>> = Object.fromEntries(
      own.map((key) => [key, options[key]]),
    );
    await using response = await fetchUrl(url, {
      ...resolveOptions(fetchOptions, values),
      ...(options.location && !given.has("maxRedirects") && {
        maxRedirects: DEFAULT_MAX_REDIRECTS,
      }),
      ...(options.method !== undefined && { method: options.method.toUpperCase() }),
      headers: options.header.map(parseHeader),
      ...body,
      ...(credentials && { credentials }),
      bytes: options.bytes,
      compressed: options.compressed,
      onRedirect: (head) => {
        if (options.include && !console.json) printHead(head, console);
      },
    });
    if (console.json) await printJsonResponse(response, console);
    else {
      if (options.include) printHead(response, console);
      const announced = Number(response.headers.get("content-length") ?? NaN);
      const total = Number.isNaN(announced)
        ? undefined
        : Math.min(announced, options.bytes ?? Infinity);
      if (options.output === undefined) {
        for await (const chunk of response.body) console.printPeer(chunk);
      } else {
        await writeWhole(options.output, response.body, total, console);
      }
    }
    if (!options.fail || response.status < 400) return exitCodes.ok;
    // A server may leave the words out.
    const words = response.statusText || (STATUS_TEXT[response.status] ?? "");
    console.error(`the server answered ${response.status} ${printable(words)}`.trimEnd());
    return exitCodes.failed;
  },
});

async function printJsonResponse(
  response: ResponseHead & { bytes(): Promise<Uint8Array> },
  console: Console,
): Promise<void> {
  const { url, status, statusText, httpVersion, headerList } = response;
  const body = messageJson(await response.bytes());
  console.printJson({
    event: "response",
    url,
    status,
    statusText,
    httpVersion,
    headers: headerList,
    ...body,
  });
}

function printHead(
  { httpVersion, status, statusText, headerList }: ResponseHead,
  console: Console,
): void {
  const lines = [
    `HTTP/${httpVersion} ${status} ${statusText}`.trimEnd(),
    ...headerList.map(([name, value]) => `${name}: ${value}`),
    "",
  ];
  console.printPeer(new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join("")));
}

function parseHeader(header: string): readonly [string, string] {
  const colon = header.indexOf(":");
  if (colon < 1) {
    throw new UsageError(`--header: expected "Name: value", got "${header}"`);
  }
  return [header.slice(0, colon).trim(), header.slice(colon + 1).trim()];
}

function readCredentials(
  written: string,
  onCommandLine: boolean,
  console: Console,
): { user: string; password: string } {
  const colon = written.indexOf(":");
  if (colon >= 0) {
    if (onCommandLine) {
      console.warn(
        "others on this machine can read a password on a command line; " +
          "give -u the user alone, or set SOCKDOCK_USER",
      );
    }
    return { user: written.slice(0, colon), password: written.slice(colon + 1) };
  }
  const password = console.promptSecret(`Password of ${written}: `);
  if (password === null) {
    throw new UsageError(
      `--user: no terminal to ask for the password of ${written}; set SOCKDOCK_USER=user:password`,
    );
  }
  return { user: written, password };
}

type BodyOptions = OptionValues<Pick<typeof options, "data" | "dataJson" | "form">>;

/** The body that the options describe, as `fetchUrl` takes it. */
async function readBody(
  { data, dataJson, form }: BodyOptions,
  console: Console,
): Promise<Pick<FetchRequest, "body" | "json" | "form">> {
  if ([data.length > 0, dataJson !== undefined, form.length > 0].filter(Boolean).length > 1) {
    throw new UsageError("--data, --data-json and --form exclude each other; give one");
  }
  if (dataJson !== undefined) return { json: parseJson(dataJson) };
  if (form.length > 0) return { form: form.map(parseField) };
  if (data.length === 0) return {};
  const parts = await Promise.all(data.map((part) => readPart(part, console)));
  const joined = parts.flatMap((part, index) =>
    index === 0 ? [part] : [new TextEncoder().encode("&"), part]
  );
  return { body: new Uint8Array(await new Blob(joined).arrayBuffer()) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--data-json: ${errorText(error)}`);
  }
}

function parseField(field: string): readonly [string, string] {
  const equals = field.indexOf("=");
  if (equals < 1) throw new UsageError(`--form: expected name=value, got "${field}"`);
  return [field.slice(0, equals), field.slice(equals + 1)];
}

async function readPart(part: string, console: Console): Promise<Uint8Array<ArrayBuffer>> {
  if (!part.startsWith("@")) return new TextEncoder().encode(part);
  if (part === "@-") {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of stdinChunks(console)) chunks.push(chunk.slice());
    return new Uint8Array(await new Blob(chunks).arrayBuffer());
  }
  try {
    return await Deno.readFile(part.slice(1));
  } catch (error) {
    throw new UsageError(`--data: cannot read ${part.slice(1)}: ${errorText(error)}`);
  }
}

async function writeWhole(
  path: string,
  body: AsyncIterable<Uint8Array>,
  totalBytes: number | undefined,
  console: Console,
): Promise<void> {
  const partial = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  using undo = new DisposableStack();
  {
    using file = await onDisk(path, () => Deno.open(partial, { write: true, createNew: true }));
    undo.defer(() => Deno.removeSync(partial));
    using progress = new Progress(console, totalBytes);
    for await (const chunk of body) {
      await onDisk(path, () => writeAll(file, chunk));
      progress.add(chunk.length);
    }
  }
  await onDisk(path, () => Deno.rename(partial, path));
  undo.move();
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}

/** What fails on the disk is not to be taken for what failed on the network. */
async function onDisk<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new Error(`Cannot write ${path}: ${errorText(error)}`, { cause: error });
  }
}
