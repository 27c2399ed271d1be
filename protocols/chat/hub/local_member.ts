// Somebody in the chat: how it is spoken to, and what it may do.

import type { Identity } from "../../../core/session.ts";
import { type Batch, type Edit, editedBytes, type Lines } from "../delivery/batch.ts";
import type { ChatMessage, Standing } from "../message.ts";
import type { Outbox } from "../delivery/outbox.ts";
import type { LocalRoom } from "./local_room.ts";
import type { TokenBucket } from "../admission/token_bucket.ts";

/** What the lines of a member look like. */
export type Wire = "plain" | "rich";

/** Lines that came while a member was still reading the history, and what message each is. */
interface Held {
  readonly line: string;
  readonly message: ChatMessage | undefined;
}

/** What waits while a member reads the history. */
const MAX_HELD = 4096;

/** What a member is made of. */
export interface LocalMemberOptions {
  /** Undefined for whoever sits at the terminal of the server: it sees all rooms anyway. */
  readonly outbox: Outbox | undefined;
  /** Whether its messages leave one by one and as text, as in the frames of a WebSocket. */
  readonly asText: boolean;
  readonly bucket: TokenBucket;
  readonly identity: Identity | undefined;
  /** Their host, where many do not share it. */
  readonly host: string | undefined;
  /** Where a datagram comes from that proves nothing, the host that it claims. */
  readonly claimedHost: string | undefined;
  /** How many old messages it may be given at once, and how many bytes of them. */
  readonly historyLimit: number;
  readonly historyBytes: number;
  /** Shows a line that is for the terminal of the server alone. */
  readonly show?: (line: string) => void;
  /** Ends its session. */
  readonly close: (reason: string) => void;
}

/** One member. */
export class LocalMember {
  readonly options: LocalMemberOptions;
  wire: Wire = "plain";
  /** Whether its datagrams end with LF, as netcat's do: then ours do, or its lines would run
   * together. */
  endsLines = false;
  /** Empty until it is in a room. */
  name = "";
  standing: Standing = "plain";
  isOperator = false;
  room: LocalRoom | undefined;
  /** Its session is over, or about to be. */
  gone = false;
  /** When it last said or asked something, in milliseconds. */
  heardAtMs = 0;
  /** Messages of its own that are not stored yet. */
  unstored = 0;
  /** Settles when the last of them is answered. */
  answered: Promise<void> = Promise.resolve();
  /** When it was last told that it is too fast. */
  toldTooFastAtMs = -Infinity;
  /** What is different for it in its room's batch. */
  #edits: Edit[] = [];
  #held: Held[] | undefined;
  #heldMissed = 0;

  constructor(options: LocalMemberOptions) {
    this.options = options;
  }

  /** Tells it alone something, after all that happened before in its room. */
  tell(line: string): void {
    if (this.options.show !== undefined) return this.options.show(line);
    if (this.room === undefined) return this.#send(line);
    this.#edits.push({ at: this.room.batch.count, add: line });
    this.room.touched(this);
  }

  /** Leaves the line that is added next to its room out for it. */
  skipNext(): void {
    if (this.options.outbox === undefined || this.room === undefined) return;
    this.#edits.push({ at: this.room.batch.count, add: null });
    this.room.touched(this);
  }

  /** Hands over what happened in its room, and what it alone is told. */
  deliver(batch: Batch): void {
    const { outbox } = this.options;
    const edits = this.#edits;
    if (edits.length > 0) this.#edits = [];
    if (outbox === undefined) return;
    const lines = this.wire === "rich" ? batch.rich : batch.plain;
    if (lines === undefined) return;
    if (this.#held !== undefined) {
      this.#eachLine(lines, edits, (line, at) => this.#hold(line, at, batch));
    } else if (!outbox.takesLines) {
      this.#eachLine(lines, edits, (line, at) => {
        if (this.options.asText || at === undefined) this.#send(line);
        else outbox.send(lines.line(at, this.endsLines));
      });
    } else if (edits.length === 0) {
      outbox.sendLines(lines.bytes, lines.texts.length);
    } else {
      const { bytes, count } = editedBytes(lines, edits);
      outbox.sendLines(bytes, count);
    }
  }

  /** Keeps what happens back until `release`, so that the history comes before it. */
  hold(): void {
    this.room?.flush();
    this.#held = [];
    this.#heldMissed = 0;
  }

  /** Sends a line before what is held back. */
  tellBefore(line: string): void {
    this.#send(line);
  }

  /** The ids of the messages that are held back. */
  heldIds(): ReadonlySet<string> {
    this.room?.flush();
    return new Set(this.#held?.flatMap(({ message }) => message === undefined ? [] : [message.id]));
  }

  /** Sends what was held back.
   * @param isShown whether the history held a message
   * @returns how many lines there was no room to hold */
  release(isShown: (message: ChatMessage) => boolean): number {
    this.room?.flush();
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { line, message } of held) {
      if (message === undefined || !isShown(message)) this.#send(line);
    }
    return this.#heldMissed;
  }

  #hold(line: string, at: number | undefined, batch: Batch): void {
    if (this.#held!.length >= MAX_HELD) {
      this.#heldMissed++;
      return;
    }
    this.#held!.push({ line, message: at === undefined ? undefined : batch.messages[at] });
  }

  #send(line: string): void {
    this.options.outbox?.send(this.endsLines ? `${line}\n` : line);
  }

  #eachLine(
    { texts }: Lines,
    edits: readonly Edit[],
    take: (line: string, at?: number) => void,
  ): void {
    let next = 0;
    for (const { at, add } of edits) {
      for (; next < at; next++) take(texts[next]!, next);
      if (add === null) next++;
      else take(add);
    }
    for (; next < texts.length; next++) take(texts[next]!, next);
  }
}
