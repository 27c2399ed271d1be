// The chat with `--bare`, as guides to socket programming build it: what one client sends goes to
// every other, as it is.

import { errorText } from "../../../core/event.ts";
import type { Context, Service } from "../../../core/protocol.ts";
import type { Message, Session } from "../../../core/session.ts";
import { Outbox } from "../delivery/outbox.ts";
import type { ChatOptions } from "../options.ts";

/** Opens a relay without names, rooms, history or commands. */
export function openBare(options: ChatOptions, context: Context): Service {
  const counters = { missed: 0, tooSlow: 0, membersRefused: 0 };
  const outboxes = new Map<Session, Outbox>();
  const now = () => performance.now();
  const sweep = setInterval(() => {
    for (const [session, outbox] of outboxes) {
      if (outbox.stuckForMs(now()) < options.slowTimeoutMs) continue;
      counters.tooSlow++;
      outboxes.delete(session);
      outbox.abandon();
      session.close("too slow");
    }
  }, Math.max(10, Math.min(5000, options.slowTimeoutMs / 4)));

  function pass(message: Message, from: Session | undefined): void {
    for (const [session, outbox] of outboxes) {
      if (session !== from) outbox.send(message);
    }
  }

  void sayLines(context, (line) => pass(line, undefined));

  return {
    // Bytes pass as they come, without a line or a frame around them.
    framing: "none",
    counters,
    async serve(session) {
      if (outboxes.size >= options.maxMembers) {
        counters.membersRefused++;
        return;
      }
      const outbox = new Outbox(session, options, {
        lines: false,
        now,
        missed(count) {
          counters.missed += count;
          return null;
        },
      });
      outboxes.set(session, outbox);
      try {
        for await (const received of session) {
          // A view of a buffer that the next read overwrites.
          const message = typeof received === "string" ? received : received.slice();
          context.emit?.({ event: "message", message }, session);
          pass(message, session);
        }
      } finally {
        outboxes.delete(session);
        outbox.abandon();
      }
    },
    [Symbol.asyncDispose]() {
      clearInterval(sweep);
      return Promise.resolve();
    },
  };
}

async function sayLines(context: Context, say: (line: string) => void): Promise<void> {
  try {
    for await (const line of context.lines ?? []) {
      if (line === "/quit") return context.stop("the operator quit");
      say(line);
    }
  } catch (error) {
    context.emit?.({
      event: "notice",
      text: `the terminal cannot be read: ${errorText(error)}`,
    });
  }
}
