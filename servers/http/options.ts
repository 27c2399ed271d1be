// The options of all transports that serve HTTP, WebSockets included.

import {
  admissionOptions,
  backlogOptions,
  handshakeOptions,
  streamOptions,
} from "../../core/limits.ts";
import { about, duration, flag, type OptionValues, size } from "../../core/options/option.ts";
import { changeOptions } from "../../core/http/options.ts";
import { authenticationOptions, webGuardOptions } from "../access/options.ts";
import { familyOptions } from "../../core/addresses/resolve.ts";
import { listenerOptions } from "../listeners/options.ts";
import { tlsOptions } from "../tls/options.ts";

const requestOptions = about("http", {
  headerTimeoutMs: duration({
    default: 10_000,
    min: 1,
    allowNone: true,
    help: "close a connection that has not sent a whole request by then",
  }),
  keepAliveTimeoutMs: duration({
    default: 60_000,
    min: 1,
    allowNone: true,
    help: "close a connection that sends no further request for this long",
  }),
  bodyTimeoutMs: duration({
    default: 30_000,
    min: 1,
    allowNone: true,
    help: "give up a request whose body does not move for this long",
  }),
  maxBodyBytes: size({
    help: "largest body of a request; 10m, or what an application says that it takes",
  }),
  logRequests: flag({
    help: "tell of every request that was answered; without it only at a terminal",
  }),
});

export const httpOptions = {
  ...admissionOptions,
  maxConnections: streamOptions.maxConnections,
  ...backlogOptions,
  ...familyOptions,
  ...listenerOptions,
  ...requestOptions,
  ...webGuardOptions,
  ...authenticationOptions,
  ...changeOptions,
} as const;

export const httpsOptions = { ...httpOptions, ...handshakeOptions, ...tlsOptions } as const;

export const httpUnixOptions = {
  maxConnections: httpOptions.maxConnections,
  ...requestOptions,
  ...webGuardOptions,
  ...authenticationOptions,
  ...changeOptions,
} as const;

export type RequestLimits = OptionValues<typeof requestOptions>;

export type HttpLimits = OptionValues<typeof httpOptions>;
