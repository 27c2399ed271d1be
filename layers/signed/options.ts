// The options of the layer signed.

import { fileOrText } from "../../core/files/file_or_text.ts";
import { duration, integer } from "../../core/options/option.ts";

export const signedOptions = {
  signedKey: fileOrText({
    help: "file of the key that signs our datagrams; made by key make ed25519 or hmac",
  }),
  signedSenders: fileOrText({
    help: "file of the senders to believe, a line each: name ed25519:KEY or name hmac:KEY",
  }),
  signedLifetimeMs: duration({
    default: 60_000,
    min: 1000,
    max: 24 * 3_600_000,
    help: "how far the time in a signed datagram may be from ours",
  }),
  signedMaxSenders: integer({
    default: 16_384,
    min: 1,
    max: 10_000_000,
    help: "senders remembered against replays of signed datagrams; more are refused",
  }),
} as const;
