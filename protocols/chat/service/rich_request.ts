// Reads the requests of rich clients: one JSON object each, checked field by field (docs/chat.md).

import { byteLength } from "../../../core/session.ts";
import { RefusedError } from "../refused_error.ts";

/** The types of requests, as docs/chat.md lists them. */
export const REQUESTS = [
  "hello",
  "say",
  "join",
  "name",
  "rooms",
  "who",
  "history",
  "search",
  "msg",
  "kick",
  "ban",
  "ping",
  "quit",
] as const;

type RequestType = (typeof REQUESTS)[number];

const MAX_REF_BYTES = 64;

/** A JSON object, or undefined when the text is none. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

/** One request. Reading a field throws a RefusedError when it is of the wrong shape. */
export class RichRequest {
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.#fields = fields;
  }

  get type(): RequestType {
    const { type } = this.#fields;
    const known = REQUESTS.find((name) => name === type);
    if (known !== undefined) return known;
    if (typeof type !== "string") throw bad("type", "a text");
    throw new RefusedError("unknown-type", `there is no type ${JSON.stringify(type.slice(0, 32))}`);
  }

  /** The reference that the answer repeats; undefined when there is none, or it is too large. */
  get ref(): unknown {
    const { ref } = this.#fields;
    if (ref === undefined) return undefined;
    try {
      return byteLength(JSON.stringify(ref)) <= MAX_REF_BYTES ? ref : undefined;
    } catch {
      // It is nested too deeply for JSON.stringify.
      return undefined;
    }
  }

  /** @throws {RefusedError} when there is a ref that is too large */
  checkRef(): void {
    if (this.ref === undefined && this.#fields["ref"] !== undefined) {
      throw bad("ref", `at most ${MAX_REF_BYTES} bytes`);
    }
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null;
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== "string") throw bad(name, "a text");
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.has(name) ? this.text(name) : undefined;
  }

  /** A whole number, not negative. */
  optionalCount(name: string): number | undefined {
    if (!this.has(name)) return undefined;
    const value = this.#fields[name];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
      throw bad(name, "a whole number, not negative");
    }
    return value;
  }

  get id(): string | undefined {
    const id = this.optionalText("id");
    if (id === undefined || /^[A-Za-z0-9_-]{1,64}$/.test(id)) return id;
    throw bad("id", "1 to 64 of A-Z a-z 0-9 _ -");
  }

  get kind(): "say" | "me" {
    const kind = this.optionalText("kind") ?? "say";
    if (kind === "say" || kind === "me") return kind;
    throw bad("kind", "say or me");
  }

  /** In milliseconds since the epoch. */
  get sentAtMs(): number | undefined {
    const text = this.optionalText("sentAt");
    if (text === undefined) return undefined;
    const isTime = text.length <= 40 &&
      /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(text);
    const timeMs = isTime ? Date.parse(text.replace(",", ".")) : NaN;
    if (Number.isNaN(timeMs)) throw bad("sentAt", "a time as ISO 8601 in UTC");
    return timeMs;
  }
}

function bad(name: string, shape: string): RefusedError {
  return new RefusedError("bad-request", `${name}: expected ${shape}`);
}
