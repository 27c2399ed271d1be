// Short responses in plain text, which every application uses.

import { ReadyAnswer, type ReadyStatus } from "./ready_answer.ts";

type Fields = Readonly<Record<string, string>>;

/** A response with one line of text; the newline is added here. */
export function plainResponse(status: number, text: string, headers: Fields = {}): Response {
  return new Response(`${text}\n`, { status, headers: { ...PLAIN, ...headers } });
}

/** The same response, ready. */
export function plainReadyAnswer(
  status: ReadyStatus,
  text: string,
  headers: Fields = {},
): ReadyAnswer {
  const body = new TextEncoder().encode(`${text}\n`);
  const { length } = body;
  return new ReadyAnswer({ status, headers: { ...PLAIN, ...headers }, body, length });
}

const PLAIN: Fields = {
  "content-type": "text/plain; charset=utf-8",
  "x-content-type-options": "nosniff",
};
