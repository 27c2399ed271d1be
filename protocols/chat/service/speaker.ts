// The contract of a speaker, which carries out the requests of one member, and the rate limit that
// holds for both kinds: plain clients, which send lines of text, and rich ones, which send JSON.

import type { Hub, Saying } from "../hub/hub.ts";
import type { LocalMember } from "../hub/local_member.ts";
import type { Receipt } from "../log.ts";
import { RefusedError } from "../refused_error.ts";

/** How many messages of a member may wait to be stored before its next one is read. */
const MAX_UNSTORED = 64;

/** A request that searches or reads the history counts as this many messages. */
export const LOOK_UP_COST = 3;

/** A member that is too fast is told so once in this time. */
const TOO_FAST_NOTICE_MS = 1000;

/** Carries out what a member sends. */
export interface Speaker {
  /** Resolves to whether the session goes on. */
  take(text: string): Promise<boolean>;
}

/** Whether a member may send one request more now.
 * @throws {RefusedError} when it may not, unless it was told so a moment ago */
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

/** Says something for a member, which is told once it is stored or refused. Resolves at once, so that
 * the next message is read while this one is stored, unless many wait already. */
export async function sayAndAnswer(
  hub: Hub,
  member: LocalMember,
  saying: Saying,
  answer: { acknowledge(receipt: Receipt): void; refuse(error: RefusedError): void },
): Promise<void> {
  const stored = hub.say(member, saying);
  member.unstored++;
  member.answered = stored.then(
    (receipt) => {
      member.unstored--;
      answer.acknowledge(receipt);
    },
    (error: unknown) => {
      member.unstored--;
      if (!(error instanceof RefusedError)) throw error;
      answer.refuse(error);
    },
  ).catch((error: unknown) => hub.failed(error));
  if (member.unstored >= MAX_UNSTORED) await member.answered;
}
