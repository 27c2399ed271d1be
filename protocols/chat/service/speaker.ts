// How a member speaks: on which wire, and what is common to both.

import type { Hub } from "../hub/hub.ts";
import type { LocalMember } from "../hub/local_member.ts";
import { RefusedError } from "../refused_error.ts";

/** What a member may have unstored before the next is read. */
export const MAX_UNSTORED = 64;

/** A request that makes the server look things up costs as much as this many messages. */
export const LOOK_UP_COST = 3;

/** How often at most somebody who is too fast is told so. */
const TOO_FAST_NOTICE_MS = 1000;

/** Takes what a member sends. */
export interface Speaker {
  /** Resolves to whether the session goes on. */
  take(text: string): Promise<boolean>;
}

/** Whether a member may do one thing more now.
 * @throws {RefusedError} when it may not and has not been told just now */
export function mayDoMore(hub: Hub, member: LocalMember, cost = 1): boolean {
  const nowMs = hub.elapsedMs();
  member.heardAtMs = nowMs;
  if (member.options.bucket.take(nowMs, cost)) return true;
  hub.counters.tooFast++;
  if (nowMs - member.toldTooFastAtMs < TOO_FAST_NOTICE_MS) return false;
  member.toldTooFastAtMs = nowMs;
  const { messageRatePerSecond } = hub.options;
  throw new RefusedError(
    "too-fast",
    `you are too fast: ${messageRatePerSecond} messages a second are let through`,
  );
}
