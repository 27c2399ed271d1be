// A chat without a history: messages are passed on and forgotten.

import { type Clock, systemClock } from "../../../core/clock.ts";
import type { ChatLog, LogHooks } from "../log.ts";
import { RecentIds } from "./recent_ids.ts";

/** How many ids are remembered, so that no message is said twice. */
const MAX_IDS = 10_000;

/** Opens a log that keeps nothing but the last ids. */
export function createNoLog(hooks: LogHooks, clock: Clock = systemClock): ChatLog {
  const ids = new RecentIds<number>(MAX_IDS);
  // Above the places of an earlier run, so that a client that comes back misses nothing.
  let lastSeq = clock.now();
  let closed = false;
  return {
    // deno-lint-ignore require-await -- so that what a hook throws is a rejection
    async append(message) {
      if (closed) throw new Error("The chat is closed");
      const { id } = message;
      const known = ids.get(id);
      if (known !== undefined) return { id, seq: known, scope: "memory", duplicate: true };
      const seq = ++lastSeq;
      ids.add(id, seq);
      hooks.deliver({ ...message, seq });
      return { id, seq, scope: "memory", duplicate: false };
    },
    last: () => Promise.resolve([]),
    after: () => Promise.resolve([]),
    search: () => Promise.resolve([]),
    [Symbol.asyncDispose]() {
      closed = true;
      return Promise.resolve();
    },
  };
}
