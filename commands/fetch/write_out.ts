// The text that --write-out prints after a response, as curl's option of that name does: variables
// in `%{...}`, fields of the head in `%header{...}`, and \n, \t and \r.

import type { Address } from "../../core/addresses/address.ts";
import type { FetchResponse } from "../../clients/http/message.ts";
import { knownAre } from "../../core/options/nearest.ts";
import { UsageError } from "../../core/usage_error.ts";

/** What is known of a request once its response was read. */
interface Outcome {
  readonly response: FetchResponse;
  readonly method: string;
  readonly bodyBytes: number;
  readonly file: string | undefined;
  readonly redirects: number;
  readonly retries: number;
  readonly remote: Address | undefined;
}

const VARIABLES: Readonly<Record<string, (outcome: Outcome) => string>> = {
  content_type: ({ response }) => response.headers.get("content-type") ?? "",
  filename_effective: ({ file }) => file ?? "",
  http_code: ({ response }) => String(response.status).padStart(3, "0"),
  http_version: ({ response }) => response.httpVersion,
  method: ({ method }) => method,
  num_headers: ({ response }) => String(response.headerList.length),
  num_redirects: ({ redirects }) => String(redirects),
  num_retries: ({ retries }) => String(retries),
  redirect_url: ({ response }) => {
    const location = response.headers.get("location");
    return location === null ? "" : URL.parse(location, response.url)?.href ?? "";
  },
  remote_ip: ({ remote }) => remote !== undefined && "hostname" in remote ? remote.hostname : "",
  remote_port: ({ remote }) => remote !== undefined && "port" in remote ? String(remote.port) : "",
  response_code: (outcome) => VARIABLES.http_code!(outcome),
  scheme: ({ response }) => URL.parse(response.url)?.protocol.slice(0, -1) ?? "",
  size_download: ({ bodyBytes }) => String(bodyBytes),
  // As in curl, times are counted from the beginning.
  time_namelookup: (outcome) => seconds(outcome, ["dnsMs"]),
  time_connect: (outcome) => seconds(outcome, ["dnsMs", "connectMs"]),
  time_appconnect: (outcome) => seconds(outcome, ["dnsMs", "connectMs", "tlsMs"]),
  time_starttransfer: (outcome) => seconds(outcome, ["dnsMs", "connectMs", "tlsMs", "firstByteMs"]),
  time_total: ({ response }) => (response.timing.totalMs / 1000).toFixed(6),
  url_effective: ({ response }) => response.url,
};

/** Reads a format, and returns what fills it in.
 * @throws {UsageError} when there is no such variable */
export function parseWriteOut(format: string): (outcome: Outcome) => string {
  if (format.startsWith("@")) {
    throw new UsageError("--write-out: expected the text itself; a file is not read");
  }
  const pieces = [...format.matchAll(
    /%%|%\{(\w+)\}|%header\{([^{}]+)\}|\\([ntr\\])|[^%\\]+|[%\\]/gs,
  )].map(([text, variable, header, escaped]): (outcome: Outcome) => string => {
    if (header !== undefined) {
      // An invalid name is that of no field.
      return ({ response }) =>
        response.headerList
          .filter(([name]) => name.toLowerCase() === header.toLowerCase())
          .map(([, value]) => value).join(", ");
    }
    if (escaped !== undefined) {
      const character = { n: "\n", t: "\t", r: "\r", "\\": "\\" }[escaped]!;
      return () => character;
    }
    if (variable === undefined) return () => text === "%%" ? "%" : text;
    const fill = Object.hasOwn(VARIABLES, variable) ? VARIABLES[variable] : undefined;
    if (fill !== undefined) return fill;
    const names = Object.keys(VARIABLES);
    throw new UsageError(
      `--write-out: there is no %{${variable}}${knownAre(variable, names)}`,
    );
  });
  return (outcome) => pieces.map((fill) => fill(outcome)).join("");
}

type Step = "dnsMs" | "connectMs" | "tlsMs" | "firstByteMs";

/** The sum of steps in seconds; 0 when the last of them did not happen, as in curl. */
function seconds({ response: { timing } }: Outcome, steps: readonly Step[]): string {
  const sum = timing[steps.at(-1)!] === undefined
    ? 0
    : steps.reduce((sum, step) => sum + (timing[step] ?? 0), 0);
  return (sum / 1000).toFixed(6);
}
