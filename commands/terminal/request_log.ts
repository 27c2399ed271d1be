// The line of a request that was answered: in the Common Log Format, which web servers have written
// since NCSA httpd and log analysers read, or as JSON.

import type { ServerEvent } from "../../core/event.ts";
import { eventJson } from "../../core/event_json.ts";
import { printable } from "./printable.ts";

export type LogFormat = "common" | "json";

type RequestEvent = ServerEvent & { readonly event: "request" };

export function requestLine(event: RequestEvent, format: LogFormat): string {
  return format === "json" ? JSON.stringify(eventJson(event)) : commonLine(event);
}

function commonLine(
  { peer, user = "-", time, method, path, httpVersion, status, bytes }: RequestEvent,
): string {
  const host = peer.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  const version = httpVersion === undefined ? "" : ` HTTP/${httpVersion}`;
  const request = `${method} ${path}${version}`.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return `${printable(host)} - ${printable(user).replaceAll(" ", "_")} [${commonTime(time)}] ` +
    `"${printable(request)}" ${status} ${bytes}`;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `29/Nov/2026:21:18:18 +0000` */
function commonTime(iso: string): string {
  const [date = "", clock = ""] = iso.split("T");
  const [year, month, day] = date.split("-");
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${clock.slice(0, 8)} +0000`;
}
