// A file that an inbox will not take.

import { diskRefusal } from "../../core/files/disk_refusal.ts";
import type { RefusalCode } from "./wire.ts";

/** Why, in a sentence for whoever sent it. */
export class InboxRefusal extends Error {
  override readonly name = "InboxRefusal";

  /** @param again whether it may be taken a little later */
  constructor(readonly code: RefusalCode, reason: string, readonly again = false) {
    super(reason);
  }
}

/** What goes wrong while files are received, as a refusal.
 * @throws {unknown} what may not happen to any disk */
export function refusalFor(error: unknown): InboxRefusal {
  if (error instanceof InboxRefusal) return error;
  const refusal = diskRefusal(error);
  if (refusal === null) throw error;
  return new InboxRefusal(
    refusal.failure === "bad-name" ? "name" : refusal.failure === "busy" ? "busy" : "disk",
    refusal.message,
    refusal.failure === "busy",
  );
}
