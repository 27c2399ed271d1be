// A chat without other nodes.

import type { ChatPeers } from "./peers.ts";

/** Nobody else is there, so every name is ours to give. */
export const alone: ChatPeers = {
  claim: () => Promise.resolve(true),
  release: () => {},
  members: () => [],
  rooms: () => new Map(),
  whisper: () => Promise.resolve(false),
  expel: () => {},
  ban: () => {},
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
