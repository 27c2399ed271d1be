// Prints the parts of a response of `sockdock fetch`.

import type { FetchResponse, ResponseHead } from "../../clients/http/message.ts";
import type { FetchTiming } from "../../clients/http/timing.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { messageJson } from "../terminal/events.ts";

/** Prints status and header fields as received, and an empty line. */
export function printHead(
  { httpVersion, status, statusText, headerList }: ResponseHead,
  io: Stdio,
): void {
  const lines = [
    `HTTP/${httpVersion} ${status} ${statusText}`.trimEnd(),
    ...headerList.map(([name, value]) => `${name}: ${value}`),
    "",
  ];
  io.printPeer(new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join("")));
}

/** Prints a response as one object.
 * @param written path of the file with its body, if there is one */
export async function printJsonResponse(
  response: FetchResponse,
  written: { readonly file: string; readonly fileBytes: number } | undefined,
  io: Stdio,
): Promise<void> {
  const { url, status, statusText, httpVersion, headerList } = response;
  const body = written ?? messageJson(await response.bytes());
  io.printJson({
    event: "response",
    url,
    status,
    statusText,
    httpVersion,
    headers: headerList,
    timing: response.timing,
    ...body,
  });
}

const STEPS = [
  ["dns", "dnsMs"],
  ["connect", "connectMs"],
  ["tls", "tlsMs"],
  ["first byte", "firstByteMs"],
  ["total", "totalMs"],
] as const;

/** Prints a line for each measured step, on stderr. */
export function printTiming(timing: FetchTiming, io: Stdio): void {
  for (const [name, key] of STEPS) {
    const ms = timing[key];
    if (ms === undefined) continue;
    io.note(`${name.padEnd(10)} ${ms.toFixed(1).padStart(9)} ms`);
  }
}
