/** A chat without a network: members on connections in memory, which can have an identity and can
 * stop reading. */

import type { Address } from "../../../core/addresses/address.ts";
import { createCounters } from "../../../core/counters.ts";
import { type OptionValues, resolveOptions } from "../../../core/options/option.ts";
import type { Context, Framing, Service } from "../../../core/protocol.ts";
import type { Identity } from "../../../core/session.ts";
import { StreamSession } from "../../../core/streams/stream_session.ts";
import { chat } from "../../../protocols/chat.ts";
import { chatOptions } from "../../../protocols/chat/options.ts";
import { connectionPair, EventLog, type MemoryConnection, stillContext } from "../../memory.ts";

/** The identity of a client that proved to have a name. */
export function identity(name: string, fingerprint = "ab".repeat(32)): Identity {
  return { name, source: "psk", fingerprint };
}

/** How a member comes. */
export interface Joining {
  readonly identity?: Identity;
  readonly address?: Address;
  /** How many bytes the member may leave unread before the server waits. */
  readonly capacityBytes?: number;
}

/** One member. */
export class MemoryMember {
  readonly connection: MemoryConnection;
  /** Settles when the server is done with it. */
  readonly served: Promise<void>;
  readonly session: StreamSession;
  #text = "";
  readonly #encoder = new TextEncoder();

  constructor(connection: MemoryConnection, session: StreamSession, served: Promise<void>) {
    this.connection = connection;
    this.session = session;
    this.served = served;
  }

  async send(...lines: (string | object)[]): Promise<void> {
    for (const line of lines) {
      const text = typeof line === "string" ? line : JSON.stringify(line);
      await this.connection.write(this.#encoder.encode(`${text}\n`));
    }
  }

  async line(): Promise<string | undefined> {
    while (!this.#text.includes("\n")) {
      const more = await this.connection.readText();
      if (more === null) return undefined;
      this.#text += more;
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  async until(pattern: RegExp): Promise<string> {
    for (const passed: string[] = [];;) {
      const line = await this.line();
      if (line === undefined) throw new Error(`no ${pattern} after\n${passed.join("\n")}`);
      if (pattern.test(line)) return line;
      passed.push(line);
    }
  }
}

/** Members of a chat, who end with it. */
export abstract class MemoryMembers implements AsyncDisposable {
  readonly #members: MemoryMember[] = [];
  #port = 50_000;

  /** Serves one session, as the chat does. */
  protected abstract serve(session: StreamSession): Promise<void>;
  protected abstract readonly framing: Framing;
  protected abstract end(): Promise<void>;

  /** Connects a client that has sent nothing yet. */
  connect(
    { identity, address, capacityBytes }: Joining = {},
  ): MemoryMember {
    const { client, server } = connectionPair({
      client: address ?? { transport: "tcp", hostname: "127.0.0.1", port: this.#port++ },
    });
    server.identity = identity;
    if (capacityBytes !== undefined) server.capacityBytes = capacityBytes;
    const session = new StreamSession(server, {
      framing: this.framing,
      maxMessageBytes: 64 * 1024,
      counters: createCounters(),
    });
    const served = this.serve(session).then(() => session.finish());
    served.catch(() => {});
    const member = new MemoryMember(client, session, served);
    this.#members.push(member);
    return member;
  }

  /** Connects a client that enters with a first line. */
  async join(line: string | object, joining?: Joining): Promise<MemoryMember> {
    const member = this.connect(joining);
    await member.send(line);
    await member.until(/^\* you are |"type":"welcome"/);
    return member;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { connection } of this.#members) connection[Symbol.dispose]();
    await Promise.allSettled(this.#members.map(({ served }) => served));
    await this.end();
  }
}

/** A chat that is opened, and nothing around it. */
export class MemoryChat extends MemoryMembers {
  readonly service: Service;
  readonly log: EventLog;
  readonly stopped: string[];

  private constructor(service: Service, log: EventLog, stopped: string[]) {
    super();
    this.service = service;
    this.log = log;
    this.stopped = stopped;
  }

  static async open(
    options: Partial<OptionValues<typeof chatOptions>> = {},
    context: Partial<Context> = {},
  ): Promise<MemoryChat> {
    const log = new EventLog();
    const stopped: string[] = [];
    const service = await chat.open(
      resolveOptions(chatOptions, options),
      stillContext({ emit: log.tell, stop: (reason) => stopped.push(reason), ...context }),
    );
    return new MemoryChat(service, log, stopped);
  }

  protected override get framing(): Framing {
    return this.service.framing ?? "line";
  }

  protected override serve(session: StreamSession): Promise<void> {
    return this.service.serve(session);
  }

  protected override async end(): Promise<void> {
    await this.service[Symbol.asyncDispose]();
  }
}
