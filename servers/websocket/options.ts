// Options of WebSocket servers. This file loads no WebSockets, because the command line reads the
// tables for servers that it never starts.

import { familyOptions } from "../../core/addresses/resolve.ts";
import {
  admissionOptions,
  backlogOptions,
  handshakeOptions,
  streamOptions,
} from "../../core/limits.ts";
import { agreementOptions, keepaliveOptions } from "../../core/websocket/options.ts";
import { authenticationOptions, webGuardOptions } from "../access/options.ts";
import { tlsOptions } from "../tls/options.ts";

export const webSocketOptions = {
  ...admissionOptions,
  ...streamOptions,
  ...backlogOptions,
  ...handshakeOptions,
  ...familyOptions,
  ...webGuardOptions,
  ...authenticationOptions,
  ...agreementOptions,
  ...keepaliveOptions,
} as const;

export const webSocketTlsOptions = { ...webSocketOptions, ...tlsOptions } as const;
