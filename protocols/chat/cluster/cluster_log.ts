// The log of a chat that several nodes share. The broker's stream is the one order; this file says
// when a message goes there, when it stays here for now, and why no member sees it twice.
//
// - **Live.** A message is put into the stream under its id, and comes back to us as to every other
//   node. It is stored with its place, shown, and only then acknowledged as `stored`, once the broker
//   has acknowledged it too.
// - **Away.** There is no broker, or it did not answer in time. A message is stored as owed, shown to
//   our own members and acknowledged as `local`. What was under way when the broker went becomes owed
//   first, in its order.
// - **Returning.** We read the stream to its end, then put into it what we owe, in its order. What is
//   said meanwhile is owed too; for the last few it is held back instead, so that this ends. Then we
//   are live again.
//
// Why every message is shown once, whatever happens in between:
//
// An id may be put into the stream twice. We put it there, the acknowledgement was lost, and we put
// it there again on return. Reading to the end first finds most of these: the store then knows the id
// with its place and owes it no more. A copy that was still on its way (in the buffers of the old
// connection, or of a broker that stood still) comes after that reading; the broker's window for
// `Nats-Msg-Id` turns one of the two down when they come within it. Neither is enough by itself, and
// neither is relied upon. What holds is the rule of reading: **of several messages with one id the
// first in the stream counts, and every later one is passed over**, because the store says
// `duplicate`. All nodes read one stream in one order, so that all pass over the same ones, however
// far apart they are. The rule lasts for as long as a store keeps the id (its retention), which is
// how long the message can be shown at all.
//
// The call that stores an id first shows the message: `store.append` answers in the order of the
// calls, exactly one of them is not a duplicate, and that one delivers. So a message that was shown
// as local is not shown again when it comes with its place, and a message that comes while it is
// being made owed is shown by one of the two.
//
// Why none is lost: the position is written together with the messages that it covers, in one
// `append`; what is owed is owed until it was read out of the stream.
//
// Long, because all of this depends on one state and one order of calls.

import { errorText } from "../../../core/event.ts";
import { type ChatLog, type LogHooks, type LostSpan, lostSpanText, type Receipt } from "../log.ts";
import type { ChatMessage, NewMessage } from "../message.ts";
import type { ChatStore, StoreResult } from "../store.ts";
import { basePlace, parsePosition, type Position } from "./place.ts";
import { parseSpans, stampMs, withSpan } from "./lost_span.ts";
import { decodeRecord, encodeRecord, isShift, readObject } from "./record.ts";
import type { Arrival, JetStreamLink, Stored } from "./jetstream_link.ts";
import type { Subjects } from "./subjects.ts";

/** How much is stored or sent at once. */
const BATCH = 256;
/** How many messages may be under way; more are refused. */
const MAX_PENDING = 10_000;
/** How many messages may wait for the broker's return, counted from when we started. */
const MAX_OWED = 100_000;

/** A message of this node that was put into the stream, or will be in a moment. */
interface PendingMessage {
  readonly message: NewMessage;
  readonly record: Uint8Array;
  readonly sinceMs: number;
  readonly receipt: PromiseWithResolvers<Receipt>;
  isSent: boolean;
  isAcknowledged: boolean;
  /** The answer of the store when the message was read out of the stream. */
  result: StoreResult | undefined;
}

interface ClusterLogOptions {
  readonly store: ChatStore;
  readonly hooks: LogHooks;
  readonly subjects: Subjects;
  /** Under which key the position is kept. */
  readonly noteKey: string;
  /** How long the broker may take for one message. */
  readonly ackTimeoutMs: number;
}

/** The reason for which a link ends though the broker is well: our own history takes no messages. */
export class HistoryFailedError extends Error {
  override readonly name = "HistoryFailedError";
}

export class ClusterLog implements ChatLog {
  readonly #options: ClusterLogOptions;
  readonly #store: ChatStore;
  readonly #hooks: LogHooks;
  #position: Position;
  #link: JetStreamLink | undefined;
  /** Where a new message goes: to the broker, into a short wait, or into the store as owed. */
  #state: "live" | "held" | "away" = "away";
  readonly #pending = new Map<string, PendingMessage>();
  #watch: ReturnType<typeof setTimeout> | undefined;
  /** Grows with every call that stores something as owed. */
  #owings = 0;
  #owed = 0;
  readonly #storing = new Set<Promise<void>>();
  #readers: { readonly seq: number; readonly resolve: () => void }[] = [];
  #isDisposed = false;
  #skipped = 0;
  /** The spans that are known to members, and one that the link has not got past yet. */
  #lost: readonly LostSpan[];
  #losing: LostSpan | undefined;

  private constructor(
    options: ClusterLogOptions,
    position: Position,
    lost: readonly LostSpan[],
  ) {
    this.#options = options;
    this.#store = options.store;
    this.#hooks = options.hooks;
    this.#position = position;
    this.#lost = lost;
  }

  /** Opens the log at the position that the node has reached. */
  static async open(options: ClusterLogOptions): Promise<ClusterLog> {
    const { store, noteKey } = options;
    const position = parsePosition(await store.note(noteKey));
    // Without a cluster, or in another one, the same file may have given places above ours.
    const top = Math.max(position.top, await store.highest());
    const lost = parseSpans(await store.note(`${noteKey} lost`));
    return new ClusterLog(options, { ...position, top }, lost);
  }

  /** Up to which sequence the stream was read. */
  get read(): number {
    return this.#position.seq;
  }

  /** How many messages of the stream could not be read since the start, and were passed over. */
  get skipped(): number {
    return this.#skipped;
  }

  append(message: NewMessage): Promise<Receipt> {
    let record: Uint8Array;
    try {
      if (this.#isDisposed) throw new Error("Cannot store a message: the chat has ended");
      record = encodeRecord(message, this.#position.shift);
    } catch (error) {
      return Promise.reject(error);
    }
    const same = this.#pending.get(message.id);
    if (same !== undefined) {
      return same.receipt.promise.then((receipt) => ({ ...receipt, duplicate: true }));
    }
    const pending: PendingMessage = {
      message,
      record,
      sinceMs: performance.now(),
      receipt: Promise.withResolvers(),
      isSent: false,
      isAcknowledged: false,
      result: undefined,
    };
    if (this.#state === "away") {
      this.#owe([pending]);
    } else if (this.#pending.size >= MAX_PENDING) {
      pending.receipt.reject(
        new Error(`Cannot store a message: ${MAX_PENDING} are on their way to the broker`),
      );
    } else {
      this.#pending.set(message.id, pending);
      this.#watchPending();
      if (this.#state === "live") this.#send(pending);
    }
    return pending.receipt.promise;
  }

  last(room: string, count: number, before?: number): Promise<readonly ChatMessage[]> {
    return this.#store.last(room, count, before);
  }

  after(room: string, seq: number, count: number): Promise<readonly ChatMessage[]> {
    return this.#store.after(room, seq, count);
  }

  search(room: string, words: string, count: number): Promise<readonly ChatMessage[]> {
    return this.#store.search(room, words, count);
  }

  lostAfter(seq: number): readonly LostSpan[] {
    return this.#lost.filter(({ before }) => before > seq);
  }

  /** Reads the stream and puts messages into it until the link is dead.
   * @param live called once everything is shared and messages go to the broker, with how many were
   *   owed
   * @returns why it ended */
  async follow(link: JetStreamLink, live: (shared: number) => void): Promise<Error> {
    this.#link = link;
    try {
      await link.start(this.#begin(link));
      const reading = this.#read(link);
      const sharing = this.#share(link).then((shared) => {
        if (shared !== undefined) live(shared);
      });
      for (const work of [reading, sharing]) work.catch((error) => this.#drop(link, error));
      link.ended.then(() => this.#leave(link));
      await Promise.allSettled([reading, sharing]);
    } catch (error) {
      this.#drop(link, error);
    }
    this.#leave(link);
    return await link.ended;
  }

  /** What is under way becomes owed, is stored and acknowledged as local. The store stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    if (this.#link !== undefined) this.#drop(this.#link, new Error("the chat has ended"));
    await Promise.all(this.#storing);
  }

  /** Where to begin to read, after checking whether this is the stream that we know. */
  #begin(link: JetStreamLink): number {
    const { created, seq, top } = this.#position;
    if (created !== link.created) {
      if (created !== "") {
        this.#hooks.notice(
          "the broker has a new history: what it had before is gone there, and stays only in the " +
            "history of each node",
        );
      }
      this.#position = { created: link.created, seq: 0, stamp: "", shift: 0, top };
    } else if (link.lastSeq < seq) {
      this.#startOver(`it ends at ${link.lastSeq}, and we have read up to ${seq}`);
    }
    // The last message that we read comes again, to see whether it is still the same.
    return this.#position.seq;
  }

  #startOver(why: string): void {
    this.#hooks.notice(
      `the broker has lost a part of the shared history (${why}): what is missing there stays only ` +
        "in the history of each node",
    );
    this.#position = { ...this.#position, seq: 0, stamp: "", shift: 0 };
  }

  async #read(link: JetStreamLink): Promise<void> {
    for (;;) {
      const batch = await link.next(BATCH);
      if (batch === undefined) return;
      await this.#take(link, batch);
    }
  }

  /** Stores what has come, shows what is new, and settles what is ours. */
  async #take(link: JetStreamLink, batch: readonly Arrival[]): Promise<void> {
    const base = basePlace(link.created);
    let { seq, stamp, shift, top } = this.#position;
    const messages: ChatMessage[] = [];
    let losing = this.#losing;
    for (const arrival of batch) {
      if (arrival.seq === seq) {
        if (arrival.stamp === stamp) continue;
        this.#startOver(`message ${seq} is another one now`);
        throw new Error("the shared history has to be read from its beginning");
      }
      // A node that has read nothing yet is not owed what was discarded before it came.
      if (seq > 0 && arrival.seq > seq + 1) {
        losing = {
          count: (losing?.count ?? 0) + arrival.seq - seq - 1,
          before: base + arrival.seq + shift,
          fromMs: losing?.fromMs ?? stampMs(stamp),
          toMs: stampMs(arrival.stamp),
        };
      }
      ({ seq, stamp } = arrival);
      const recorded = this.#decode(arrival);
      if (recorded === undefined) {
        this.#skipped++;
        continue;
      }
      if ("above" in recorded) {
        shift = Math.max(shift, recorded.above - base - seq);
        continue;
      }
      shift = Math.max(shift, recorded.shift);
      messages.push({ ...recorded.message, seq: base + seq + shift });
    }
    top = Math.max(top, base + seq + shift);
    const position = { created: link.created, seq, stamp, shift, top };
    // In one turn, so that the position is written together with the messages that it covers.
    const stored = messages.length === 0
      ? []
      : this.#store.append(messages.map(({ seq, ...message }) => ({ message, seq: seq! })));
    const noted = this.#store.setNote(this.#options.noteKey, JSON.stringify(position));
    // Several spans of one absence are told as one, once the link has got past them.
    const isPast = losing !== undefined && seq >= link.lastSeq;
    const lost = losing === undefined ? this.#lost : withSpan(this.#lost, losing);
    if (losing !== this.#losing || isPast) {
      const { noteKey } = this.#options;
      // In the same turn too; it fails with the position.
      this.#store.setNote(`${noteKey} lost`, JSON.stringify(lost)).catch(() => {});
    }
    const [results] = await Promise.all([stored, noted]).catch((error) => {
      throw new HistoryFailedError(errorText(error), { cause: error });
    });
    this.#position = position;
    this.#losing = losing;
    if (isPast) {
      this.#lost = lost;
      this.#losing = undefined;
      this.#hooks.notice(lostSpanText(losing!));
    }
    messages.forEach((message, index) => {
      const result = results[index]!;
      if (!result.duplicate) this.#hooks.deliver({ ...message, seq: result.seq });
      const pending = this.#pending.get(message.id);
      if (pending === undefined) return;
      pending.result ??= result;
      this.#settle(pending);
    });
    this.#readers = this.#readers.filter((reader) => {
      if (reader.seq > seq) return true;
      reader.resolve();
      return false;
    });
  }

  #decode({ subject, data }: Arrival) {
    const { subjects } = this.#options;
    if (subject === subjects.mark) {
      const above = readObject(data, 1024)?.["above"];
      return isShift(above) ? { above } : undefined;
    }
    const room = subjects.roomOf(subject);
    return room === undefined ? undefined : decodeRecord(data, room);
  }

  /** Resolves once everything up to a sequence is read and stored; or when the link is dead. */
  async #readUpTo(link: JetStreamLink, seq: number): Promise<void> {
    if (this.#position.seq >= seq) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#readers.push({ seq, resolve });
    await Promise.race([promise, link.ended]);
  }

  /** Puts into the stream what is owed. Returns how much it was, or nothing when the link died. */
  async #share(link: JetStreamLink): Promise<number | undefined> {
    if (!await link.caughtUp()) return undefined;
    await this.#readUpTo(link, link.lastReceived);
    const base = basePlace(link.created);
    const reached = base + Math.max(link.lastSeq, this.#position.seq) + this.#position.shift;
    if (this.#link === link && this.#position.top > reached) {
      await this.#readUpTo(link, (await link.mark(this.#position.top)).seq);
    }
    /** The messages that were put into the stream in the last round, and are owed no more. */
    let sent = new Map<string, Stored>();
    for (let shared = 0;;) {
      const owings = this.#owings;
      const owed = await this.#store.owed(BATCH);
      if (this.#link !== link) return undefined;
      if (owed.length < BATCH) this.#state = "held";
      if (owed.length === 0) {
        // A message became owed meanwhile. It is older than those that are held back.
        if (owings !== this.#owings) continue;
        this.#owed = 0;
        this.#state = "live";
        for (const pending of this.#pending.values()) this.#send(pending);
        return shared;
      }
      // The broker took the message and did not send it: its retention removed it before we read it.
      // It gets the place that it had.
      const placed = owed.filter(({ id }) => sent.has(id));
      if (placed.length > 0) {
        await this.#store.append(placed.map(({ seq: _, ...message }) => ({
          message,
          seq: base + sent.get(message.id)!.seq + this.#position.shift,
        })));
      }
      const fresh = owed.filter(({ id }) => !sent.has(id));
      const answers = await Promise.all(
        fresh.map(({ seq: _, ...message }) => this.#put(link, message)),
      );
      sent = new Map(fresh.map(({ id }, index) => [id, answers[index]!]));
      await this.#readUpTo(link, Math.max(0, ...answers.map(({ seq }) => seq)));
      if (this.#link !== link) return undefined;
      shared += fresh.length;
    }
  }

  #put(link: JetStreamLink, message: NewMessage, record?: Uint8Array): Promise<Stored> {
    return link.put(
      message.room,
      message.id,
      record ?? encodeRecord(message, this.#position.shift),
      this.#options.ackTimeoutMs,
    );
  }

  /** Puts a message of our own into the stream. */
  #send(pending: PendingMessage): void {
    const link = this.#link;
    if (link === undefined || pending.isSent) return;
    pending.isSent = true;
    this.#put(link, pending.message, pending.record).then(async ({ seq, duplicate }) => {
      pending.isAcknowledged = true;
      if (duplicate) {
        // The broker had the message before, and does not send it again.
        await this.#readUpTo(link, seq);
        if (this.#link !== link) return;
        const place = basePlace(link.created) + seq + this.#position.shift;
        pending.result ??= { seq: place, duplicate: true };
      }
      this.#settle(pending);
    }).catch((error) => this.#drop(link, error));
  }

  /** Gives the receipt once the broker has acknowledged the message and it was read. */
  #settle({ message: { id }, result, isAcknowledged, receipt }: PendingMessage): void {
    if (result === undefined || !isAcknowledged) return;
    this.#pending.delete(id);
    receipt.resolve({ id, ...result, scope: "stored" });
  }

  /** Stores messages as owed, in one go, and shows them. */
  #owe(list: readonly PendingMessage[]): void {
    if (list.length === 0) return;
    if (this.#owed + list.length > MAX_OWED) {
      for (const { receipt } of list) {
        receipt.reject(
          new Error(`Cannot store a message: the broker is away, and ${MAX_OWED} wait for it`),
        );
      }
      return;
    }
    this.#owings++;
    this.#owed += list.length;
    const entries = list.map(({ message }) => ({ message, owed: true }));
    const storing = this.#store.append(entries).then((results) => {
      list.forEach(({ message, isSent, receipt }, index) => {
        const { seq, duplicate } = results[index]!;
        if (!duplicate) this.#hooks.deliver({ ...message, seq });
        receipt.resolve({
          id: message.id,
          seq,
          scope: seq === undefined ? "local" : "stored",
          // A message that was sent may have been read meanwhile. Its id is known then, though it was
          // said only once.
          duplicate: duplicate && !isSent,
        });
      });
    }).catch((error) => {
      for (const { receipt } of list) receipt.reject(error);
    }).finally(() => this.#storing.delete(storing));
    this.#storing.add(storing);
  }

  #drop(link: JetStreamLink, error: unknown): void {
    link.close(error instanceof Error ? error : new Error(errorText(error)));
    this.#leave(link);
  }

  /** From now on messages stay here as owed, first those that are under way, in their order. */
  #leave(link: JetStreamLink): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#state = "away";
    this.#readers = [];
    clearTimeout(this.#watch);
    this.#watch = undefined;
    const under = [...this.#pending.values()];
    this.#pending.clear();
    this.#owe(under);
  }

  /** Gives the broker up when the oldest message under way has waited for too long. */
  #watchPending(): void {
    if (this.#watch !== undefined) return;
    const { ackTimeoutMs } = this.#options;
    const oldest = this.#pending.values().next().value;
    if (oldest === undefined) return;
    const waitedMs = performance.now() - oldest.sinceMs;
    this.#watch = setTimeout(() => {
      this.#watch = undefined;
      const [first] = this.#pending.values();
      if (first === undefined) return;
      if (performance.now() - first.sinceMs < ackTimeoutMs) this.#watchPending();
      else if (this.#link !== undefined) {
        this.#drop(this.#link, new Error(`no acknowledgement within ${ackTimeoutMs} ms`));
      }
    }, Math.max(1, ackTimeoutMs - waitedMs));
  }
}
