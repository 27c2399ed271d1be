// Options of TLS clients. This file loads no TLS, because the command line reads the tables for
// connections that it never opens.

import { clientOptions, routeOptions } from "../../core/client_options.ts";
import { about, flag, text } from "../../core/options/option.ts";
import { filesOrTexts } from "../../core/files/file_or_text.ts";
import { pemFileOrFiles } from "../../core/tls/options.ts";

export const tlsClientOptions = about("tls", {
  tlsCa: filesOrTexts({
    suggestions: ["local"],
    help: "trust these authorities and self-signed certificates, PEM, instead of the well-known " +
      "authorities; local is the local authority; --tls-fingerprint trusts any one certificate",
  }),
  tlsFingerprint: text({
    guard: true,
    metavar: "SHA256",
    help: "trust exactly this certificate, whatever its name, issuer and dates",
  }),
  serverName: text({
    metavar: "name",
    help: "name to ask for and to expect in the certificate, instead of the URL's",
  }),
  insecure: flag({
    short: "k",
    help: "do not verify the server: anyone in the way can read and change everything",
    negatable: false,
  }),
  tlsCert: pemFileOrFiles({
    help: "certificate to show to a server that asks for one, PEM, its chain after it",
  }),
  tlsKey: pemFileOrFiles({ help: "private key of --tls-cert, PEM, not encrypted" }),
});

export const tlsTransportOptions = {
  ...routeOptions,
  ...tlsClientOptions,
  ...clientOptions,
} as const;
