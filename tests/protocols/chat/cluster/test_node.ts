/** A node of a cluster as a test sees it: what it was shown, what it was told. */

import type { ChatMessage, NewMessage } from "../../../../protocols/chat/message.ts";
import {
  type Cluster,
  type ClusterContext,
  openCluster,
} from "../../../../protocols/chat/cluster/open_cluster.ts";
import { type ClusterOptions, clusterOptions } from "../../../../protocols/chat/options.ts";
import { resolveOptions } from "../../../../core/options/option.ts";
import type { Receipt } from "../../../../protocols/chat/log.ts";
import type { RemoteMember } from "../../../../protocols/chat/peers.ts";
import type { ChatStore } from "../../../../protocols/chat/store.ts";
import { PlainStore } from "./plain_store.ts";

const DEADLINE_MS = 120_000;

/** How a node is started. */
export interface TestNodeOptions {
  readonly options?: Partial<ClusterOptions>;
  readonly context?: Partial<ClusterContext>;
  readonly store?: ChatStore;
}

/** A node with everything that happened to it. */
export class TestNode implements AsyncDisposable {
  readonly store: ChatStore;
  readonly shown: ChatMessage[] = [];
  readonly notices: string[] = [];
  readonly whispers: [room: string, to: string, from: RemoteMember, text: string][] = [];
  readonly expelled: [room: string, name: string, ban: boolean, reason: string][] = [];
  readonly banned: string[] = [];
  /** Who is banned here, as other nodes are told. */
  readonly bans: string[] = [];
  readonly lost: [room: string, name: string][] = [];
  /** Who a whisper or an expulsion may find here. */
  readonly present = new Set<string>();
  #cluster!: Cluster;
  #changed = Promise.withResolvers<void>();
  readonly #ownsStore: boolean;

  private constructor(store: ChatStore | undefined) {
    this.#ownsStore = store === undefined;
    this.store = store ?? new PlainStore();
  }

  static async open(
    url: string,
    { options = {}, context = {}, store }: TestNodeOptions = {},
  ): Promise<TestNode> {
    const node = new TestNode(store);
    const note = <T>(list: T[], item: T) => {
      list.push(item);
      node.changed();
    };
    node.#cluster = await openCluster(
      resolveOptions(clusterOptions, { cluster: [url], ...options }),
      node.store,
      {
        deliver: (message) => note(node.shown, message),
        notice: (text) => note(node.notices, text),
      },
      {
        whispered: (room, to, from, text) => {
          note(node.whispers, [room, to, from, text]);
          return node.present.has(to);
        },
        expelled: (...what) => {
          note(node.expelled, what);
          return node.present.has(what[1]);
        },
        banned: (keys) => keys.forEach((key) => note(node.banned, key)),
        bans: () => node.bans,
        nameLost: (...what) => note(node.lost, what),
      },
      {
        now: Date.now,
        random: Math.random,
        retention: { messages: Infinity, ageMs: Infinity },
        ...context,
      },
    );
    return node;
  }

  get log() {
    return this.#cluster.log;
  }

  get peers() {
    return this.#cluster.peers;
  }

  get stats() {
    return this.#cluster.stats();
  }

  /** Says something. */
  say(text: string, room = "lobby", id: string = crypto.randomUUID()): Promise<Receipt> {
    return this.log.append(newMessage(id, room, text));
  }

  /** The texts that were shown, of one room. */
  texts(room = "lobby"): string[] {
    return this.shown.filter((message) => message.room === room).map(({ text }) => text);
  }

  changed(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Waits until something is so; looks whenever something has happened to the node. */
  async until(isSo: () => boolean, what = isSo.toString()): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        late.reject(
          new Error(`never came true: ${what}\n${this.notices.join("\n")}\n${this.shown.length}`),
        ),
      DEADLINE_MS,
    );
    try {
      while (!isSo()) await Promise.race([this.#changed.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits for one more notice that matches. */
  async noticed(pattern: RegExp, from = 0): Promise<void> {
    await this.until(
      () => this.notices.slice(from).some((text) => pattern.test(text)),
      `${pattern}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster[Symbol.asyncDispose]();
    if (this.#ownsStore) await this.store[Symbol.asyncDispose]();
  }
}

/** A message to say. */
export function newMessage(id: string, room: string, text: string): NewMessage {
  return {
    id,
    room,
    name: "alice",
    standing: "plain",
    kind: "say",
    text,
    timeMs: Date.now(),
    sentAtMs: undefined,
  };
}
