// The last answer on a connection, for a request that is refused before any application could see
// it, and the end of the connection after it.

import { Buffer } from "node:buffer";
import type { Connection } from "../../../core/connection.ts";
import { plainResponse } from "../../../core/http/plain_response.ts";
import type { Input } from "./input.ts";
import { outgoing } from "./outgoing.ts";

/** The most that is read after the last answer. Closing with unread input would reset the
 * connection, which can destroy the answer on its way (RFC 9112 9.6). */
const MAX_LINGERING_BYTES = 16 * 1024 * 1024;

/** The longest that a client is read from after its last answer, however much it sends. */
const MAX_LINGERING_MS = 30_000;

interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Of the request, where it could be read. */
  readonly method?: string;
  readonly nowMs: number;
}

/** A whole answer with one line of text. */
export function refusalBytes(
  { status, message, fields, method = "GET", nowMs }: Refusal,
): Uint8Array {
  const response = plainResponse(status, message, fields);
  const asked = { method, version: "1.1", keepAlive: false, nowMs } as const;
  const { head, body } = outgoing(response, asked);
  return Buffer.concat([
    Buffer.from(head, "latin1"),
    typeof body === "string" ? Buffer.from(body) : new Uint8Array(0),
  ]);
}

/** Ends our half, and reads what the client still sends until it has read the last answer. The
 * caller limits the time in which nothing comes.
 * @param moved called whenever something came */
export async function linger(
  connection: Connection,
  input: Input,
  moved: () => void = () => {},
): Promise<void> {
  const endMs = performance.now() + MAX_LINGERING_MS;
  try {
    await connection.closeWrite();
    const buffer = new Uint8Array(4096);
    for (let left = MAX_LINGERING_BYTES; left > 0 && performance.now() < endMs;) {
      left -= (await input.read(buffer)) ?? left;
      moved();
    }
  } catch {
    // The client has left.
  }
}
