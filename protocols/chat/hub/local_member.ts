// A member of a chat on this node: its name and rights, and how what happens in its room reaches it.

import type { Identity, SessionOrigin } from "../../../core/session.ts";
import type { TokenBucket } from "../admission/token_bucket.ts";
import { type Batch, type Edit, editedBytes, type Lines } from "../delivery/batch.ts";
import { cutLine } from "../delivery/cut_line.ts";
import type { Outbox } from "../delivery/outbox.ts";
import type { ChatMessage, Standing } from "../message.ts";
import type { LocalRoom } from "./local_room.ts";
import type { ShownHistory } from "./shown_history.ts";

/** How a member is spoken to: in lines of text, or in JSON objects. */
type Wire = "plain" | "rich";

/** A line that came while a member was still given the history, and the message that it is. */
interface Held {
  readonly line: string;
  readonly message: ChatMessage | undefined;
}

/** How many lines may wait while a member is given the history. */
const MAX_HELD = 4096;

/** The session of a member, as the hub sees it, and the limits that hold for it. */
interface LocalMemberOptions {
  /** Its session; undefined for the terminal of the server. */
  readonly session: SessionOrigin | undefined;
  /** Undefined for the terminal of the server, which shows all rooms anyway. */
  readonly outbox: Outbox | undefined;
  /** Whether each line leaves by itself and as text, as in a frame of a WebSocket. */
  readonly asText: boolean;
  readonly bucket: TokenBucket;
  readonly identity: Identity | undefined;
  /** Its host, unless many clients share it, as they do loopback and a Unix socket. */
  readonly host: string | undefined;
  /** The source host of a datagram client that nothing proves; it may be forged. */
  readonly claimedHost: string | undefined;
  /** The host of a datagram client without proof of its identity, by which its ghost is known. */
  readonly ghostHost: string | undefined;
  /** How many old messages it may be given at once, and how many bytes of them. */
  readonly historyLimit: number;
  readonly historyBytes: number;
  /** How many bytes of old messages one answer may hold. */
  readonly answerBytes: number;
  /** Below how many bytes a line is cut for it, as a plain client. */
  readonly plainMaxBytes: number;
  /** How many names or rooms one answer may list. */
  readonly listLimit: number;
  /** Whether it is sent one page when it comes back, since more of them at once would get lost. */
  readonly onePage: boolean;
  /** Shows a line at the terminal of the server; only there. */
  readonly show?: (line: string) => void;
  readonly close: (reason: string) => void;
}

/** A member, which is in one room at most. */
export class LocalMember {
  readonly options: LocalMemberOptions;
  wire: Wire = "plain";
  /** Whether its datagrams end with LF, as netcat's do. Then ours do too, or what it shows would run
   * together on one line. */
  endsLines = false;
  /** Empty until it is in a room. */
  name = "";
  standing: Standing = "plain";
  isOperator = false;
  room: LocalRoom | undefined;
  /** Whether its session is over, or about to be. */
  gone = false;
  /** When it last said or asked something, in milliseconds. */
  heardAtMs = 0;
  /** How many messages of this member are not stored yet. */
  unstored = 0;
  /** Settles when the last of the unstored messages is answered. */
  answered: Promise<void> = Promise.resolve();
  /** When it was last told that it is too fast. */
  toldTooFastAtMs = -Infinity;
  /** The differences between what it gets and the batch of its room. */
  #edits: Edit[] = [];
  #held: Held[] | undefined;
  #heldMissed = 0;
  /** What the history has shown it. A log may hand a message out as history before it delivers it. */
  #shown: ShownHistory | undefined;

  constructor(options: LocalMemberOptions) {
    this.options = options;
  }

  /** Tells this member alone something, after all that happened before in its room. */
  tell(line: string): void {
    if (this.options.show !== undefined) return this.options.show(line);
    if (this.room === undefined) return this.#send(line);
    this.#edits.push({ at: this.room.batch.count, add: line });
    this.room.touched(this);
  }

  /** Leaves out, for this member, the line that is added next to its room. */
  skipNext(): void {
    if (this.options.outbox === undefined || this.room === undefined) return;
    this.#edits.push({ at: this.room.batch.count, add: null });
    this.room.touched(this);
  }

  /** Sends what happened in its room, and what this member alone is told. */
  deliver(batch: Batch): void {
    const { outbox } = this.options;
    let edits = this.#edits;
    if (edits.length > 0) this.#edits = [];
    if (outbox === undefined) return;
    const lines = this.wire === "rich" ? batch.rich : batch.plain;
    if (lines === undefined) return;
    if (this.#shown !== undefined && this.#held === undefined) {
      edits = this.#leaveOutShown(edits, batch);
    }
    if (this.#held !== undefined) {
      this.#eachLine(lines, edits, (line, at) => this.#hold(line, at, batch));
    } else if (!outbox.takesLines) {
      this.#eachLine(lines, edits, (line, at) => {
        if (this.options.asText || at === undefined) this.#send(line);
        else outbox.send(lines.line(at, this.endsLines, this.#cutBelowBytes));
      });
    } else if (edits.length === 0) {
      outbox.sendLines(lines.bytes, lines.texts.length);
    } else {
      const { bytes, count } = editedBytes(lines, edits);
      outbox.sendLines(bytes, count);
    }
  }

  /** Holds back what happens until `release`, so that the history comes before it. */
  hold(): void {
    this.room?.flush();
    this.#held = [];
    this.#heldMissed = 0;
  }

  /** Sends a line before what is held back. */
  tellBefore(line: string): void {
    this.#send(line);
  }

  /** Sends what was held back, without what the history has shown already; that is left out of what
   * comes later too.
   * @returns how many lines there was no room to hold */
  release(shown: ShownHistory | undefined): number {
    this.room?.flush();
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#shown = shown ?? this.#shown;
    for (const { line, message } of held) {
      if (message !== undefined && this.#isShown(message)) continue;
      this.#send(line);
    }
    return this.#heldMissed;
  }

  /** Whether the history has shown a message. A log delivers in its order, so that after the first
   * message that is none of the history there comes none any more. */
  #isShown(message: ChatMessage): boolean {
    if (this.#shown?.has(message)) return true;
    this.#shown = undefined;
    return false;
  }

  #leaveOutShown(edits: readonly Edit[], { messages }: Batch): Edit[] {
    const left = messages.flatMap((message, at): Edit[] =>
      message !== undefined && this.#isShown(message) ? [{ at, add: null }] : []
    );
    // What is added at a place stands before the line there, and sorting keeps that order.
    return left.length === 0 ? [...edits] : [...edits, ...left].sort((one, two) => one.at - two.at);
  }

  #hold(line: string, at: number | undefined, batch: Batch): void {
    if (this.#held!.length >= MAX_HELD) {
      this.#heldMissed++;
      return;
    }
    this.#held!.push({ line, message: at === undefined ? undefined : batch.messages[at] });
  }

  #send(line: string): void {
    const end = this.endsLines ? "\n" : "";
    this.options.outbox?.send(cutLine(line, this.#cutBelowBytes - end.length) + end);
  }

  get #cutBelowBytes(): number {
    return this.wire === "plain" ? this.options.plainMaxBytes : Infinity;
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
