// Brings a rich client into a room together with what it missed: first the history that it asks for,
// then what was said meanwhile, and no message twice.

import { richLine, richMessage } from "../delivery/rich_lines.ts";
import { type Hub, roomOf } from "../hub/hub.ts";
import type { LocalMember } from "../hub/local_member.ts";
import { ShownHistory } from "../hub/shown_history.ts";
import { lostSpanText } from "../log.ts";
import type { ChatMessage } from "../message.ts";
import { RefusedError } from "../refused_error.ts";
import { fitting } from "./fitting.ts";

/** The old messages that a client asks for. */
export interface CatchUp {
  /** All messages that stand after this place. */
  readonly after: number | undefined;
  /** This many of the last messages. */
  readonly last: number | undefined;
}

/** Brings a member into a room and sends it the messages that it asked for. What is said meanwhile
 * follows them.
 * @param enter brings it in and returns the line that tells it so, which it gets first */
export async function enterAndCatchUp(
  hub: Hub,
  member: LocalMember,
  { after, last }: CatchUp,
  enter: () => Promise<string>,
): Promise<void> {
  const { historyLimit, historyBytes, onePage, outbox } = member.options;
  let missed = 0;
  let shown: ShownHistory | undefined;
  const show = (page: readonly ChatMessage[]) => {
    for (const message of page) member.tellBefore(richMessage(message));
    shown?.add(page);
  };
  member.hold();
  try {
    member.tellBefore(await enter());
    const room = roomOf(member).name;
    if (after === undefined) {
      if (last === undefined || last === 0) return;
      shown = new ShownHistory(room);
      const count = Math.min(last, historyLimit);
      show(fitting(await hub.read((log) => log.last(room, count)), historyBytes, "last"));
      return;
    }
    for (const span of hub.log.lostAfter?.(after) ?? []) {
      member.tellBefore(richLine("notice", { text: lostSpanText(span) }));
    }
    shown = new ShownHistory(room);
    for (let upTo = after;;) {
      const all = await hub.read((log) => log.after(room, upTo, historyLimit));
      const page = fitting(all, historyBytes, "first");
      show(page);
      for (const { seq } of page) upTo = Math.max(upTo, seq ?? 0);
      // A place that the log never gave is no reason to keep anything back.
      if (page.length === 0) {
        const [newest] = await hub.read((log) => log.last(room, 1));
        if ((newest?.seq ?? 0) >= after) shown.addUpTo(after);
      }
      if (onePage) missed = all.length - page.length;
      if (all.length < historyLimit && page.length === all.length) return;
      if (onePage || member.gone) return;
      // A client that reads slowly holds up this loop alone.
      await outbox?.drained();
    }
  } catch (error) {
    // It has entered, and hears what is said from now on.
    if (!(error instanceof RefusedError) || error.code !== "not-readable") throw error;
    const { code, message: text } = error;
    member.tellBefore(richLine("error", { code, text }));
  } finally {
    missed += member.release(shown);
    if (missed > 0) {
      hub.counters.missed += missed;
      member.tell(richLine("missed", { count: missed }));
    }
  }
}
