// The refusals of an inbox, as errors, and how failures of the disk become refusals.

import { diskRefusal } from "../../core/files/disk_refusal.ts";
import type { RefusalCode } from "./wire.ts";

/** An inbox refuses a file or a sender. The message is a sentence for the sender. */
export class InboxRefusal extends Error {
  override readonly name = "InboxRefusal";

  /** @param again whether it may be taken a little later */
  constructor(readonly code: RefusalCode, reason: string, readonly again = false) {
    super(reason);
  }
}

/** The refusal for an error that came up while files were received.
 * @throws {unknown} the error itself, when no disk can be its cause */
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
