// A node of a cluster: it connects to one broker after the other for as long as it runs, and the
// shared log and the peers use the connection that there is.

import type { NatsConnection } from "@nats-io/transport-node";
import { errorText } from "../../../core/event.ts";
import type { ChatLog, LogHooks } from "../log.ts";
import type { ClusterOptions } from "../options.ts";
import type { ChatPeerHooks, ChatPeers } from "../peers.ts";
import type { ChatStore, Retention } from "../store.ts";
import { ClusterLog, HistoryFailedError } from "./cluster_log.ts";
import { ClusterPeers } from "./cluster_peers.ts";
import { dialBroker, flush } from "./dial_broker.ts";
import { type ClusterSettings, readClusterSettings } from "./settings.ts";
import { JetStreamLink } from "./jetstream_link.ts";
import { type Subjects, subjectsOf } from "./subjects.ts";

/** The clock, the randomness and the limits of a node. */
export interface ClusterContext {
  /** Milliseconds since the epoch. */
  now(): number;
  /** At least 0, below 1; nothing secret is made of it. */
  random(): number;
  /** The retention of a new shared history; one that exists stays as it is. */
  readonly retention: Retention;
  /** The key of a name, the same on every node; names with the same key are one.
   * @default without case and without the ways to write a character */
  nameKey?(name: string): string;
  /** How long the broker may take to store a message before it counts as gone.
   * @default 2000 */
  readonly ackTimeoutMs?: number;
  /** For how long the broker recognises an id in a new shared history; nothing relies on it.
   * @default 120000 */
  readonly duplicateWindowMs?: number;
  /** How long to wait for the broker, and then for the next of the messages that were said while the
   * node was away, before the chat opens without them.
   * @default 5000 */
  readonly openTimeoutMs?: number;
}

/** A node of a cluster. */
export interface Cluster extends AsyncDisposable {
  /** The order of messages that all nodes share. */
  readonly log: ChatLog;
  /** The members and operators on the other nodes. */
  readonly peers: ChatPeers;
  /** The state of the cluster at this moment. */
  stats(): ClusterStats;
}

/** The state of a cluster, as one node sees it. */
export interface ClusterStats {
  /** Whether messages go to the broker. */
  readonly isLive: boolean;
  /** How many other nodes are there. */
  readonly nodes: number;
  /** How many entries of the shared history were no messages, since the start. */
  readonly unreadable: number;
  /** How many messages of other nodes were malformed, since the start. */
  readonly misunderstood: number;
}

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 15_000;

/** Joins a cluster. The log and the peers are usable at once, with or without the broker, until the
 * cluster, or either of them, is disposed of. The store is closed by its owner afterwards.
 * @returns once the node has caught up with the others, or cannot soon
 * @throws {UsageError} when an option cannot be used */
export async function openCluster(
  options: ClusterOptions,
  store: ChatStore,
  logHooks: LogHooks,
  peerHooks: ChatPeerHooks,
  context: ClusterContext,
): Promise<Cluster> {
  const settings = await readClusterSettings(options);
  const subjects = subjectsOf(settings.name);
  const log = await ClusterLog.open({
    store,
    hooks: logHooks,
    subjects,
    noteKey: `cluster ${settings.name}`,
    ackTimeoutMs: context.ackTimeoutMs ?? 2_000,
  });
  const peers = new ClusterPeers({
    hooks: peerHooks,
    subjects,
    now: context.now,
    nameKey: context.nameKey ?? foldedName,
  });
  const node = new ClusterNode(settings, subjects, log, peers, logHooks, context);
  await node.start();
  return node;
}

class ClusterNode implements Cluster {
  readonly log: ChatLog;
  readonly peers: ChatPeers;
  readonly #settings: ClusterSettings;
  readonly #subjects: Subjects;
  readonly #ownLog: ClusterLog;
  readonly #ownPeers: ClusterPeers;
  readonly #hooks: LogHooks;
  readonly #context: ClusterContext;
  readonly #stopping = new AbortController();
  /** Settles once the first attempt has succeeded or failed. */
  readonly #tried = Promise.withResolvers<void>();
  #isLive: boolean | undefined;
  #connection: NatsConnection | undefined;
  #running: Promise<void> = Promise.resolve();
  #disposed: Promise<void> | undefined;

  constructor(
    settings: ClusterSettings,
    subjects: Subjects,
    log: ClusterLog,
    peers: ClusterPeers,
    hooks: LogHooks,
    context: ClusterContext,
  ) {
    this.#settings = settings;
    this.#subjects = subjects;
    this.#ownLog = log;
    this.#ownPeers = peers;
    this.#hooks = hooks;
    this.#context = context;
    // Disposing of either ends the node: one half of it is of no use.
    const dispose = () => this[Symbol.asyncDispose]();
    this.log = {
      append: (message) => log.append(message),
      last: (room, count, before) => log.last(room, count, before),
      after: (room, seq, count) => log.after(room, seq, count),
      search: (room, words, count) => log.search(room, words, count),
      lostAfter: (seq) => log.lostAfter(seq),
      [Symbol.asyncDispose]: dispose,
    };
    this.peers = {
      claim: (room, name, standing) => peers.claim(room, name, standing),
      release: (room, name) => peers.release(room, name),
      members: (room) => peers.members(room),
      rooms: () => peers.rooms(),
      whisper: (from, to, text) => peers.whisper(from, to, text),
      expel: (room, name, ban, reason) => peers.expel(room, name, ban, reason),
      ban: (keys) => peers.ban(keys),
      [Symbol.asyncDispose]: dispose,
    };
  }

  stats(): ClusterStats {
    return {
      isLive: this.#isLive === true,
      nodes: this.#ownPeers.nodes,
      unreadable: this.#ownLog.skipped,
      misunderstood: this.#ownPeers.dropped,
    };
  }

  async start(): Promise<void> {
    this.#running = this.#run();
    // Older messages are read before members enter, who would be shown them as news.
    let { read } = this.#ownLog;
    const watch = setInterval(() => {
      if (this.#ownLog.read === read) this.#tried.resolve();
      read = this.#ownLog.read;
    }, this.#context.openTimeoutMs ?? 5_000);
    await this.#tried.promise;
    clearInterval(watch);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposed ??= this.#end();
  }

  async #end(): Promise<void> {
    await this.#ownPeers[Symbol.asyncDispose]();
    // The last messages that were published get a moment to leave.
    if (this.#connection !== undefined) await flush(this.#connection);
    this.#stopping.abort(new Error("the chat has ended"));
    await this.#ownLog[Symbol.asyncDispose]();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { brokers } = this.#settings;
    const { signal } = this.#stopping;
    // At random, so that not all nodes begin with the same broker.
    let turn = Math.floor(this.#context.random() * brokers.length);
    for (let failures = 0; !signal.aborted; turn++) {
      const broker = brokers[turn % brokers.length]!;
      const [wasWell, reason] = await this.#visit(broker, signal);
      if (signal.aborted) return;
      failures = wasWell ? 0 : failures + 1;
      this.#away(broker, reason);
      // The next broker is tried at once; a pause follows only when all of them have failed.
      const round = Math.max(0, Math.ceil(failures / brokers.length) - 1);
      const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(round, 10));
      await pause(pauseMs * (0.5 + this.#context.random()), signal);
    }
  }

  /** Uses one connection until it ends. Returns whether all was well before, and why it ended. */
  async #visit(broker: string, signal: AbortSignal): Promise<[wasWell: boolean, reason: unknown]> {
    let wasLive = false;
    let connection: NatsConnection;
    try {
      connection = await dialBroker(broker, this.#settings, signal);
      this.#connection = connection;
    } catch (error) {
      return [false, error];
    }
    try {
      const { retention, duplicateWindowMs = 120_000 } = this.#context;
      const limits = { retention, duplicateWindowMs };
      const link = await JetStreamLink.open(connection, this.#settings, this.#subjects, limits);
      const stop = () => link.close(signal.reason);
      signal.addEventListener("abort", stop);
      if (signal.aborted) stop();
      await this.#ownPeers.join(connection);
      // Requests under way then fail at once, instead of after their time limits.
      link.ended.then(() => connection.close()).catch(() => {});
      const reason = await this.#ownLog.follow(link, (shared) => {
        wasLive = true;
        this.#live(broker, shared);
      });
      signal.removeEventListener("abort", stop);
      return [wasLive && !link.isRefused, reason];
    } catch (error) {
      return [wasLive, error];
    } finally {
      this.#ownPeers.leave();
      this.#connection = undefined;
      await connection.close();
    }
  }

  #live(broker: string, shared: number): void {
    this.#tried.resolve();
    if (this.#isLive === true) return;
    this.#isLive = true;
    const owed = shared === 0 ? "" : `; ${shared} messages that had waited are shared now`;
    this.#hooks.notice(
      `the chat ${this.#settings.name} is shared over ${this.#urlOf(broker)}${owed}`,
    );
  }

  #urlOf(broker: string): string {
    return `${this.#settings.tls === undefined ? "nats" : "tls"}://${broker}`;
  }

  #away(broker: string, reason: unknown): void {
    this.#tried.resolve();
    if (this.#isLive === false) return;
    this.#isLive = false;
    const [url, why] = [this.#urlOf(broker), errorText(reason)];
    this.#hooks.notice(
      reason instanceof HistoryFailedError
        ? `nothing is shared over ${url} until the history takes messages again (${why})`
        : `${url} cannot be reached (${why}): messages are kept here, and shared once it is back`,
    );
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const stop = () => resolve();
  signal.addEventListener("abort", stop);
  await promise;
  signal.removeEventListener("abort", stop);
  clearTimeout(timer);
}

function foldedName(name: string): string {
  return name.normalize("NFKC").toLowerCase();
}
