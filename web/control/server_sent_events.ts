// Events as server-sent events (WHATWG HTML 9.2).

import type { StreamWriter, Told } from "./event_stream.ts";

const encoder = new TextEncoder();
const COMMENT = encoder.encode(":\n\n");

export const serverSentEvents: StreamWriter = {
  start: () => COMMENT,
  alive: () => COMMENT,
  write: (told) => encoder.encode(told.map(textOf).join("")),
};

function textOf(told: Told): string {
  if ("missed" in told) return block("missed", { missed: told.missed });
  if ("leftOut" in told) return block("left-out", { leftOut: told.leftOut });
  return `id: ${told.id}\nevent: ${told.event.event}\ndata: ${told.json}\n\n`;
}

function block(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
