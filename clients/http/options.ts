// Options of an HTTP request, shared by the library and the command line.

import { duration, flag, integer, size, text } from "../../core/options/option.ts";
import { routeOptions } from "../../core/client_options.ts";
import { tlsClientOptions } from "../tls/options.ts";

export const retryOptions = {
  retry: integer({
    default: 0,
    min: 0,
    max: 100,
    help: "how many times to try again when the network or the server fails for a while",
  }),
  retryDelayMs: duration({
    default: 1000,
    min: 1,
    help: "the first wait between two tries; it doubles each time, up to a minute",
  }),
  retryMaxTimeMs: duration({
    default: Infinity,
    min: 1,
    allowNone: true,
    help: "begin no further try after this time",
  }),
  retryAll: flag({
    help: "try requests again that may then happen twice, such as POST",
    negatable: false,
  }),
} as const;

export const proxyOptions = {
  proxy: text({
    short: "x",
    metavar: "url",
    suggestions: ["http://"],
    help: "go through this HTTP proxy, also to loopback; otherwise as http_proxy, https_proxy, " +
      "all_proxy and no_proxy say",
  }),
  noProxy: flag({ help: "use no proxy, whatever the environment says", negatable: false }),
  proxyUser: text({
    guard: true,
    short: "U",
    secret: true,
    metavar: "user[:password]",
    help: "basic authentication at the proxy; without a password it is asked for",
  }),
} as const;

/** Options of `fetchUrl` that are plain values, which the command line has too. */
export const fetchOptions = {
  ...routeOptions,
  ...tlsClientOptions,
  unixSocket: text({ metavar: "path", help: "connect to this Unix socket instead of the host" }),
  connectTimeoutMs: duration({ default: 10_000, min: 1, help: "how long to try to connect" }),
  maxTimeMs: duration({
    short: "m",
    default: Infinity,
    min: 1,
    allowNone: true,
    help: "how long the whole request may take, with all redirects and tries",
  }),
  maxRedirects: integer({
    default: 0,
    min: 0,
    max: 100,
    help: "how many redirects to follow",
  }),
  maxBodyBytes: size({
    default: 64 * 1024 * 1024,
    min: 0,
    help: "largest body to hold in memory",
  }),
  ...proxyOptions,
  ...retryOptions,
} as const;
