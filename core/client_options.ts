// The limits that clients share.

import { size } from "./option.ts";

/** For every client that opens a session. */
export const clientOptions = {
  maxMessageBytes: size({
    default: 16 * 1024 * 1024,
    min: 1,
    help: "largest message to take from the peer",
  }),
} as const;
