// A history that is only in memory, or none at all.

import type { ChatLog, LogHooks, Receipt } from "./log.ts";
import type { ChatMessage, NewMessage } from "./message.ts";
import type { Retention } from "./store.ts";

/** How many messages of all rooms are kept at most, however many rooms there are. */
const MAX_KEPT = 100_000;

/** How many ids are remembered at least, so that a message is said once. */
const REMEMBERED_IDS = 50_000;

/** Opens a log that keeps messages in memory as long as the retention says; with `messages` 0 it
 * only puts them in order. */
export function openMemoryLog(
  retention: Retention,
  hooks: LogHooks,
  now: () => number = Date.now,
): ChatLog {
  const rooms = new Map<string, ChatMessage[]>();
  // Two halves, of which the older is thrown away whole: deleting the first of a map over and over
  // makes finding it slow.
  let seqs = new Map<string, number | undefined>();
  let olderSeqs: typeof seqs = new Map();
  let seq = 0;
  let kept = 0;

  function remember(message: ChatMessage): void {
    seqs.set(message.id, message.seq);
    if (seqs.size >= REMEMBERED_IDS) {
      olderSeqs = seqs;
      seqs = new Map();
    }
    if (retention.messages === 0) return;
    let room = rooms.get(message.room);
    if (room === undefined) rooms.set(message.room, room = []);
    else {
      // The least recently used room is the first to lose what it has.
      rooms.delete(message.room);
      rooms.set(message.room, room);
    }
    room.push(message);
    kept++;
    // Cut by the many, so that a full room costs no more than another.
    if (room.length > retention.messages * 1.25 + 16) {
      kept -= room.splice(0, room.length - retention.messages).length;
    }
    while (kept > MAX_KEPT) {
      const [name, oldest] = rooms.entries().next().value!;
      if (oldest === room) {
        kept -= room.splice(0, Math.ceil(room.length / 2)).length;
      } else {
        rooms.delete(name);
        kept -= oldest.length;
      }
    }
  }

  /** What is still to be shown of a room. */
  function visible(room: string, nowMs: number): readonly ChatMessage[] {
    const all = rooms.get(room) ?? [];
    const newest = Number.isFinite(retention.messages) ? all.slice(-retention.messages) : all;
    if (!Number.isFinite(retention.ageMs)) return newest;
    return newest.filter(({ timeMs }) => timeMs >= nowMs - retention.ageMs);
  }

  return {
    append(message: NewMessage): Promise<Receipt> {
      const { id } = message;
      const known = [seqs, olderSeqs].find((ids) => ids.has(id));
      if (known !== undefined) {
        return Promise.resolve({ id, seq: known.get(id), scope: "memory", duplicate: true });
      }
      const placed: ChatMessage = { ...message, seq: ++seq };
      remember(placed);
      hooks.deliver(placed);
      return Promise.resolve({ id, seq, scope: "memory", duplicate: false });
    },
    last(room, count, before = Infinity) {
      const earlier = visible(room, now()).filter((one) => one.seq! < before);
      return Promise.resolve(count > 0 ? earlier.slice(-count) : []);
    },
    after(room, seq, count) {
      const later = visible(room, now()).filter((one) => one.seq! > seq);
      return Promise.resolve(later.slice(0, count));
    },
    search(room, words, count) {
      const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
      const found = visible(room, now()).filter(({ text }) => {
        const lower = text.toLowerCase();
        return wanted.every((word) => lower.includes(word));
      });
      return Promise.resolve(wanted.length > 0 && count > 0 ? found.slice(-count) : []);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
