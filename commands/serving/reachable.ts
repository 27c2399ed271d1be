// Tells a person by which URLs other devices reach servers that listen on every address of this
// machine, and shows the first of them as a QR code.

import { isLoopback } from "../../core/addresses/address.ts";
import { type Endpoint, formatEndpoint, parseEndpoint } from "../../core/addresses/endpoint.ts";
import { isUnspecified, reachableAddresses } from "../../core/addresses/own_addresses.ts";
import { UsageError } from "../../core/usage_error.ts";
import { serverSchemes } from "../../dock/schemes.ts";
import type { Stdio } from "../terminal/stdio.ts";

/** URLs that are printed of one server; a machine may have hundreds of addresses. */
const MAX_SHOWN = 8;

/** Refuses a QR code of what no other device can reach.
 * @throws {UsageError} when all endpoints are on loopback, or none has a host */
export function refuseUselessQr(urls: readonly Endpoint[]): void {
  if (urls.some(({ hostname }) => hostname !== "" && !isLoopback(hostname))) return;
  const [first] = urls;
  const everywhere = first?.addressing === "host"
    ? `${first.scheme}://0.0.0.0:${first.port ?? 8080}`
    : "http://0.0.0.0:8080";
  throw new UsageError(
    `--qr is for other devices, and none can reach a server on loopback; listen on ${everywhere}`,
  );
}

/** Prints what other devices can use.
 * @param urls of running servers, with their ports */
export async function printReachable(
  urls: readonly string[],
  io: Stdio,
  { qr }: { readonly qr: boolean },
): Promise<void> {
  if (io.json || io.quiet) return;
  const endpoints = urls.map((url) => parseEndpoint(url, serverSchemes))
    .filter(({ addressing }) => addressing === "host");
  let first: string | undefined;
  let isUnknown = false;
  for (const endpoint of endpoints) {
    const hosts = reachableAddresses(endpoint.hostname);
    isUnknown ||= hosts === null;
    const reachable = (hosts ?? []).map((hostname) =>
      formatEndpoint({ ...endpoint, hostname }, endpoint.port)
    );
    first ??= reachable[0];
    if (isUnspecified(endpoint.hostname)) printUrls(reachable, io);
  }
  if (isUnknown) {
    io.note(
      "          the addresses of this machine are not known without --allow-sys=networkInterfaces",
    );
  }
  if (!qr || first === undefined || !(io.stderrIsTerminal || io.color)) return;
  const { qrLines } = await import("../terminal/qr_code.ts");
  for (const line of qrLines(first, { color: io.color })) io.note(line);
  io.note(first);
}

function printUrls(urls: readonly string[], io: Stdio): void {
  for (const [index, url] of urls.slice(0, MAX_SHOWN).entries()) {
    io.note(`${index === 0 ? "for others" : "          "} ${io.paint("bold", url)}`);
  }
  const left = urls.length - MAX_SHOWN;
  if (left > 0) io.note(`           and ${left} more addresses of this machine`);
}
