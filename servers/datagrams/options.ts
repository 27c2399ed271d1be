// Options of servers on UDP, DTLS and Unix datagrams. This file loads none of these transports,
// because the command line reads the tables for servers that it never starts.

import { familyOptions } from "../../core/addresses/resolve.ts";
import { interfaceOptions } from "../../core/datagrams/group_address.ts";
import { admissionOptions, datagramOptions, handshakeOptions } from "../../core/limits.ts";
import { flag, integer } from "../../core/options/option.ts";
import { dtlsOptions } from "../../layers/dtls/options.ts";
import { clientCertificateOptions, tlsServerOptions } from "../tls/options.ts";

export const udpOptions = {
  ...admissionOptions,
  ...datagramOptions,
  ...familyOptions,
  ...interfaceOptions,
} as const;

export const dtlsServerOptions = {
  ...admissionOptions,
  ...datagramOptions,
  ...handshakeOptions,
  ...familyOptions,
  ...tlsServerOptions,
  ...clientCertificateOptions,
  ...dtlsOptions,
  dtlsConnectionId: flag({
    default: true,
    help:
      "give clients that ask for it a connection id (RFC 9146), so that their address may change",
  }),
  maxHandshakes: integer({
    default: 512,
    min: 1,
    max: 1_000_000,
    help: "handshakes at once; clients that begin more have to try again",
  }),
} as const;

const { replyRatePerSecond: _unused, ...localDatagramOptions } = datagramOptions;

/** Options of `unixgram`. Replies stay on this machine, so there is no limit on their rate. */
export const unixgramOptions = localDatagramOptions;
