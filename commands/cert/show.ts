// `cert show`: prints the certificates in a file, or those of a server.

import { Deadline } from "../../clients/deadline.ts";
import { dialTls } from "../../clients/tls/dial.ts";
import { tlsNotices } from "../../clients/tls/notices.ts";
import { fetchChain } from "../../clients/tls/chain.ts";
import type {
  CertificateDescription,
  RequestDescription,
} from "../../core/certificates/description.ts";
import { describeCertificate, describeRequest } from "../../core/certificates/description.ts";
import {
  type Addressing,
  diallingPort,
  isUrl,
  parseEndpoint,
} from "../../core/addresses/endpoint.ts";
import { errorText } from "../../core/event.ts";
import { pemBlocks } from "../../core/certificates/pem.ts";
import { UsageError } from "../../core/usage_error.ts";
import { readSmallFile } from "./file.ts";
import type { CertValues } from "./options.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { exitCodes } from "../exit_code.ts";
import { printable } from "../terminal/printable.ts";
import { alignedRows } from "../terminal/table.ts";

/** Limit of certificates in a file; a bundle of all authorities has some 140. */
const MAX_SHOWN = 500;

/** Prints the certificates in a file or at a URL.
 *
 * @returns the exit code: that of a failed check when a server cannot be verified */
export async function show(place: string, values: CertValues, io: Stdio): Promise<number> {
  if (isUrl(place, SCHEMES)) return await showServer(place, values, io);
  const bytes = await readSmallFile(place);
  try {
    await showFile(bytes, io);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`${place}: ${error.message}`);
  }
  return exitCodes.ok;
}

async function showFile(bytes: Uint8Array<ArrayBuffer>, io: Stdio): Promise<void> {
  const text = new TextDecoder().decode(bytes);
  const blocks = pemBlocks(text);
  if (blocks.length === 0) {
    if (/-----BEGIN /.test(text)) throw new SyntaxError("its block has no end; copy it again");
    // A SEQUENCE of more than 127 bytes: it may be DER.
    if (bytes[0] === 0x30 && bytes[1]! >= 0x80) return await showCertificates([bytes], io);
    throw new SyntaxError("it holds no certificate, neither in PEM nor in DER");
  }
  const certificates = blocks.filter(({ label }) => /^(X509 )?CERTIFICATE$/.test(label));
  if (certificates.length > 0) {
    return await showCertificates(certificates.map(({ der }) => der), io);
  }
  if (blocks.some(({ label }) => label.endsWith("CERTIFICATE REQUEST"))) {
    return printRequest(await describeRequest(text), io);
  }
  throw new SyntaxError(
    `it holds no certificate, but: ${blocks[0]!.label.toLowerCase()}; name the certificate's file`,
  );
}

async function showCertificates(
  ders: readonly Uint8Array<ArrayBuffer>[],
  io: Stdio,
): Promise<void> {
  const shown = ders.slice(0, MAX_SHOWN);
  for (const [index, der] of shown.entries()) {
    const description = await describeCertificate(der, Date.now());
    if (io.json) io.printJson({ event: "certificate", place: index + 1, ...description });
    else printCertificate(description, index, ders.length, io);
  }
  if (shown.length < ders.length) io.note(`(${ders.length - shown.length} more)`);
}

const SCHEMES: ReadonlyMap<string, Addressing> = new Map(
  ["tls", "https", "wss"].map((scheme) => [scheme, "host"]),
);

async function showServer(url: string, values: CertValues, io: Stdio): Promise<number> {
  const endpoint = parseEndpoint(url, SCHEMES);
  if (endpoint.layers.length > 0) {
    throw new UsageError(`"${url}" has layers; show the certificate of its TLS alone`);
  }
  using deadline = new Deadline(values.connectTimeoutMs, undefined);
  const { signal } = deadline;
  const inTime = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw deadline.explain(url, error);
    }
  };
  const { certificates, version } = await inTime(fetchChain(endpoint, values, signal));
  await showCertificates(certificates, io);
  const tls = {
    ...values,
    ...{ tlsFingerprint: undefined, insecure: false, tlsCert: undefined, tlsKey: undefined },
  };
  for (const text of tlsNotices(tls)) io.note(text);
  const error = await inTime(verificationError(
    () => dialTls(endpoint, diallingPort(endpoint), tls, signal),
    signal,
  ));
  const verified = error === null;
  if (io.json) {
    io.printJson({
      event: "verified",
      url,
      version,
      verified,
      ...(error !== null && { error }),
    });
  } else {
    const by = values.tlsCa.length > 0 ? values.tlsCa.join(", ") : "the well-known authorities";
    const verdict = verified
      ? io.paintStdout("green", `verified by ${printable(by)}`)
      : `${io.paintStdout("red", "not verified")}: ${printable(error)}`;
    io.print(`${version}, ${verdict}`);
  }
  return verified ? exitCodes.ok : exitCodes.checkFailed;
}

/** The reason for which a client would refuse the server; null when it would not. */
async function verificationError(
  dial: () => Promise<Disposable>,
  signal: AbortSignal,
): Promise<string | null> {
  try {
    using _connection = await dial();
    return null;
  } catch (error) {
    if (error instanceof UsageError || signal.aborted) throw error;
    return errorText(error).replace(/^Cannot connect to \S+: /, "");
  }
}

function printCertificate(
  described: CertificateDescription,
  index: number,
  count: number,
  io: Stdio,
): void {
  const { subject, issuer, selfSigned, validFrom, validTo, serialNumber, fingerprint } = described;
  const date = (iso: string) => iso.slice(0, 16).replace("T", " ");
  io.print(io.paintStdout("bold", `certificate ${index + 1} of ${count}`));
  printRows(io, [
    ["subject", printable(subject) || "(none)"],
    ["issuer", selfSigned ? "itself (self-signed)" : printable(issuer) || "(none)"],
    ["names", namesText(described)],
    ["valid", `${date(validFrom)} to ${date(validTo)} UTC, ${stateText(described, io)}`],
    ...keyRows(described),
    ["serial", serialNumber],
    ["SHA-256", fingerprint],
  ]);
}

function printRequest(
  described: RequestDescription & { readonly holdsKey: boolean },
  io: Stdio,
): void {
  if (io.json) {
    io.printJson({ event: "request", ...described });
    return;
  }
  io.print(io.paintStdout("bold", "certificate request"));
  printRows(io, [
    ["subject", printable(described.subject) || "(none)"],
    ["names", namesText(described)],
    ...keyRows(described),
    [
      "signed",
      described.holdsKey
        ? "by its own key"
        : io.paintStdout("red", "not by its own key: nobody should sign it"),
    ],
  ]);
}

function namesText({ names }: RequestDescription): string {
  return names.map((name) => printable(name)).join(", ") || "(none)";
}

function keyRows({ key, signature, usages }: RequestDescription): [string, string][] {
  return [
    ["key", printable(key)],
    ["signature", printable(signature)],
    ["usages", usages.map((usage) => printable(usage)).join(", ") || "(not limited)"],
  ];
}

function stateText({ state, daysLeft }: CertificateDescription, io: Stdio): string {
  if (state === "valid") {
    return daysLeft < 30
      ? io.paintStdout("yellow", `${daysLeft} days left`)
      : `${daysLeft} days left`;
  }
  const words = state === "expired" ? `expired ${-daysLeft} days ago` : "not yet valid";
  return io.paintStdout("red", words);
}

function printRows(io: Stdio, rows: readonly (readonly [string, string])[]): void {
  const painted = rows.map(([what, value]) => [`  ${io.paintStdout("dim", what)}`, value]);
  for (const line of alignedRows(painted)) io.print(line);
  io.print("");
}
