// A batch: what happened in a room since its members were last told. Each line is written once as
// text and once as bytes, and all members share them.

import type { ChatMessage } from "../message.ts";
import { cutLine } from "./cut_line.ts";

const FIRST_BYTES = 512;

const encoder = new TextEncoder();

/** The lines of one wire: each as text, and all of them as bytes that follow one another. */
export class Lines {
  readonly texts: string[] = [];
  /** The offset of each line in the bytes, and the end of the last. */
  readonly offsets: number[] = [0];
  #buffer = new Uint8Array(FIRST_BYTES);
  #length = 0;
  /** Views of single lines, with their LF and without. Made for the first member that needs one and
   * shared by all: a view for each of thousands of members would take more memory than the text. */
  readonly #ended: Uint8Array[] = [];
  readonly #bare: Uint8Array[] = [];
  readonly #cutEnded: Uint8Array[] = [];
  readonly #cutBare: Uint8Array[] = [];

  add(text: string): void {
    this.texts.push(text);
    // A character of UTF-16 is three bytes of UTF-8 at most; one more is for LF.
    const needed = this.#length + text.length * 3 + 1;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = larger;
    }
    this.#length += encoder.encodeInto(text, this.#buffer.subarray(this.#length)).written;
    this.#buffer[this.#length++] = 10;
    this.offsets.push(this.#length);
  }

  get length(): number {
    return this.#length;
  }

  /** All lines, each with its LF. Nothing changes these bytes any more. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /** One line, with its LF or without. To be asked for only once no more lines are added.
   * @param belowBytes where to cut it; the same for all members that have it cut */
  line(at: number, withEnd: boolean, belowBytes: number): Uint8Array {
    const length = this.offsets[at + 1]! - this.offsets[at]!;
    if (length >= belowBytes) return this.#cut(at, withEnd, belowBytes);
    return (withEnd ? this.#ended : this.#bare)[at] ??= this.#buffer.subarray(
      this.offsets[at]!,
      this.offsets[at + 1]! - (withEnd ? 0 : 1),
    );
  }

  #cut(at: number, withEnd: boolean, belowBytes: number): Uint8Array {
    const end = withEnd ? "\n" : "";
    return (withEnd ? this.#cutEnded : this.#cutBare)[at] ??= encoder.encode(
      cutLine(this.texts[at]!, belowBytes - end.length) + end,
    );
  }
}

/** A difference between what one member gets and the batch: a line of its own before the line `at`,
 * or the line `at` left out. */
export interface Edit {
  readonly at: number;
  /** Null where the line is left out. */
  readonly add: string | null;
}

/** The lines of a room, on each wire that a member there uses. */
export class Batch {
  readonly plain: Lines | undefined;
  readonly rich: Lines | undefined;
  /** The message of each line that is one, for members that are still given the history. */
  readonly messages: (ChatMessage | undefined)[] = [];

  constructor(hasPlain: boolean, hasRich: boolean) {
    if (hasPlain) this.plain = new Lines();
    if (hasRich) this.rich = new Lines();
  }

  get count(): number {
    return this.messages.length;
  }

  get bytes(): number {
    return (this.plain?.length ?? 0) + (this.rich?.length ?? 0);
  }

  /** Adds a line. It is not made for a wire that no member uses. */
  add(plain: () => string, rich: () => string, message?: ChatMessage): void {
    this.plain?.add(plain());
    this.rich?.add(rich());
    this.messages.push(message);
  }
}

/** The lines of a batch as one member gets them, as bytes with the LF of each, and how many. */
export function editedBytes(
  lines: Lines,
  edits: readonly Edit[],
): { readonly bytes: Uint8Array; readonly count: number } {
  const parts: Uint8Array[] = [];
  const whole = lines.bytes;
  let count = lines.texts.length;
  let from = 0;
  let size = 0;
  const take = (part: Uint8Array) => {
    if (part.length === 0) return;
    parts.push(part);
    size += part.length;
  };
  for (const { at, add } of edits) {
    take(whole.subarray(from, lines.offsets[at]!));
    from = lines.offsets[at]!;
    if (add === null) {
      from = lines.offsets[at + 1]!;
      count--;
    } else {
      take(encoder.encode(`${add}\n`));
      count++;
    }
  }
  take(whole.subarray(from));
  if (parts.length === 1) return { bytes: parts[0]!, count };
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return { bytes, count };
}
