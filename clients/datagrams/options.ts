// Options of clients on UDP, DTLS and Unix datagrams. This file loads none of these transports,
// because the command line reads the tables for sockets that it never opens.

import { clientOptions, routeOptions } from "../../core/client_options.ts";
import { groupSenderOptions } from "../../core/datagrams/group_address.ts";
import { flag, text } from "../../core/options/option.ts";
import { dtlsOptions } from "../../layers/dtls/options.ts";
import { tlsClientOptions } from "../tls/options.ts";

export const udpOptions = { ...routeOptions, ...groupSenderOptions, ...clientOptions } as const;

export const dtlsClientOptions = {
  ...routeOptions,
  ...tlsClientOptions,
  ...dtlsOptions,
  dtlsConnectionId: flag({
    help:
      "ask for a connection id (RFC 9146), by which the session outlives a change of our address",
  }),
  pskIdentity: text({
    metavar: "name",
    help: "which key of --psk-file to use, when it holds several",
  }),
  ...clientOptions,
} as const;

export const unixgramOptions = {
  ...clientOptions,
  localPath: text({
    metavar: "path",
    help: "bind our own Unix datagram socket here, where the answers arrive",
  }),
} as const;
