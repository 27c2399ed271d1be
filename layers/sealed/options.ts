// The options of the layer sealed.

import { filesOrTexts } from "../../core/files/file_or_text.ts";
import { choice, duration, integer } from "../../core/options/option.ts";

export const sealedOptions = {
  sealedKey: filesOrTexts({
    help: "file of keys that seal datagrams: the first seals, all open; made by key make",
  }),
  sealedCipher: choice(["aes-gcm", "chacha20", "fernet"], {
    help: "how to seal, where the file of keys does not say it",
  }),
  sealedLifetimeMs: duration({
    default: 60_000,
    min: 1000,
    max: 24 * 3_600_000,
    help: "oldest sealed datagram to believe; but for fernet also how far clocks may be apart",
  }),
  sealedMaxSenders: integer({
    default: 16_384,
    min: 1,
    max: 10_000_000,
    help: "senders remembered against replays, but with fernet; more are refused",
  }),
  sealedMaxTokens: integer({
    default: 262_144,
    min: 1,
    max: 10_000_000,
    help: "tokens remembered against replays, with fernet; more are refused",
  }),
} as const;
