// The option `--local host:port`: the local address of a client's socket.

import { about, text } from "../options/option.ts";
import { UsageError } from "../usage_error.ts";

export const localOptions = about("addresses", {
  local: text({ metavar: "host:port", help: "dial from this address; port 0 is any free one" }),
});

/** Reads `host:port`, `host`, `:port` or `[ipv6]:port`.
 * @throws {UsageError} naming the value */
export function parseLocal(written: string): { hostname: string | undefined; port: number } {
  const match = /^(?:\[([0-9a-f:.%\w]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/i.exec(written);
  const port = Number(match?.[3] ?? 0);
  const hostname = match?.[1] ?? match?.[2];
  if (match === null || port > 65535 || written === "") {
    throw new UsageError(
      `--local: expected an address such as 127.0.0.1:5000 or [::1]:0, got "${written}"`,
    );
  }
  return { hostname: hostname === "" ? undefined : hostname, port };
}
