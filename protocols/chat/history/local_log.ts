// The log of a server without a cluster: messages stand in the order in which its store takes them.

import type { ChatLog, LogHooks, Receipt } from "../log.ts";
import type { ChatStore } from "../store.ts";

/** Makes a log of a store. Disposing of the log disposes of the store. */
export function createLocalLog(store: ChatStore, hooks: LogHooks): ChatLog {
  /** Settles with the message before, stored or not. */
  let before: Promise<unknown> = Promise.resolve();
  return {
    append(message) {
      // The store gets each call at once, and writes those of one turn of the event loop together.
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
