// Opens the history that `--history` names, and makes a log of a store that holds one: messages stand in
// the order in which the store takes them.

import type { Clock } from "../../../core/clock.ts";
import type { ChatLog, LogHooks, Receipt } from "../log.ts";
import type { ChatStore, Retention } from "../store.ts";

/** Opens the log that `where` means: `off` keeps nothing, `:memory:` keeps it as long as the process
 * runs, and anything else is the path of a file, which is made where there is none.
 * @throws {UsageError} when the file cannot be used, saying why and what to do */
export async function openHistory(
  where: string,
  retention: Retention,
  hooks: LogHooks,
  options: { readonly clock?: Clock } = {},
): Promise<ChatLog> {
  // Each kind of history is loaded only where it is used.
  if (where === "off" || where === ":memory:") {
    const { createMemoryLog, createNoLog } = await import("./memory_log.ts");
    return where === "off"
      ? createNoLog(hooks, options.clock)
      : createMemoryLog(retention, hooks, options.clock);
  }
  const { openSqliteStore } = await import("./sqlite_store.ts");
  const notice = (text: string) => hooks.notice(text);
  return createLocalLog(await openSqliteStore(where, { retention, notice, ...options }), hooks);
}

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
