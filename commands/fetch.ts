// The command `sockdock fetch`: makes one HTTP request.

import { writeCookieFile } from "../clients/http/cookie_file.ts";
import type { Address } from "../core/addresses/address.ts";
import { createHttpClient, type FetchOptions } from "../clients/http/client.ts";
import type { Field } from "../clients/http/message.ts";
import type { ProxyRules } from "../clients/http/proxy.ts";
import { fetchOptions, proxyOptions, retryOptions } from "../clients/http/options.ts";
import {
  about,
  flag,
  formatDuration,
  mergeTables,
  type OptionValues,
  text,
} from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { defineCommand, type Invocation } from "./command.ts";
import { givenOf } from "./line/arguments.ts";
import { printingOptions } from "./line/common_options.ts";
import { exitCodes } from "./exit_code.ts";
import { curlHabits } from "./fetch/curl_habits.ts";
import { cookieOptions, readCookies } from "./fetch/cookies.ts";
import { credentialOptions, ownCredentials, readCredentialsFile } from "./fetch/credentials.ts";
import { outputPath } from "./fetch/file_name.ts";
import { printHead } from "./fetch/output.ts";
import {
  bodyOptions,
  readBody,
  requestUrl,
  saidHeaders,
  sendsBody,
  withQuery,
} from "./fetch/request.ts";
import { StepPrinter } from "./fetch/steps.ts";
import { responseOptions, transfer } from "./fetch/transfer.ts";
import { parseWriteOut } from "./fetch/write_out.ts";
import { printable } from "./terminal/printable.ts";
import { readUser } from "./line/user_password.ts";

const requestOptions = {
  method: text({
    short: "X",
    metavar: "method",
    help: "what to do; GET, POST with a body, or PUT with a file",
  }),
  header: text.many({
    short: "H",
    metavar: "name: value",
    separator: "\n",
    help: "send this header",
  }),
  userAgent: text({ short: "A", metavar: "name", help: "send this User-Agent" }),
  referer: text({ short: "e", metavar: "url", help: "send this Referer" }),
  ...bodyOptions,
} as const;

/** How much is said, besides the options that every command has. */
const sayingOptions = about("output", {
  silent: flag({
    short: "s",
    help: "print the body alone: no progress, no notes and no errors",
    negatable: false,
  }),
  showError: flag({ short: "S", help: "print errors also with --silent", negatable: false }),
  showSecrets: flag({
    help: "with --verbose, show passwords, tokens and cookies as they are",
    negatable: false,
  }),
});

const { maxRedirects, maxBodyBytes, ...others } = fetchOptions;
const connectionOptions = Object.fromEntries(
  Object.entries(others).filter(([key]) => !(key in retryOptions) && !(key in proxyOptions)),
);

const table = mergeTables(
  requestOptions,
  responseOptions,
  credentialOptions,
  cookieOptions,
  sayingOptions,
  printingOptions,
  fetchOptions,
);

type Options = OptionValues<typeof table>;

const DEFAULT_MAX_REDIRECTS = 20;

export const fetch = defineCommand({
  name: "fetch",
  summary: "makes an HTTP request",
  usage: "<url>",
  details:
    `The body goes to stdout as it is, or to a file that appears only when it is whole. Redirects
are not followed unless --location asks for it, and neither passwords nor cookies go to another
origin.

--verbose shows on stderr what is sent and what arrives: > and < before the lines of the heads, * before
what is said of connections and TLS. Options that curl has too mean the same; docs/fetch.md compares.

With --continue a download that broke off is gone on with, if the server can say that the file is
still the same, byte for byte; if not, it starts anew. What was kept is FILE.part, and FILE.part.json
says of what.

--credentials names a file of passwords, which answer only the realm and the URLs that they are for:
https://host/path/ klem "a password" "PDQ Application"`,
  options: table,
  needs: {
    realm: "user",
    digest: "user",
    retryDelayMs: "retry",
    retryMaxTimeMs: "retry",
    retryAll: "retry",
    showError: "silent",
    showSecrets: "verbose",
  },
  habits: curlHabits,
  groups: [
    { title: "Request", options: requestOptions },
    { title: "Response", options: { ...responseOptions, maxRedirects, maxBodyBytes } },
    { title: "Passwords and cookies", options: { ...credentialOptions, ...cookieOptions } },
    { title: "Further tries", options: retryOptions },
    { title: "Proxy", options: proxyOptions },
    { title: "Connection", options: connectionOptions },
  ],
  examples: [
    { run: "sockdock fetch http://127.0.0.1:8080/ --bytes 300", does: "reads the first 300 bytes" },
    {
      run: "sockdock fetch http://127.0.0.1:8080/ -X PUT -H 'X-A: b' -d @file --include",
      does: "puts a file and shows the response's head",
    },
    { run: "sockdock fetch http://127.0.0.1:8080/big -o big", does: "downloads, with progress" },
    {
      run: "sockdock fetch http://127.0.0.1:8080/big -O -C --retry 5",
      does: "downloads, and goes on where it broke off",
    },
    {
      run: "sockdock fetch http://127.0.0.1:8080/upload --form title=Log --form log=@log.txt",
      does: "sends a form with a file",
    },
    {
      run: "sockdock fetch http://127.0.0.1:8080/ -L -c cookies.txt",
      does: "brings cookies along and keeps them",
    },
  ],
  minArguments: 1,
  complete: ([url], current) =>
    url !== undefined || current.includes(":") ? [] : ["http://", "https://"],
  run: (invocation) => run(invocation),
});

async function run(
  { arguments: words, options, flags, given, io }: Invocation<typeof table>,
): Promise<number> {
  refuseWithContinue(options);
  refuseWithHead(options);
  const writeOut = options.writeOut === undefined ? undefined : parseWriteOut(options.writeOut);
  const upload = requestUrl(onlyUrl(words, options), options.uploadFile);
  await outputPath(options, upload, undefined);
  const own = ownCredentials(options, flags, io);
  const { cookies, headers } = await readCookies(options);
  const said = saidHeaders(options);
  const sent = await readBody(options, io);
  // With --get the data is the query.
  const url = options.get ? withQuery(upload, sent.body) : upload;
  const body = options.get ? {} : sent;
  const client = createHttpClient({
    cookies,
    credentials: options.credentials === undefined
      ? []
      : await readCredentialsFile(options.credentials),
  });
  const steps = new StepPrinter(io, { showSecrets: options.showSecrets, now: Date.now });
  const seen: {
    redirects: number;
    retries: number;
    remote: Address | undefined;
    method: string;
  } = { redirects: 0, retries: 0, remote: undefined, method: "" };
  const { proxyUser } = options;
  const proxy = proxyUser === undefined ? undefined : readUser("proxyUser", proxyUser, flags, io);
  const request: FetchOptions = {
    ...givenOf(fetchOptions, { options, given }),
    ...(proxy && { proxyUser: `${proxy.user}:${proxy.password}` }),
    ...(options.location && !given.has("maxRedirects") && { maxRedirects: DEFAULT_MAX_REDIRECTS }),
    ...body,
    ...(options.head && { method: "HEAD" }),
    ...own,
    ...(options.method !== undefined && { method: options.method.toUpperCase() }),
    headers: [...said.headers, ...headers],
    withoutHeaders: said.withoutHeaders,
    bytes: options.bytes,
    compressed: options.compressed,
    proxies: proxiesFromEnvironment(),
    onRedirect: (head) => {
      seen.redirects++;
      if ((options.include || options.head) && !io.json) printHead(head, io);
    },
    onStep: (step) => {
      if (step.step === "connected") seen.remote = step.remote;
      if (step.step === "request") seen.method = step.method;
      if (io.verbose) steps.take(step);
    },
    onNotice: (text) => io.note(text),
    onRetry: ({ attempt, of, waitMs, reason }) => {
      seen.retries++;
      io.note(
        `${printable(reason)}; try ${attempt} of ${of} in ${formatDuration(Math.round(waitMs))}`,
      );
    },
  };
  const beganMs = performance.now();
  const ask = (fields: readonly Field[]) =>
    client.fetch(url, {
      ...request,
      maxTimeMs: Math.max(1, Math.ceil(options.maxTimeMs - (performance.now() - beganMs))),
      headers: [...request.headers ?? [], ...fields],
    });
  try {
    const shown = () => steps.printed;
    const done = await transfer({ url, ask, options, request, io, shown });
    if (writeOut !== undefined) io.printRaw(writeOut({ ...done, ...seen }));
    if (!options.fail || done.status < 400) return exitCodes.ok;
    return exitCodes.failed;
  } finally {
    await steps.printed;
    if (options.cookieJar !== undefined) await writeCookieFile(options.cookieJar, client.cookies);
  }
}

/** The proxies in the environment, by the usual variables. Upper-case HTTP_PROXY is not read: a web
 * server passes a client's header field `Proxy` to the programs that it starts in a variable of
 * that name. */
function proxiesFromEnvironment(): ProxyRules {
  return {
    http: variable("http_proxy"),
    https: variable("https_proxy"),
    all: variable("all_proxy"),
    no: variable("no_proxy"),
  };
}

function variable(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch (error) {
    // Without the permission to read it, the variable counts as unset.
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** The URL among the words of the line.
 * @throws {UsageError} naming what to write instead of a second word */
function onlyUrl(words: readonly string[], options: Options): string {
  // curl's -C takes an offset, for which `-` stands.
  const [url = "", second] = options.continue ? words.filter((word) => word !== "-") : words;
  if (second === undefined) return url;
  const body = words.find((word) => /^[[{]/.test(word));
  if (options.json && body !== undefined) {
    throw new UsageError(
      `--json prints the response as JSON; to send ${JSON.stringify(body)}, write ` +
        "--data-json before it",
    );
  }
  throw new UsageError(
    `unexpected argument ${JSON.stringify(second)}: one URL is fetched at a time; ` +
      "usage: sockdock fetch <url>",
  );
}

function refuseWithHead({ head, output, remoteName, json, writeOut }: Options): void {
  if (head && (output ?? "-") !== "-" || head && remoteName) {
    throw new UsageError("--head prints the head, and there is no body for a file");
  }
  if (json && writeOut !== undefined) {
    throw new UsageError("--write-out cannot go with --json, whose output is one object a line");
  }
}

function refuseWithContinue(options: Options): void {
  if (!options.continue) return;
  const { output, remoteName, method = "GET" } = options;
  if ((output === undefined || output === "-") && !remoteName) {
    throw new UsageError("--continue goes on with a file; name it with -o FILE or -O");
  }
  const sends = sendsBody(options) || options.head || method.toUpperCase() !== "GET";
  const other = options.remoteHeaderName
    ? "--remote-header-name"
    : options.compressed
    ? "--compressed"
    : options.bytes !== undefined
    ? "--bytes"
    : sends
    ? "a request that sends something"
    : undefined;
  if (other !== undefined) throw new UsageError(`--continue cannot go with ${other}`);
}
