// The link to the shared history over one connection with the broker: it makes the JetStream stream
// where there is none, reads it in its order, and puts messages into it.
//
// It is an ordered consumer with one rule instead of the library's recovery: every irregularity (a
// gap, silence, an error of the broker) ends the link, and the next one starts from the position that
// the node has kept. Long, because of all that a broker may answer.

import type { JetStreamClient, StreamConfig, StreamInfo } from "@nats-io/jetstream";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { errorText } from "../../../core/event.ts";
import type { Retention } from "../store.ts";
import { MAX_NODE_MESSAGE_BYTES } from "./node_message.ts";
import { MAX_RECORD_BYTES } from "./record.ts";
import type { ClusterSettings } from "./settings.ts";
import type { Subjects } from "./subjects.ts";

/** How long the broker may take for a request about the stream. */
const REQUEST_TIMEOUT_MS = 3_000;
const HEARTBEAT_MS = 1_000;
/** After this long without a message and without a heartbeat the link is dead. */
const SILENCE_MS = 4_000;
/** For how long the broker keeps a consumer whose node is gone. */
const ABANDONED_MS = 10_000;
/** The largest of our messages, with its headers; the broker's own default is twice that. */
const LEAST_PAYLOAD_BYTES = Math.max(MAX_RECORD_BYTES, MAX_NODE_MESSAGE_BYTES) + 1024;
/** A broker's "there is no such stream". */
const STREAM_NOT_FOUND = 10059;
const NANOSECONDS = 1_000_000;

/** A message as it comes out of the stream. */
export interface Arrival {
  readonly seq: number;
  /** When the broker had it, in nanoseconds since the epoch. */
  readonly stamp: string;
  readonly subject: string;
  readonly data: Uint8Array;
}

/** The acknowledgement of the broker for a message that was put into the stream. */
export interface Stored {
  readonly seq: number;
  /** Whether the broker knew the id from shortly before, at this `seq`. */
  readonly duplicate: boolean;
}

/** The limits that a new stream is created with. */
interface StreamLimits {
  readonly retention: Retention;
  /** For how long the broker recognises an id by itself, in milliseconds. */
  readonly duplicateWindowMs: number;
}

export class JetStreamLink {
  /** When the stream was created, as the broker says it. */
  readonly created: string;
  /** The last sequence of the stream when the link was made. */
  readonly lastSeq: number;
  /** Settles once the link is dead, with the reason. Never rejects. */
  readonly ended: Promise<Error>;
  readonly #connection: NatsConnection;
  readonly #subjects: Subjects;
  readonly #client: JetStreamClient;
  readonly #end: (reason: Error) => void;
  /** Arrivals that are not read: messages, and between them the broker's requests for flow
   * control, which are answered once the messages before them are read. */
  #queue: (Arrival | { readonly answer: string })[] = [];
  #wake = Promise.withResolvers<void>();
  #isOpen = true;
  #isRefused = false;
  #consumed = 0;
  #lastReceived = 0;
  #caughtUp = Promise.withResolvers<void>();
  #silence: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    connection: NatsConnection,
    subjects: Subjects,
    client: JetStreamClient,
    { created, state }: Pick<StreamInfo, "created" | "state">,
  ) {
    this.#connection = connection;
    this.#subjects = subjects;
    this.#client = client;
    this.created = created;
    this.lastSeq = state.last_seq;
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.ended = promise;
    this.#end = resolve;
    connection.closed().then((error) =>
      this.close(error instanceof Error ? error : new Error("the connection was closed"))
    );
    this.#watchErrors();
  }

  /** Makes the stream when there is none.
   * @throws {Error} when the broker refuses, or has no JetStream */
  static async open(
    connection: NatsConnection,
    settings: ClusterSettings,
    subjects: Subjects,
    limits: StreamLimits,
  ): Promise<JetStreamLink> {
    const most = connection.info?.max_payload ?? 0;
    if (most < LEAST_PAYLOAD_BYTES) {
      throw new Error(
        `its max_payload is ${most} bytes, and a chat needs ${LEAST_PAYLOAD_BYTES}: raise it in the ` +
          `broker's configuration`,
      );
    }
    const { jetstream, jetstreamManager, JetStreamApiError } = await import("./nats_library.ts");
    const options = { timeout: REQUEST_TIMEOUT_MS };
    const manager = await jetstreamManager(connection, { ...options, checkAPI: false });
    const find = async () => {
      try {
        return await manager.streams.info(subjects.stream);
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
        // The library has a class for it, and keeps it to itself.
        if (/^jetstream (is )?not enabled/i.test(errorText(error))) {
          throw new Error(`${errorText(error)}: start nats-server with -js`);
        }
        throw error;
      }
    };
    let info = await find();
    if (info === undefined) {
      try {
        info = await manager.streams.add(streamConfig(settings, subjects, limits));
      } catch (error) {
        // Another node may have made it in the same moment, with other limits.
        info = await find();
        if (info === undefined) throw error;
      }
    }
    const kept = info.config.subjects;
    if (!subjects.kept.every((subject) => kept.includes(subject))) {
      throw new Error(
        `the stream ${subjects.stream} is not ours: it keeps ${kept.join(", ")}; ` +
          `choose another --cluster-name, or remove it`,
      );
    }
    return new JetStreamLink(connection, subjects, jetstream(connection, options), info);
  }

  /** Begins to read, from a sequence on. */
  async start(from: number): Promise<void> {
    const { createInbox, jetstreamManager } = await import("./nats_library.ts");
    const inbox = createInbox();
    this.#connection.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) this.close(error);
        else this.#receive(message);
      },
    });
    const manager = await jetstreamManager(this.#connection, {
      timeout: REQUEST_TIMEOUT_MS,
      checkAPI: false,
    });
    const { num_pending: pending } = await manager.consumers.add(this.#subjects.stream, {
      deliver_subject: inbox,
      deliver_policy: "by_start_sequence",
      opt_start_seq: Math.max(1, from),
      ack_policy: "none",
      replay_policy: "instant",
      max_deliver: 1,
      flow_control: true,
      idle_heartbeat: HEARTBEAT_MS * NANOSECONDS,
      inactive_threshold: ABANDONED_MS * NANOSECONDS,
      mem_storage: true,
      num_replicas: 1,
    });
    if (pending === 0 && this.#consumed === 0) this.#caughtUp.resolve();
    this.#listen();
  }

  /** Resolves once everything that was in the stream has come; whether it has, or the link died. */
  async caughtUp(): Promise<boolean> {
    await Promise.race([this.#caughtUp.promise, this.ended]);
    return this.#isOpen;
  }

  /** Whether the broker said that something is not allowed, which will be so the next time too. */
  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** The highest sequence that has come. */
  get lastReceived(): number {
    return this.#lastReceived;
  }

  /** The next arrivals, in order; undefined once the link is dead. */
  async next(count: number): Promise<readonly Arrival[] | undefined> {
    while (this.#isOpen) {
      const batch: Arrival[] = [];
      let taken = 0;
      for (const item of this.#queue) {
        if (batch.length === count) break;
        taken++;
        if ("answer" in item) this.#say(item.answer);
        else batch.push(item);
      }
      this.#queue.splice(0, taken);
      if (batch.length > 0) return batch;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
    return undefined;
  }

  /** Puts a message into a room; resolves once the broker has stored it.
   * @throws {Error} when the broker says no, or nothing */
  async put(room: string, id: string, record: Uint8Array, timeoutMs: number): Promise<Stored> {
    return await this.#put(this.#subjects.room(room), record, { msgID: id, timeout: timeoutMs });
  }

  /** Puts a mark into the stream. */
  async mark(above: number): Promise<Stored> {
    const mark = new TextEncoder().encode(JSON.stringify({ above }));
    return await this.#put(this.#subjects.mark, mark, { timeout: REQUEST_TIMEOUT_MS });
  }

  async #put(
    subject: string,
    data: Uint8Array,
    options: { readonly msgID?: string; readonly timeout: number },
  ): Promise<Stored> {
    const { seq, duplicate } = await this.#client.publish(subject, data, {
      ...options,
      expect: { streamName: this.#subjects.stream },
    });
    return { seq, duplicate };
  }

  /** Ends the link; the connection is its owner's to close. */
  close(reason: Error): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearTimeout(this.#silence);
    this.#queue = [];
    this.#wake.resolve();
    this.#end(reason);
  }

  /** Ends the link when a permission is missing, which would otherwise show only in its silence. */
  async #watchErrors(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type !== "error") continue;
      this.#isRefused = true;
      this.close(status.error);
    }
  }

  #receive(message: Msg): void {
    if (!this.#isOpen) return;
    this.#listen();
    const { headers, reply = "" } = message;
    if (headers !== undefined && headers.code > 0) {
      this.#receiveStatus(headers.code, headers.description, reply, {
        last: Number(headers.get("Nats-Last-Consumer")),
        stalled: headers.get("Nats-Consumer-Stalled"),
      });
      return;
    }
    // $JS.ACK, perhaps the domain and the account, stream, consumer, deliveries, sequence in the
    // stream, sequence of the consumer, time, how many more there are; perhaps a random token.
    const parts = reply.split(".");
    const at = parts.length >= 11 ? 7 : 5;
    const [seq, consumed, pending] = [parts[at], parts[at + 1], parts[at + 3]].map(Number);
    if (!reply.startsWith("$JS.ACK.") || !Number.isSafeInteger(seq)) {
      return; // Not from the stream: another client of the broker knows our inbox.
    }
    if (consumed !== this.#consumed + 1) {
      this.close(new Error("messages of the shared history were skipped"));
      return;
    }
    this.#consumed = consumed;
    this.#lastReceived = seq!;
    this.#queue.push({
      seq: seq!,
      stamp: parts[at + 2]!,
      subject: message.subject,
      data: message.data,
    });
    this.#wake.resolve();
    if (pending === 0 || seq! >= this.lastSeq) this.#caughtUp.resolve();
  }

  #receiveStatus(
    code: number,
    description: string,
    reply: string,
    beat: { readonly last: number; readonly stalled: string },
  ): void {
    if (code !== 100) {
      this.close(new Error(`the shared history cannot be read: ${code} ${description}`));
    } else if (reply !== "") {
      this.#queue.push({ answer: reply });
      this.#wake.resolve();
    } else if (beat.last > this.#consumed) {
      this.close(new Error("messages of the shared history were lost on the way"));
    } else {
      if (beat.stalled !== "") this.#say(beat.stalled);
      else this.#caughtUp.resolve();
    }
  }

  #say(subject: string): void {
    try {
      this.#connection.publish(subject);
    } catch (error) {
      this.close(new Error(errorText(error)));
    }
  }

  /** Waits for the next sign of life. */
  #listen(): void {
    if (!this.#isOpen) return;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(
      () => this.close(new Error("the broker has fallen silent")),
      SILENCE_MS,
    );
  }
}

function streamConfig(
  { replicas, maxBytes }: ClusterSettings,
  subjects: Subjects,
  { retention: { messages, ageMs }, duplicateWindowMs }: StreamLimits,
): Partial<StreamConfig> & { readonly name: string } {
  const window = Math.min(duplicateWindowMs, ageMs);
  return {
    name: subjects.stream,
    description: "The messages of a sockdock chat",
    subjects: [...subjects.kept],
    storage: "file",
    retention: "limits",
    discard: "old",
    num_replicas: replicas,
    max_bytes: maxBytes,
    // JetStream says -1 and 0 for no limit.
    max_msgs_per_subject: Number.isFinite(messages) ? Math.max(1, messages) : -1,
    max_age: Number.isFinite(ageMs) ? Math.max(100, ageMs) * NANOSECONDS : 0,
    duplicate_window: Math.max(100, window) * NANOSECONDS,
  };
}
