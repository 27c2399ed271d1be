// Putting a chat together: its hub, its log, and who speaks from the terminal.

import { systemClock } from "../../core/clock.ts";
import type { Context, Service } from "../../core/protocol.ts";
import { speakFromConsole } from "./console_member.ts";
import { openHistory } from "./history/open_history.ts";
import { Hub } from "./hub.ts";
import type { ChatOptions } from "./options.ts";
import { visit } from "./visit.ts";

/** Opens a chat; resolves once its history can be used. */
export async function openChat(options: ChatOptions, context: Context): Promise<Service> {
  await using opening = new AsyncDisposableStack();
  const hub = new Hub(options, context);
  // Disposed in the other order: first whoever speaks, then what is spoken to.
  const retention = { messages: options.historyMessages, ageMs: options.historyAgeMs };
  const clock = { ...systemClock, now: context.now };
  const log = await openHistory(options.history, retention, hub.logHooks, { clock }).catch(
    async (error: unknown) => {
      await hub[Symbol.asyncDispose]();
      throw error;
    },
  );
  opening.use(log);
  opening.use(hub);
  hub.use(log);
  if (context.lines !== undefined) void speakFromConsole(hub, context.lines);
  const held = opening.move();
  return {
    serve: (session) => visit(hub, session),
    counters: hub.counters,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}
