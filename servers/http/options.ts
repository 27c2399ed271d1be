// The options of all transports that serve HTTP, WebSockets included.

import {
  admissionOptions,
  backlogOptions,
  handshakeOptions,
  streamOptions,
} from "../../core/limits.ts";
import { duration, type OptionValues, size, text } from "../../core/options/option.ts";
import { familyOptions } from "../../core/addresses/resolve.ts";
import { tlsOptions } from "../tls/options.ts";

/** Options of authentication. Without any of them every client is admitted. */
export const authenticationOptions = {
  auth: text({
    guard: true,
    metavar: "user:password",
    help: "let in this user; better as SOCKDOCK_AUTH, which other users cannot see",
  }),
  authFile: text({
    guard: true,
    metavar: "file",
    help: "let in the users of this file: lines of user:hash, from sockdock key password",
  }),
  authToken: text({
    guard: true,
    metavar: "token",
    help: "let in whoever has this bearer token; better as SOCKDOCK_AUTH_TOKEN",
  }),
  authTokenFile: text({
    guard: true,
    metavar: "file",
    help: "let in whoever has a bearer token of this file: lines of token or name:token",
  }),
  realm: text({
    metavar: "name",
    default: "sockdock",
    help: "what a browser says the password is for",
  }),
} as const;

export type AuthenticationLimits = OptionValues<typeof authenticationOptions>;

/** Options of every transport that browsers can reach. */
export const webGuardOptions = {
  allowHost: text.many({
    metavar: "host",
    help: "serve requests for this host name too, written without its port (* is any)",
  }),
  allowOrigin: text.many({
    metavar: "origin",
    help: "let pages of this origin open WebSockets and change things (* is any)",
  }),
} as const;

export type WebGuardLimits = OptionValues<typeof webGuardOptions>;

const requestOptions = {
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
} as const;

export const httpOptions = {
  ...admissionOptions,
  maxConnections: streamOptions.maxConnections,
  ...backlogOptions,
  ...familyOptions,
  ...requestOptions,
  ...webGuardOptions,
  ...authenticationOptions,
} as const;

export const httpsOptions = { ...httpOptions, ...handshakeOptions, ...tlsOptions } as const;

export const httpUnixOptions = {
  maxConnections: httpOptions.maxConnections,
  ...requestOptions,
  ...webGuardOptions,
  ...authenticationOptions,
} as const;

export type RequestLimits = OptionValues<typeof requestOptions>;

export type HttpLimits = OptionValues<typeof httpOptions>;
