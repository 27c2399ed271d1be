// What http and https are held to.

import { admissionOptions, backlogOptions, streamOptions } from "../../core/limits.ts";
import { duration, type OptionValues, size } from "../../core/options/option.ts";
import { familyOptions } from "../../core/addresses/resolve.ts";
import { authenticationOptions } from "./authentication.ts";
import { webGuardOptions } from "./host_guard.ts";

/** Limits on requests. */
export const requestOptions = {
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

/** The options of every HTTP transport. */
export const httpOptions = {
  ...admissionOptions,
  maxConnections: streamOptions.maxConnections,
  ...backlogOptions,
  ...familyOptions,
  ...requestOptions,
  ...webGuardOptions,
  ...authenticationOptions,
} as const;

/** The values of `requestOptions`. */
export type RequestLimits = OptionValues<typeof requestOptions>;

/** The values of `httpOptions`. */
export type HttpLimits = OptionValues<typeof httpOptions>;
