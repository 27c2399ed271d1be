/** A small chat server for the tests of its clients: it speaks the rich half of docs/chat.md, keeps
 * its log where a test can see it, and dies where a test wants it to. */

import type { Protocol } from "../../../core/protocol.ts";
import { type Session, textOf } from "../../../core/session.ts";

/** A message as the wire has it, and what it was said in. */
export interface Logged {
  readonly id: string;
  readonly room: string;
  readonly seq: number;
  readonly name: string;
  readonly standing: string;
  readonly kind: string;
  readonly text: string;
  readonly time: string;
  readonly sentAt?: unknown;
}

/** Where a server can be made to die: before a message is stored, or once it is, or once all have it. */
export type Moment = "arrived" | "stored" | "delivered";

/** What a test decides. */
export interface Script {
  /** Ends the session at this moment. */
  dies?(moment: Moment): boolean;
  /** Sent instead of an answer; null says nothing at all. */
  answer?(request: Readonly<Record<string, unknown>>): readonly unknown[] | null | undefined;
  /** Names that are verified, which no plain client may take. */
  readonly verified?: readonly string[];
}

interface Seat {
  readonly session: Session;
  name: string;
  room: string;
}

/** The state of a chat, which outlives its server. */
export class ScriptedChat {
  readonly log: Logged[] = [];
  /** Every request that came, in its order. */
  readonly requests: Readonly<Record<string, unknown>>[] = [];
  readonly seats = new Set<Seat>();
  script: Script = {};
  #guests = 0;

  constructor(script: Script = {}) {
    this.script = script;
  }

  /** The protocol that serves it. */
  get protocol(): Protocol<Record<string, never>> {
    return {
      name: "scripted-chat",
      summary: "A chat for tests",
      framing: "line",
      datagramReply: "larger",
      options: {},
      open: () => ({
        serve: (session) => this.#serve(session),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
    };
  }

  /** Says something as another member. */
  async said(name: string, text: string, room = "lobby", kind = "say"): Promise<Logged> {
    return (await this.#append({ name, text, room, kind, id: crypto.randomUUID() })).message;
  }

  /** Sends raw text to all clients. */
  async raw(text: string): Promise<void> {
    for (const { session } of this.seats) await session.send(text).catch(() => {});
  }

  /** Sends a message of the protocol to all clients. */
  async tell(message: object): Promise<void> {
    await this.raw(JSON.stringify(message));
  }

  /** Ends all sessions. */
  drop(): void {
    for (const { session } of this.seats) session.close();
  }

  async #append(
    said: {
      readonly name: string;
      readonly text: string;
      readonly room: string;
      readonly kind: string;
      readonly id: string;
      readonly sentAt?: unknown;
    },
  ): Promise<{ readonly message: Logged; readonly duplicate: boolean }> {
    const before = this.log.find(({ id }) => id === said.id);
    if (before !== undefined) return { message: before, duplicate: true };
    const message = {
      ...said,
      seq: this.log.length * 3 + 1,
      standing: this.#standing(said.name),
      time: new Date().toISOString(),
    };
    this.log.push(message);
    for (const seat of this.seats) {
      if (seat.room !== message.room) continue;
      await seat.session.send(JSON.stringify({ type: "message", ...message })).catch(() => {});
    }
    return { message, duplicate: false };
  }

  #standing(name: string): string {
    return this.script.verified?.includes(name) ? "verified" : "plain";
  }

  async #serve(session: Session): Promise<void> {
    let seat: Seat | undefined;
    try {
      for await (const message of session) {
        const request = JSON.parse(textOf(message)) as Record<string, unknown>;
        this.requests.push(request);
        const scripted = this.script.answer?.(request);
        if (scripted !== undefined) {
          for (const one of scripted ?? []) {
            const said = typeof one === "string" ? one : JSON.stringify(one);
            await session.send(said.replace('"REF"', JSON.stringify(request["ref"] ?? null)));
          }
          continue;
        }
        if (request["type"] === "quit") return;
        seat = await this.#answer(session, seat, request) ?? seat;
      }
    } finally {
      if (seat !== undefined) {
        this.seats.delete(seat);
        await this.tell({ type: "went", room: seat.room, name: seat.name });
      }
    }
  }

  async #answer(
    session: Session,
    seat: Seat | undefined,
    request: Record<string, unknown>,
  ): Promise<Seat | undefined> {
    const ref = request["ref"];
    const answer = (message: object) => session.send(JSON.stringify({ ...message, ref }));
    const refuse = (code: string, text: string) => answer({ type: "error", code, text });
    /** Sends the messages that were asked for, and all that are said meanwhile. The caller goes on in the
     * same turn, so that nothing is said in between. */
    const since = async (room: string) => {
      const { after, last = 0 } = request as { after?: number; last?: number };
      let at = after === undefined
        ? this.log.filter((one) => one.room === room).at(-last - 1)?.seq ?? -1
        : after;
      if (after === undefined && last === 0) at = this.log.at(-1)?.seq ?? -1;
      for (;;) {
        const next = this.log.find(({ seq, room: its }) => its === room && seq > at);
        if (next === undefined) return;
        at = next.seq;
        await session.send(JSON.stringify({ type: "message", ...next }));
      }
    };
    const taken = (name: string, room: string) =>
      [...this.seats].some((one) => one !== seat && one.name === name && one.room === room);
    const { type } = request;
    if (type === "hello" || (type === "say" && seat === undefined)) {
      const room = String(request["room"] ?? "lobby");
      const name = String(request["name"] ?? `guest-${++this.#guests}`);
      if (taken(name, room)) {
        await refuse("name-taken", `the name ${name} is taken in ${room}`);
        return undefined;
      }
      const isNew = seat === undefined;
      seat ??= { session, name, room };
      const members = [...this.seats].filter((one) => one.room === room).length + 1;
      await answer({
        type: "welcome",
        version: 1,
        name: seat.name,
        standing: this.#standing(seat.name),
        room,
        members,
        time: new Date().toISOString(),
        limits: { history: 500 },
      });
      if (isNew) {
        await since(room);
        // Not before: what came while it caught up must not come in between.
        this.seats.add(seat);
        for (const one of this.seats) {
          if (one !== seat && one.room === room) {
            await one.session.send(JSON.stringify({ type: "came", room, name: seat.name }));
          }
        }
      }
      if (type === "hello") return seat;
    }
    if (seat === undefined) {
      await refuse("bad-request", "say hello first");
      return undefined;
    }
    switch (type) {
      case "say": {
        if (this.script.dies?.("arrived")) {
          session.close();
          break;
        }
        if (request["text"] === "forbidden") {
          await refuse("text-refused", "nobody says that here");
          break;
        }
        const { message, duplicate } = await this.#append({
          id: String(request["id"]),
          name: seat.name,
          room: seat.room,
          kind: String(request["kind"] ?? "say"),
          text: String(request["text"]),
          sentAt: request["sentAt"],
        });
        if (this.script.dies?.("stored")) {
          session.close();
          break;
        }
        await answer({ type: "ack", id: message.id, seq: message.seq, scope: "stored", duplicate });
        if (this.script.dies?.("delivered")) session.close();
        break;
      }
      case "join":
        this.seats.delete(seat);
        seat.room = String(request["room"]);
        await answer({ type: "joined", room: seat.room, members: 1 });
        await since(seat.room);
        this.seats.add(seat);
        break;
      case "name": {
        const name = String(request["name"]);
        if (taken(name, seat.room)) {
          await refuse("name-taken", `the name ${name} is taken in ${seat.room}`);
          break;
        }
        const before = seat.name;
        seat.name = name;
        await answer({ type: "named", name, standing: this.#standing(name) });
        for (const one of this.seats) {
          if (one === seat) continue;
          await one.session.send(
            JSON.stringify({ type: "renamed", room: seat.room, name: before, to: name }),
          );
        }
        break;
      }
      case "rooms": {
        const rooms = new Map<string, number>();
        for (const { room } of this.seats) rooms.set(room, (rooms.get(room) ?? 0) + 1);
        await answer({
          type: "rooms",
          rooms: [...rooms].map(([room, members]) => ({ room, members })),
        });
        break;
      }
      case "who":
        await answer({
          type: "who",
          room: seat.room,
          members: [...this.seats].filter(({ room }) => room === seat!.room).map(({ name }) => ({
            name,
            standing: this.#standing(name),
          })),
        });
        break;
      case "history":
      case "search": {
        const words = String(request["words"] ?? "");
        const messages = this.log.filter(({ room, text, seq }) =>
          room === seat!.room && text.includes(words) && seq < Number(request["before"] ?? Infinity)
        ).slice(-Number(request["count"] ?? 20));
        await answer({ type: "history", room: seat.room, messages });
        break;
      }
      case "msg": {
        const to = [...this.seats].find(({ name }) => name === request["to"]);
        if (to === undefined) {
          await refuse("no-such-member", `nobody here is called ${request["to"]}`);
          break;
        }
        await to.session.send(JSON.stringify({
          type: "private",
          name: seat.name,
          standing: this.#standing(seat.name),
          text: request["text"],
          time: new Date().toISOString(),
        }));
        await answer({ type: "ack", scope: "memory" });
        break;
      }
      case "kick":
      case "ban": {
        const gone = [...this.seats].find(({ name }) => name === request["name"]);
        if (gone === undefined) {
          await refuse("not-an-operator", "you are not an operator");
          break;
        }
        const { room, name } = gone;
        await this.tell({ type: "went", room, name, reason: `kicked by ${seat.name}` });
        gone.session.close();
        await answer({ type: "ack", scope: "memory" });
        break;
      }
      case "ping":
        await answer({ type: "pong", time: new Date().toISOString() });
        break;
      default:
        await refuse("unknown-type", `there is no type ${type}`);
    }
    return seat;
  }
}
