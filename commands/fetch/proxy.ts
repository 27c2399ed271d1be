// Proxies of `sockdock fetch`: the variables that every client on a machine reads.

import type { ProxyRules } from "../../clients/http/proxy.ts";

/** What the environment says. Upper-case HTTP_PROXY is not read: a web server hands a visitor's
 * header of the name Proxy to the programs it starts as a variable of that name. */
export function proxiesFromEnvironment(): ProxyRules {
  return {
    http: read("http_proxy"),
    https: read("https_proxy"),
    all: read("all_proxy"),
    no: read("no_proxy"),
  };
}

function read(name: string): string | undefined {
  try {
    return Deno.env.get(name) || undefined;
  } catch (error) {
    // Whoever runs us did not let us look, and so wants none.
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}
