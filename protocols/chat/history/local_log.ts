// The log of a server alone: the order in which its store takes messages is that of their rooms.

import type { ChatLog, LogHooks, Receipt } from "../log.ts";
import type { ChatStore } from "../store.ts";

/** Makes a log of a store, which goes with it. */
export function createLocalLog(store: ChatStore, hooks: LogHooks): ChatLog {
  /** The message before, whatever became of it. */
  let before: Promise<unknown> = Promise.resolve();
  return {
    append(message) {
      // Every call goes to the store at once, which writes those of one turn together.
      const stored = store.append([{ message }]);
      const done = Promise.allSettled([stored, before]).then(async (): Promise<Receipt> => {
        const { seq, duplicate } = (await stored)[0]!;
        if (!duplicate) hooks.deliver({ ...message, seq });
        return { id: message.id, seq, scope: "stored", duplicate };
      });
      before = done;
      return done;
    },
    last: (room, count, before) => store.last(room, count, before),
    after: (room, seq, count) => store.after(room, seq, count),
    search: (room, words, count) => store.search(room, words, count),
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await Promise.allSettled([before]);
    },
  };
}
