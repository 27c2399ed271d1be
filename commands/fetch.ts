// The command `sockdock fetch`: makes one HTTP request.

import { writeCookieFile } from "../clients/http/cookie_file.ts";
import { createHttpClient, type FetchOptions } from "../clients/http/client.ts";
import type { Field } from "../clients/http/message.ts";
import type { ProxyRules } from "../clients/http/proxy.ts";
import { fetchOptions, proxyOptions, retryOptions } from "../clients/http/options.ts";
import { formatDuration, mergeTables, type OptionValues, text } from "../core/options/option.ts";
import { UsageError } from "../core/usage_error.ts";
import { defineCommand, type Invocation } from "./command.ts";
import { givenOf } from "./line/arguments.ts";
import { printingOptions } from "./line/common_options.ts";
import { exitCodes } from "./exit_code.ts";
import { cookieOptions, readCookies } from "./fetch/cookies.ts";
import { credentialOptions, ownCredentials, readCredentialsFile } from "./fetch/credentials.ts";
import { outputPath } from "./fetch/file_name.ts";
import { printHead } from "./fetch/output.ts";
import { bodyOptions, parseHeader, readBody, requestUrl } from "./fetch/request.ts";
import { responseOptions, transfer } from "./fetch/transfer.ts";
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
  ...bodyOptions,
} as const;

const { maxRedirects, maxBodyBytes, ...others } = fetchOptions;
const connectionOptions = Object.fromEntries(
  Object.entries(others).filter(([key]) => !(key in retryOptions) && !(key in proxyOptions)),
);

const table = mergeTables(
  requestOptions,
  responseOptions,
  credentialOptions,
  cookieOptions,
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

With --continue a download that broke off is gone on with, if the server can say that the file is
still the same, byte for byte; if not, it starts anew. What was kept is FILE.part, and FILE.part.json
says of what.

--credentials names a file of passwords, which answer only the realm and the URLs that they are for:
https://host/path/ klem "a password" "PDQ Application"`,
  options: table,
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
  maxArguments: 1,
  complete: ([url], current) =>
    url !== undefined || current.includes(":") ? [] : ["http://", "https://"],
  run: (invocation) => run(invocation),
});

async function run(
  { arguments: [written = ""], options, flags, given, io }: Invocation<typeof table>,
): Promise<number> {
  refuseWithContinue(options);
  const url = requestUrl(written, options.uploadFile);
  await outputPath(options, url, undefined);
  const own = ownCredentials(options, flags, io);
  const { cookies, headers } = await readCookies(options);
  const body = await readBody(options, io);
  const client = createHttpClient({
    cookies,
    credentials: options.credentials === undefined
      ? []
      : await readCredentialsFile(options.credentials),
  });
  const { proxyUser } = options;
  const proxy = proxyUser === undefined ? undefined : readUser("proxyUser", proxyUser, flags, io);
  const request: FetchOptions = {
    ...givenOf(fetchOptions, { options, given }),
    ...(proxy && { proxyUser: `${proxy.user}:${proxy.password}` }),
    ...(options.location && !given.has("maxRedirects") && { maxRedirects: DEFAULT_MAX_REDIRECTS }),
    ...body,
    ...own,
    ...(options.method !== undefined && { method: options.method.toUpperCase() }),
    headers: [...options.header.map(parseHeader), ...headers],
    bytes: options.bytes,
    compressed: options.compressed,
    proxies: proxiesFromEnvironment(),
    onRedirect: (head) => {
      if (options.include && !io.json) printHead(head, io);
    },
    onNotice: (text) => io.note(text),
    onRetry: ({ attempt, of, waitMs, reason }) => {
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
    const status = await transfer({ url, ask, options, request, io });
    if (!options.fail || status < 400) return exitCodes.ok;
    return exitCodes.failed;
  } finally {
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

function refuseWithContinue(options: Options): void {
  if (!options.continue) return;
  const { output, remoteName, method = "GET", data, dataJson, form, formString, uploadFile } =
    options;
  if ((output === undefined || output === "-") && !remoteName) {
    throw new UsageError("--continue goes on with a file; name it with -o FILE or -O");
  }
  const sends = data.length + form.length + formString.length > 0 || dataJson !== undefined ||
    uploadFile !== undefined || method.toUpperCase() !== "GET";
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
