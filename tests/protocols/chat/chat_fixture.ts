/** A chat that is served, and clients of it that read line by line. */

import { assertEquals } from "@std/assert";
import type { DialledSession } from "../../../core/client_kind.ts";
import { createFramer, type Framer } from "../../../core/streams/framing.ts";
import { bytesOf, textOf } from "../../../core/session.ts";
import { connect, type ConnectOptions } from "../../../dock/connect.ts";
import { type Dock, serve, type ServeOptions } from "../../../dock/serve.ts";
import { chat } from "../../../protocols/chat.ts";
import type { chatOptions } from "../../../protocols/chat/options.ts";
import { EventLog } from "../../memory.ts";

/** A rich client's line, parsed. */
export type Json = Readonly<Record<string, unknown>>;

/** One client. */
export class Client implements Disposable {
  readonly session: DialledSession;
  readonly #messages: AsyncIterator<Uint8Array | string>;
  readonly #framer: Framer | null;
  readonly #end: string;

  constructor(session: DialledSession) {
    this.session = session;
    this.#messages = session[Symbol.asyncIterator]();
    const isStream = session.boundary === "bytes";
    this.#framer = isStream ? createFramer("line", 1 << 20) : null;
    this.#end = isStream ? "\n" : "";
  }

  /** Sends lines, each as a message of its own. */
  async send(...lines: (string | Json)[]): Promise<void> {
    for (const line of lines) {
      const text = typeof line === "string" ? line : JSON.stringify(line);
      await this.session.send(text + this.#end);
    }
  }

  /** The next line; undefined at the end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const framed = this.#framer?.next() ?? null;
      if (framed !== null) return textOf(framed);
      const { done, value } = await this.#messages.next();
      if (done) return undefined;
      if (this.#framer === null) return textOf(value);
      this.#framer.push(bytesOf(value));
    }
  }

  /** The next line that matches; others are passed over. */
  async until(pattern: RegExp): Promise<string> {
    for (const passed: string[] = [];;) {
      const line = await this.line();
      if (line === undefined) throw new Error(`no ${pattern} after\n${passed.join("\n")}`);
      if (pattern.test(line)) return line;
      passed.push(line);
    }
  }

  async json(): Promise<Json> {
    return JSON.parse(await this.line() ?? "null") as Json;
  }

  /** The next object of a type; others are passed over. */
  async next(type: string): Promise<Json> {
    return JSON.parse(await this.until(new RegExp(`"type":"${type}"`))) as Json;
  }

  /** Enters as a plain client; what it is told then has been read. */
  async enter(line: string): Promise<this> {
    await this.send(line);
    await this.until(/^\* you are /);
    return this;
  }

  /** Enters as a rich client. */
  async hello(fields: Json = {}): Promise<Json> {
    await this.send({ type: "hello", version: 1, ...fields });
    return await this.next("welcome");
  }

  [Symbol.dispose](): void {
    this.session.close();
  }
}

/** A served chat. */
export class ChatFixture implements AsyncDisposable {
  readonly dock: Dock;
  readonly log: EventLog;
  readonly #clients: Client[] = [];

  private constructor(dock: Dock, log: EventLog) {
    this.dock = dock;
    this.log = log;
  }

  static async open(
    options: ServeOptions<typeof chatOptions> = {},
    urls: readonly string[] = ["tcp://127.0.0.1:0"],
  ): Promise<ChatFixture> {
    const log = new EventLog();
    return new ChatFixture(await serve(urls, chat, { emit: log.emit, ...options }), log);
  }

  /** Connects a client, by default to the first endpoint. */
  async client(url: string = this.dock.url, options: ConnectOptions = {}): Promise<Client> {
    const client = new Client(await connect(url, options));
    this.#clients.push(client);
    return client;
  }

  /** A plain client that has entered under a name. */
  async plain(name: string, url?: string): Promise<Client> {
    return await (await this.client(url)).enter(`/name ${name}`);
  }

  /** A rich client that has entered under a name. */
  async rich(name: string, url?: string): Promise<Client> {
    const client = await this.client(url);
    await client.hello({ name });
    return client;
  }

  /** Waits for something in a room. */
  async happened(kind: string, name?: string): Promise<void> {
    for (;;) {
      const event = await this.log.next("chat");
      if (event.kind === kind && (name === undefined || event.name === name)) return;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client[Symbol.dispose]();
    await this.dock[Symbol.asyncDispose]();
  }
}

/** Asserts what a plain client sees, without the time of day. */
export function assertSaid(line: string | undefined, expected: string): void {
  assertEquals(line?.replace(/^\d\d:\d\d /, ""), expected);
}
