// Options of a TLS listener, and checks of those that exclude each other or need a newer runtime.
// It loads no TLS, because the command line reads these tables for servers that it never starts.

import { familyOptions } from "../../core/addresses/resolve.ts";
import { dataFolderOptions } from "../../core/files/options.ts";
import {
  admissionOptions,
  backlogOptions,
  handshakeOptions,
  streamOptions,
} from "../../core/limits.ts";
import { about, choice, flag, type OptionValues, text } from "../../core/options/option.ts";
import { requireFeature } from "../../core/runtime.ts";
import { listenerOptions } from "../listeners/options.ts";
import { filesOrTexts } from "../../core/files/file_or_text.ts";
import { pemFileOrFiles, tlsFilePairs } from "../../core/tls/options.ts";
import { UsageError } from "../../core/usage_error.ts";

export const tlsServerOptions = about("tls", {
  tlsCert: pemFileOrFiles({
    help: "certificate to show, PEM, its chain after it; without it the local authority issues " +
      "one; of several, the one for the name that a client asks for, or else the first",
  }),
  tlsKey: pemFileOrFiles({
    help: "private key of --tls-cert, PEM, not encrypted; of several, in the same order",
  }),
  ...dataFolderOptions,
});

export type TlsFiles = OptionValues<typeof tlsServerOptions>;

export const clientCertificateOptions = about("tls", {
  tlsCa: filesOrTexts({
    suggestions: ["local"],
    help: "authorities whose client certificates --require-client-cert takes, PEM; local is the " +
      "local authority",
  }),
  requireClientCert: flag({
    guard: true,
    help: "turn clients away that show no certificate of an authority of --tls-ca",
    negatable: false,
  }),
  allowIdentity: text.many({
    guard: true,
    metavar: "name",
    help: "admit only client certificates with this alternative name (host, e-mail address or " +
      "URI) or sha256:FINGERPRINT",
  }),
});

type ClientCertificateLimits = OptionValues<typeof clientCertificateOptions>;

/** Options of tls, https and wss besides their limits. */
export const tlsOptions = about("tls", {
  ...tlsServerOptions,
  ...clientCertificateOptions,
  tlsMin: choice(["1.2", "1.3"], {
    guard: true,
    default: "1.2",
    metavar: "version",
    help: "oldest version of TLS that is spoken",
  }),
  ...listenerOptions,
});

type TlsOptions = OptionValues<typeof tlsOptions>;

/** The options of TLS listeners within the library, of which only the files are required. */
export type TlsSettings = TlsFiles & Partial<TlsOptions>;

export const tlsTransportOptions = {
  ...admissionOptions,
  ...streamOptions,
  ...backlogOptions,
  ...handshakeOptions,
  ...familyOptions,
  ...tlsOptions,
  alpn: text.many({
    metavar: "protocol",
    help: "protocol to agree on by ALPN, the preferred one first; clients that offer only others " +
      "are turned away",
  }),
} as const;

/** Refuses options that seem to restrict clients and do not.
 * @throws {UsageError} naming what is missing */
export function checkClientCertificateOptions(
  { tlsCa = [], requireClientCert = false, allowIdentity = [] }: Partial<ClientCertificateLimits>,
): void {
  if (requireClientCert) {
    if (tlsCa.length > 0) return;
    throw new UsageError(
      "--require-client-cert needs to know whose certificates to take; add --tls-ca FILE",
    );
  }
  const flag = tlsCa.length > 0 ? "--tls-ca" : allowIdentity.length > 0 ? "--allow-identity" : null;
  if (flag === null) return;
  throw new UsageError(
    `${flag} alone keeps nobody out; add --require-client-cert, or leave ${flag} away`,
  );
}

/** Returns the first given option that needs node:tls, or null: Deno's own listener has one
 * certificate, requests none from clients and always allows TLS 1.2. */
export function needsNodeTls(settings: TlsSettings): string | null {
  if (settings.requireClientCert) return "--require-client-cert";
  if (settings.tlsMin === "1.3") return "--tls-min 1.3";
  return tlsFilePairs(settings).length > 1 ? "more than one --tls-cert" : null;
}

/** Refuses options that exclude each other, or that this runtime would silently ignore.
 * @throws {UsageError} naming the option, and what is missing or the runtime that it needs */
export function checkTlsOptions(settings: TlsSettings, version?: string): void {
  checkClientCertificateOptions(settings);
  if (settings.requireClientCert) requireFeature("clientCertificates", undefined, version);
  const option = needsNodeTls(settings);
  if (option !== null) requireFeature("nodeTls", option, version);
}
