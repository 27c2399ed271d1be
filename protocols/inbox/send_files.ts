// The dialling half of an inbox: sends files over one session, one after the other. Long, because
// the ways in which one file can end (stored, refused, changed meanwhile) share their state.

import { errorText } from "../../core/event.ts";
import { LinklessPaths } from "../../core/files/linkless_paths.ts";
import type { Session } from "../../core/session.ts";
import { MessageTooLargeError } from "../../core/streams/framing.ts";
import { framedSession } from "../../core/streams/framed_session.ts";
import { InboxAnswers } from "./answers.ts";
import { ContentHash, hashFile } from "./content_hash.ts";
import type { LocalFile } from "./local_files.ts";
import {
  contentRoom,
  encodeControl,
  INBOX_VERSION,
  type InboxMessage,
  MAX_CONTROL_BYTES,
  type RefusalCode,
  type RefusedMessage,
  type SenderMessage,
  WireError,
} from "./wire.ts";

/** The most content of one message, also where the inbox would take more. */
const MAX_CHUNK_BYTES = 1024 * 1024;

/** The most files that were sent to their end and whose answer has not come. An inbox writes each
 * file through to its disk, which takes many at a time almost as fast as one. */
const MAX_UNSETTLED = 32;

/** The outcome of one file. */
export type FileOutcome =
  /** The file is in its place, and the inbox has computed the same SHA-256; folders have none. */
  | {
    readonly status: "arrived";
    readonly file: LocalFile;
    readonly sha256?: string;
    /** Whether it was there already. */
    readonly already: boolean;
  }
  | {
    readonly status: "failed";
    readonly file: LocalFile;
    readonly reason: string;
    /** The code of the refusal, where the inbox refused the file. */
    readonly code?: RefusalCode;
    /** Whether the inbox asks to try again later. */
    readonly again: boolean;
  };

/** How files are sent. */
export interface SendFilesOptions {
  /** How long the inbox may say nothing while something is expected of it, in milliseconds.
   * Default: 30,000. */
  readonly timeoutMs?: number;
  /** Called with how much of the current file has arrived; `keptBytes` were there from before. */
  readonly onProgress?: (file: LocalFile, arrivedBytes: number, keptBytes: number) => void;
  /** Aborting it ends the session. */
  readonly signal?: AbortSignal;
}

/** The inbox takes no files of this sender. */
export class InboxRefusedError extends Error {
  /** The name by which callers can tell this error. */
  override readonly name = "InboxRefusedError";

  /** Makes the error.
   * @param reason the words of the inbox */
  constructor(
    /** Why, for programs. */
    readonly code: RefusalCode,
    reason: string,
  ) {
    super(reason);
  }
}

/** What answers is no inbox. */
export class NoInboxError extends Error {
  override readonly name = "NoInboxError";
  constructor(options: ErrorOptions) {
    super("what answers is no inbox of sockdock", options);
  }
}

/** Sends files over a session and yields what became of each, in their order. A file of which the
 * inbox has a part goes on from there, if the part is the same. Closes the session at the end.
 * @throws {InboxRefusedError} when the inbox will take nothing
 * @throws {NoInboxError} when the first answer is none of an inbox
 * @throws {DOMException} named TimeoutError when the inbox says nothing for too long
 * @throws {Error} when the session breaks off; what was not yielded was not sent, or not wholly */
export async function* sendFiles(
  session: Session,
  files: Iterable<LocalFile>,
  { timeoutMs = 30_000, onProgress = () => {}, signal }: SendFilesOptions = {},
): AsyncGenerator<FileOutcome, void> {
  const framed = framedSession(session, "length");
  const giveUp = () => session.close();
  signal?.addEventListener("abort", giveUp, { once: true });
  const answers = new InboxAnswers(framed, timeoutMs);
  try {
    signal?.throwIfAborted();
    const sender = await FileSender.greet(framed, answers, { onProgress, signal });
    const sent: Sent[] = [];
    for (const file of files) {
      sent.push(await sender.send(file));
      while (sent[0] && (sent.length >= sender.maxUnsettled || sent[0].isKnown())) {
        yield await sent.shift()!.outcome();
      }
    }
    for (const { outcome } of sent) yield await outcome();
    await framed.end();
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
    answers[Symbol.dispose]();
    await answers.ended();
  }
}

interface SenderParts {
  readonly onProgress: NonNullable<SendFilesOptions["onProgress"]>;
  readonly signal: AbortSignal | undefined;
}

/** A file whose turn is over, whether it was sent or not. */
interface Sent {
  /** Whether its outcome can be had without waiting. */
  isKnown(): boolean;
  /** Resolves with the outcome of the file. To be called once. */
  readonly outcome: () => Promise<FileOutcome>;
}

/** Sends over a session on which both sides have greeted. */
class FileSender {
  readonly #session: Session;
  readonly #answers: InboxAnswers;
  readonly #parts: SenderParts;
  readonly #linkless = LinklessPaths.open();
  readonly #chunkBytes: number;
  readonly #windowBytes: number;
  /** How many files may be sent before the outcome of the first is known. */
  readonly maxUnsettled: number;
  #lastId = 0;

  private constructor(
    session: Session,
    answers: InboxAnswers,
    parts: SenderParts,
    welcome: InboxMessage & { type: "welcome" },
  ) {
    this.#session = session;
    this.#answers = answers;
    this.#parts = parts;
    const most = Math.min(MAX_CHUNK_BYTES, session.maxMessageBytes - 1);
    this.#chunkBytes = Math.max(1, Math.min(welcome.chunkBytes, most));
    this.#windowBytes = Math.max(this.#chunkBytes, welcome.windowBytes);
    this.maxUnsettled = Math.min(MAX_UNSETTLED, welcome.unsettled);
  }

  static async greet(
    session: Session,
    answers: InboxAnswers,
    parts: SenderParts,
  ): Promise<FileSender> {
    await answers.expecting(() =>
      session.send(encodeControl({ type: "hello", version: INBOX_VERSION }))
    );
    const answer = await answers.next().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "TimeoutError") {
        const silence = error.message.replace(/^the inbox /, "");
        throw new DOMException(
          `what listens there ${silence}; it may be no inbox of sockdock`,
          "TimeoutError",
        );
      }
      throw isNonsense(error) ? new NoInboxError({ cause: error }) : error;
    });
    if (answer.type === "refused") throw new InboxRefusedError(answer.code, answer.reason);
    if (answer.type !== "welcome") throw new Error("the inbox did not greet back");
    return new FileSender(session, answers, parts, answer);
  }

  async send(file: LocalFile): Promise<Sent> {
    const sent = await (file.kind === "folder" ? this.#sendFolder(file) : this.#sendFile(file));
    return "outcome" in sent ? sent : { isKnown: () => true, outcome: () => Promise.resolve(sent) };
  }

  async #sendFolder(file: LocalFile): Promise<FileOutcome> {
    const answer = await this.#ask({ type: "folder", name: file.name });
    if (answer.type === "refused") return refused(file, answer);
    if (answer.type !== "done") throw unexpected(answer);
    return { status: "arrived", file, already: answer.already === true };
  }

  async #sendFile(file: LocalFile): Promise<FileOutcome | Sent> {
    let opened: Deno.FsFile;
    try {
      opened = await Deno.open(file.path, { read: true });
    } catch (error) {
      return failed(file, `it cannot be read: ${errorText(error)}`);
    }
    using source = opened;
    const info = await source.stat();
    if (!info.isFile) return failed(file, "it is no file any more");
    if (file.isReal && !await this.#linkless.isAt(file.path, info).catch(() => false)) {
      return failed(file, "it was moved or replaced while it was opened");
    }
    return await this.#sendContent(file, source, info);
  }

  async #sendContent(
    file: LocalFile,
    source: Deno.FsFile,
    info: Deno.FileInfo,
  ): Promise<FileOutcome | Sent> {
    const { size: bytes, mtime } = info;
    const id = this.maxUnsettled > 0 ? ++this.#lastId : undefined;
    const offer: SenderMessage = {
      type: "offer",
      name: file.name,
      bytes,
      modifiedMs: mtime?.getTime() ?? 0,
      ...(id !== undefined && { id }),
    };
    if (encodeControl(offer).length > MAX_CONTROL_BYTES) {
      return failed(file, "its name is too long");
    }
    let answer = await this.#ask(offer);
    let prefix = new ContentHash();
    // It is asked twice when the inbox has a file of that name, and then a part of this one.
    while (answer.type === "check") {
      await source.seek(0, Deno.SeekMode.Start);
      if (answer.bytes > bytes) throw unexpected(answer);
      const hash = await hashFile(source, answer.bytes, this.#parts.signal);
      if (hash === null) return await this.#takeBack(file);
      prefix = hash;
      answer = await this.#ask({ type: "prefix", sha256: hash.hex() });
    }
    if (answer.type === "refused") return refused(file, answer);
    if (answer.type === "done") return this.#arrived(file, bytes, bytes, prefix.hex(), answer);
    if (answer.type !== "ready" || answer.fromBytes > bytes) throw unexpected(answer);
    const { fromBytes } = answer;
    const hash = fromBytes === 0 ? new ContentHash() : prefix;
    await source.seek(fromBytes, Deno.SeekMode.Start);
    this.#answers.beginAt(fromBytes);
    this.#parts.onProgress(file, fromBytes, fromBytes);
    if (!await this.#stream(file, source, fromBytes, bytes, hash)) {
      return await this.#takeBack(file);
    }
    // An answer before the end is a refusal.
    if (!this.#answers.hasAnswer) {
      const now = await source.stat();
      if (now.size !== bytes || now.mtime?.getTime() !== mtime?.getTime()) {
        return await this.#takeBack(file);
      }
    }
    const sha256 = hash.hex();
    const judge = (last: InboxMessage): FileOutcome => {
      if (last.type === "refused") return refused(file, last);
      if (last.type !== "done") throw unexpected(last);
      return this.#arrived(file, bytes, fromBytes, sha256, last);
    };
    const isRefused = this.#answers.hasAnswer;
    if (isRefused || id === undefined) {
      if (!isRefused) await this.#say({ type: "end", sha256 });
      return judge(await this.#answers.next());
    }
    this.#answers.awaitLater(id);
    await this.#say({ type: "end", sha256 });
    return {
      isKnown: () => this.#answers.isSettled(id),
      outcome: async () => judge(await this.#answers.settled(id)),
    };
  }

  /** Sends content until its end or an answer, which can only be a refusal.
   * @returns false when the file has become shorter */
  async #stream(
    file: LocalFile,
    source: Deno.FsFile,
    fromBytes: number,
    bytes: number,
    hash: ContentHash,
  ): Promise<boolean> {
    const answers = this.#answers;
    let sent = fromBytes;
    while (sent < bytes && !answers.hasAnswer) {
      // A new buffer for each message: the session may still hold the last one.
      const { message, content } = contentRoom(Math.min(this.#chunkBytes, bytes - sent));
      const count = await source.read(content);
      if (count === null) return false;
      hash.update(content.subarray(0, count));
      await answers.expecting(async () => {
        const fits = () => sent + count - answers.gotBytes <= this.#windowBytes;
        await answers.until(() => fits() || answers.hasAnswer);
        if (!answers.hasAnswer) await this.#session.send(message.subarray(0, count + 1));
      });
      sent += count;
      this.#parts.onProgress(file, answers.gotBytes, fromBytes);
    }
    return true;
  }

  #arrived(
    file: LocalFile,
    bytes: number,
    keptBytes: number,
    sha256: string,
    { sha256: theirs, already = false }: InboxMessage & { type: "done" },
  ): FileOutcome {
    if (theirs !== sha256) {
      return failed(file, "the inbox has worked out another SHA-256 than we have");
    }
    this.#parts.onProgress(file, bytes, keptBytes);
    return { status: "arrived", file, sha256, already };
  }

  /** Tells the inbox that the rest of a file will not come. */
  async #takeBack(file: LocalFile): Promise<FileOutcome> {
    const reason = "it changed while it was being sent";
    if (!this.#answers.hasAnswer) await this.#say({ type: "abort", reason });
    await this.#answers.next();
    return failed(file, reason);
  }

  async #ask(message: SenderMessage): Promise<InboxMessage> {
    await this.#say(message);
    const answer = await this.#answers.next();
    if (answer.type === "refused" && answer.final) {
      throw new InboxRefusedError(answer.code, answer.reason);
    }
    return answer;
  }

  #say(message: SenderMessage): Promise<void> {
    return this.#answers.expecting(() => this.#session.send(encodeControl(message)));
  }
}

function failed(file: LocalFile, reason: string): FileOutcome {
  return { status: "failed", file, reason, again: false };
}

function refused(file: LocalFile, { code, reason, again }: RefusedMessage): FileOutcome {
  return { status: "failed", file, reason, code, again: again === true };
}

function unexpected({ type }: InboxMessage): Error {
  return new Error(`the inbox said "${type}", which is no answer to what it was asked`);
}

/** Whether reading failed for what the other side said, and not because the session broke off. */
function isNonsense(error: unknown): boolean {
  return error instanceof WireError || error instanceof MessageTooLargeError;
}
