// A message in the body of a request: as text, or as bytes in base64.

import type { Message } from "../../core/session.ts";
import { Problem } from "./problem.ts";
import type { Schema } from "./schema.ts";

export const messageFields: Readonly<Record<string, Schema>> = {
  text: { type: "string", description: "The message, as UTF-8." },
  base64: { type: "string", description: "The message, as bytes." },
};

/** @throws {Problem} when it is not one of them, or no base64 */
export function messageIn(body: unknown): Message {
  const { text, base64 } = body as { readonly text?: string; readonly base64?: string };
  if ((text === undefined) === (base64 === undefined)) {
    throw new Problem(422, "the body needs either text or base64");
  }
  if (text !== undefined) return text;
  try {
    return Uint8Array.from(atob(base64!), (letter) => letter.charCodeAt(0));
  } catch {
    throw new Problem(422, "body.base64: expected base64 (RFC 4648), such as aGVsbG8=");
  }
}
