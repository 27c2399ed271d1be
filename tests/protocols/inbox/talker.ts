/** A sender that says to an inbox what a test wants it to say, sense or not. */

import { framedSession } from "../../../core/streams/framed_session.ts";
import { type Message, type Session, textOf } from "../../../core/session.ts";
import { connect } from "../../../dock/connect.ts";
import { inbox } from "../../../protocols/inbox.ts";
import { type Dock, serve } from "../../../dock/serve.ts";
import { EventLog } from "../../memory.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

/** What an inbox says, as it was said. */
export type Heard = Readonly<Record<string, unknown>>;

/** SHA-256 in hexadecimal. */
export async function sha256(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())).toHex();
}

/** A session with an inbox, at the level of its messages. */
export class Talker implements AsyncDisposable {
  readonly #session: Session & Disposable;
  readonly #framed: Session;
  readonly #messages: AsyncIterator<Message>;

  private constructor(session: Session & Disposable) {
    this.#session = session;
    this.#framed = framedSession(session, "length");
    this.#messages = this.#framed[Symbol.asyncIterator]();
  }

  /** Connects and says hello. */
  static async greet(url: string): Promise<Talker> {
    const talker = await Talker.connect(url);
    await talker.ask({ type: "hello", version: 1 });
    return talker;
  }

  static async connect(url: string): Promise<Talker> {
    return new Talker(await connect(url));
  }

  /** Says something and returns the answer. */
  async ask(message: unknown): Promise<Heard> {
    await this.say(message);
    return await this.hear();
  }

  async say(message: unknown): Promise<void> {
    await this.#framed.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  async content(content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const message = new Uint8Array(bytes.length + 1);
    message.set(bytes, 1);
    await this.#framed.send(message);
  }

  /** The next answer; `{ type: "gone" }` at the end. */
  async hear(): Promise<Heard> {
    for (;;) {
      const { done, value } = await this.#messages.next();
      if (done) return { type: "gone" };
      const heard = JSON.parse(textOf(value)) as Heard;
      if (heard.type !== "working" && heard.type !== "got") return heard;
    }
  }

  /** Offers a file, sends it and returns what became of it. */
  async file(name: string, content: string | Uint8Array, modifiedMs = 0): Promise<Heard> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const sha = await sha256(bytes);
    let answer = await this.ask({ type: "offer", name, bytes: bytes.length, modifiedMs });
    while (answer.type === "check") {
      const sha256OfPart = await sha256(bytes.subarray(0, answer.bytes as number));
      answer = await this.ask({ type: "prefix", sha256: sha256OfPart });
    }
    if (answer.type !== "ready") return answer;
    if (bytes.length > 0) await this.content(bytes.subarray(answer.fromBytes as number));
    return await this.ask({ type: "end", sha256: sha });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#session[Symbol.dispose]();
    return Promise.resolve();
  }
}

/** An inbox that is served on TCP, and its folder. */
export interface ServedInbox extends AsyncDisposable {
  readonly dock: Dock;
  readonly url: string;
  readonly path: string;
  readonly log: EventLog;
}

/** Serves an inbox for a test. */
export async function servedInbox(
  options: Parameters<typeof serve<typeof inbox.options>>[2] = {},
  url = "tcp://127.0.0.1:0",
): Promise<ServedInbox> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await temporaryFolder());
  const log = new EventLog();
  const path = `${folder.path}/in`;
  const place = url.replace("FOLDER", folder.path);
  const dock = cleanup.use(await serve(place, inbox, { into: path, emit: log.emit, ...options }));
  const owned = cleanup.move();
  return { dock, url: dock.url, path, log, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Everything below a folder, sorted: files with their content, folders with a slash. */
export async function contentsOf(path: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${path}/${below}`)) {
    if (!isDirectory) found.push(below + name);
    else found.push(`${below}${name}/`, ...await contentsOf(path, `${below}${name}/`));
  }
  return found.sort();
}
