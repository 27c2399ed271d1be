// The listening half of an inbox: opens its folder, and receives the files of each session. Long,
// because a session is one state machine: what a message means depends on the transfer under way.

import { createHash } from "node:crypto";
import { isLoopback } from "../../core/addresses/address.ts";
import { TransferSlots } from "../../core/files/transfer_slots.ts";
import type { Context, Service } from "../../core/protocol.ts";
import type { Identity, Message, Session } from "../../core/session.ts";
import { InboxFolder } from "./folder.ts";
import { inboxNames } from "./names.ts";
import type { InboxOptions } from "./options.ts";
import { InboxRefusal, refusalFor } from "./refusal.ts";
import { type NextStep, takenOver, Transfer } from "./transfer.ts";
import {
  contentOf,
  encodeControl,
  INBOX_VERSION,
  type InboxMessage,
  type OfferedFile,
  parseSenderMessage,
  type SenderMessage,
  WireError,
} from "./wire.ts";

/** The most content of one message, and the most that may be unconfirmed. */
const CHUNK_BYTES = 256 * 1024;
const WINDOW_BYTES = 8 * 1024 * 1024;

/** The most files of one session that were sent to their end and are not in their place yet. */
const MAX_UNSETTLED = 32;

/** Time after which a sender that stalls gives way to others, if all places are taken. It is long
 * because a sender that goes on with a large file hashes what it has sent before. */
const STALLED_MS = 30_000;

/** How often a sender that waits is told that the inbox is at work, in milliseconds. */
const SIGN_OF_LIFE_MS = 5000;

/** @throws {UsageError} when the folder of the inbox cannot be used */
export async function openInbox(options: InboxOptions, context: Context): Promise<Service> {
  const { into, quotaBytes, keepPartialMs } = options;
  const folder = await InboxFolder.open(into, { quotaBytes, keepPartialMs, now: context.now });
  const transfers = new Map<string, Transfer>();
  const slots = new TransferSlots(options.maxTransfers, STALLED_MS);
  return {
    async serve(session) {
      await using receiver = new Receiver(session, { options, context, folder, transfers, slots });
      await receiver.run();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

interface Shared {
  readonly options: InboxOptions;
  readonly context: Context;
  readonly folder: InboxFolder;
  /** The transfers under way, of all sessions. */
  readonly transfers: Map<string, Transfer>;
  readonly slots: TransferSlots;
}

/** A file or folder that a sender has offered. */
type Offered = Pick<OfferedFile, "name" | "id">;

/** Receives the files of one session. */
class Receiver implements AsyncDisposable {
  readonly #session: Session;
  readonly #shared: Shared;
  /** The file that is being received, if any. */
  #transfer: Transfer | undefined;
  #greeted = false;
  #offered = 0;
  /** The last offer, which a refusal is about. */
  #last: Offered | undefined;
  /** Files whose content is complete, and which are put in their place while the next one comes. */
  readonly #settling = new Set<Promise<void>>();
  /** An error of a file that settles, unless it is a refusal; it ends the session. */
  #failure: unknown;
  /** How many bytes of the current file were confirmed to the sender. */
  #confirmedBytes = 0;
  /** How many bytes of a refused file came after its refusal. */
  #strayBytes = 0;
  #said: Promise<void> = Promise.resolve();

  constructor(session: Session, shared: Shared) {
    this.#session = session;
    this.#shared = shared;
  }

  /** Takes the messages of the sender until its end, or until one is malformed. */
  async run(): Promise<void> {
    for await (const message of this.#session) {
      if (!await this.#takeOrRefuse(message)) return;
    }
    await Promise.all(this.#settling);
    if (this.#failure !== undefined) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#settling);
    await this.#transfer?.[Symbol.asyncDispose]();
  }

  /** @returns whether the session goes on */
  async #takeOrRefuse(message: Message): Promise<boolean> {
    try {
      return await this.#take(message);
    } catch (error) {
      if (error instanceof WireError) {
        const reason = `This is not the language of an inbox: ${error.message}.`;
        await this.#say({ type: "refused", code: "protocol", reason, final: true });
        return false;
      }
      const refusal = refusalFor(error);
      const transfer = this.#transfer;
      this.#transfer = undefined;
      this.#strayBytes = 0;
      await transfer?.discard();
      await this.#refuse(refusal, this.#last);
      return true;
    }
  }

  async #take(message: Message): Promise<boolean> {
    const content = contentOf(message);
    if (content !== null) {
      await this.#takeContent(content);
      return true;
    }
    const said = parseSenderMessage(message);
    if (!this.#greeted) return await this.#greet(said);
    switch (said.type) {
      case "hello":
        throw new WireError("one greeting is enough");
      case "offer":
        await this.#takeOffer(said);
        return true;
      case "folder":
        await this.#takeFolder(said);
        return true;
      default:
        // Without a transfer it is about a file that was refused meanwhile, and so is answered.
        if (this.#transfer !== undefined) await this.#goOn(this.#transfer, said);
        return true;
    }
  }

  async #greet(said: SenderMessage): Promise<boolean> {
    if (said.type !== "hello") throw new WireError("a sender says hello first");
    const refusal = said.version !== INBOX_VERSION
      ? new InboxRefusal(
        "protocol",
        `This inbox speaks version ${INBOX_VERSION}, not ${said.version}.`,
      )
      : isTrusted(this.#session)
      ? null
      : new InboxRefusal(
        "unverified",
        "From another machine this inbox takes files only of senders that prove who they are: by a " +
          "client certificate on tls://, wss:// or dtls://, or by a key on udp+signed+reliable:// or " +
          "udp+sealed+reliable://.",
      );
    if (refusal !== null) {
      await this.#refuse(refusal, undefined, true);
      return false;
    }
    this.#greeted = true;
    await this.#say({
      type: "welcome",
      version: INBOX_VERSION,
      chunkBytes: Math.min(CHUNK_BYTES, Math.max(1, this.#session.maxMessageBytes - 1)),
      windowBytes: WINDOW_BYTES,
      unsettled: MAX_UNSETTLED,
    });
    return true;
  }

  async #takeOffer(file: OfferedFile): Promise<void> {
    const { options, folder, transfers } = this.#shared;
    if (this.#transfer !== undefined) throw new WireError("one file at a time is offered");
    this.#count(file);
    const names = this.#names(file.name);
    if (file.bytes > options.maxFileBytes) {
      throw new InboxRefusal(
        "limit",
        `${JSON.stringify(file.name)} has ${file.bytes} bytes; a file may have at most ` +
          `${options.maxFileBytes} here.`,
      );
    }
    const key = keyOf(file, this.#session);
    // The same sender has come back: its old session may be broken without our knowing it yet.
    for (let other = transfers.get(key); other !== undefined; other = transfers.get(key)) {
      await other.giveWay(takenOver());
    }
    const slot = this.#shared.slots.take(() => {
      const reason = "The file came too slowly, and others were waiting.";
      transfer.giveWay(new InboxRefusal("busy", reason, true)).catch(() => {});
    });
    if (slot === null) {
      const { maxTransfers } = options;
      throw new InboxRefusal("busy", `${maxTransfers} files are being received already.`, true);
    }
    const transfer = new Transfer({
      folder,
      file,
      names,
      overwrite: options.overwrite,
      key,
      slot,
      onEnd: () => transfers.delete(key),
    });
    transfers.set(key, transfer);
    this.#transfer = transfer;
    await this.#step(await transfer.begin());
  }

  async #takeFolder({ name }: { readonly name: string }): Promise<void> {
    if (this.#transfer !== undefined) throw new WireError("a file is being sent");
    this.#count({ name });
    const { folder } = this.#shared;
    const names = this.#names(name);
    const made = await folder.makeFolders(names);
    await this.#say({ type: "done", ...(made === 0 && { already: true }) });
  }

  async #goOn(transfer: Transfer, said: SenderMessage): Promise<void> {
    if (said.type === "prefix") {
      const { signal } = this.#session;
      await this.#step(await this.#alive(transfer.compare(said.sha256, signal)));
    } else if (said.type === "end") {
      if (transfer.file.id === undefined) {
        await this.#alive(transfer.finish(said.sha256));
        await this.#done(transfer, said.sha256, false);
        return;
      }
      while (this.#settling.size >= MAX_UNSETTLED) await Promise.race(this.#settling);
      this.#transfer = undefined;
      const settling = this.#settle(transfer, said.sha256).catch((error) => {
        this.#failure ??= error;
        this.#session.close();
      }).finally(() => this.#settling.delete(settling));
      this.#settling.add(settling);
    } else {
      throw new InboxRefusal("changed", "The sender took the file back.");
    }
  }

  /** Puts a file in its place while the next one comes. */
  async #settle(transfer: Transfer, sha256: string): Promise<void> {
    try {
      await this.#alive(transfer.finish(sha256));
    } catch (error) {
      await transfer.discard();
      await this.#refuse(refusalFor(error), transfer.file);
      return;
    }
    await this.#done(transfer, sha256, false);
  }

  async #takeContent(content: Uint8Array): Promise<void> {
    const transfer = this.#transfer;
    if (transfer === undefined) {
      this.#strayBytes += content.length;
      if (!this.#greeted || this.#strayBytes > WINDOW_BYTES) {
        throw new WireError("content of no file");
      }
      return;
    }
    await transfer.write(content);
    if (transfer.gotBytes - this.#confirmedBytes >= WINDOW_BYTES / 4) {
      this.#confirmedBytes = transfer.gotBytes;
      await this.#say({ type: "got", bytes: transfer.gotBytes });
    }
  }

  async #step(next: NextStep): Promise<void> {
    if (next.type === "done") return await this.#done(this.#transfer!, next.sha256, true);
    if (next.type === "ready") this.#confirmedBytes = next.fromBytes;
    await this.#say(next);
  }

  async #done(transfer: Transfer, sha256: string, already: boolean): Promise<void> {
    if (this.#transfer === transfer) this.#transfer = undefined;
    await transfer[Symbol.asyncDispose]();
    const { name: file, bytes } = transfer.file;
    this.#shared.context.emit?.({
      event: "stored",
      ...this.#proof,
      file,
      bytes,
      sha256,
      ...(already && { already: true as const }),
    }, this.#session);
    await this.#say({
      type: "done",
      sha256,
      ...(already && { already }),
      ...idOf(transfer.file),
    });
  }

  /** Who the sender is, where it proved that. */
  get #proof(): { readonly identity?: Identity } {
    const { identity } = this.#session;
    return identity === undefined ? {} : { identity };
  }

  #names(name: string): readonly string[] {
    return inboxNames(name, this.#shared.options);
  }

  #count(offered: Offered): void {
    this.#last = offered;
    const { filesPerSession } = this.#shared.options;
    if (++this.#offered > filesPerSession + 1000) throw new WireError("too many files are offered");
    if (this.#offered <= filesPerSession) return;
    throw new InboxRefusal("limit", `A session may send at most ${filesPerSession} files.`);
  }

  async #refuse(refusal: InboxRefusal, about: Offered | undefined, final = false): Promise<void> {
    const { code, message: reason, again } = refusal;
    this.#shared.context.emit?.({
      event: "refused",
      ...this.#proof,
      ...(about !== undefined && { file: about.name.slice(0, 1000) }),
      reason,
    }, this.#session);
    await this.#say({
      type: "refused",
      code,
      reason,
      ...(again && { again }),
      ...(final && { final }),
      ...idOf(about),
    });
  }

  /** Waits for work that may take long, and tells the sender now and then that the inbox is at it. */
  async #alive<T>(work: Promise<T>): Promise<T> {
    const timer = setInterval(
      // That a sender is gone is noticed where its messages are read.
      () => void this.#say({ type: "working" }).catch(() => {}),
      SIGN_OF_LIFE_MS,
    );
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  }

  #say(message: InboxMessage): Promise<void> {
    const sending = () => this.#session.send(encodeControl(message));
    return this.#said = this.#said.then(sending, sending);
  }
}

function idOf(offered: Offered | undefined): { readonly id?: number } {
  return offered?.id === undefined ? {} : { id: offered.id };
}

/** Whether files of a sender are taken: one on this machine, or one that has proved who it is. */
function isTrusted({ identity, peer }: Session): boolean {
  return identity !== undefined || "path" in peer || isLoopback(peer.hostname);
}

/** The key of a transfer: another for another size or time of the file, or another sender. */
function keyOf({ name, bytes, modifiedMs }: OfferedFile, { identity }: Session): string {
  const what = JSON.stringify([identity?.fingerprint ?? "", name, bytes, modifiedMs]);
  return createHash("sha256").update(what).digest("hex").slice(0, 32);
}
