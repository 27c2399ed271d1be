// The error of a request that the chat refuses: a code for programs and a sentence for people.

/** The codes of the protocol (docs/chat.md). */
export const REFUSALS = [
  "bad-request",
  "unknown-type",
  "name-taken",
  "name-refused",
  "room-refused",
  "room-full",
  "too-many-rooms",
  "text-refused",
  "too-long",
  "too-fast",
  "no-such-member",
  "not-an-operator",
  "not-stored",
  "not-readable",
  "banned",
  "version",
] as const;

type ChatRefusalCode = (typeof REFUSALS)[number];

/** A request that the chat refuses. The client that asked is told, as JSON or as a line of text. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code: ChatRefusalCode;

  constructor(code: ChatRefusalCode, text: string) {
    super(text);
    this.code = code;
  }
}
