// The other nodes of a cluster, as the hub of a chat sees them, and what a chat without a cluster has
// in their place.

import type { Standing } from "./message.ts";

/** A member in a room of another node. */
export interface RemoteMember {
  /** Its name. */
  readonly name: string;
  /** Whether it proved to own its name. */
  readonly standing: Standing;
  /** The room that it is in. */
  readonly room: string;
}

/** The events of the other nodes, for the hub of a chat. */
export interface ChatPeerHooks {
  /** A private message came for a member of ours; returns whether that member is there. */
  whispered(room: string, to: string, from: RemoteMember, text: string): boolean;
  /** An operator on another node removes a member of ours; returns whether it was there. */
  expelled(room: string, name: string, ban: boolean, reason: string): boolean;
  /** An operator on another node has banned a client, known by these keys (admission/bans.ts). */
  banned(keys: readonly string[]): void;
  /** The keys of all who are banned here, for a node that comes. */
  bans(): readonly string[];
  /** Another node had this name in this room first: ours has to take another. */
  nameLost(room: string, name: string): void;
}

/** The other nodes. Nothing here waits for long: what cannot be reached is not there. */
export interface ChatPeers extends AsyncDisposable {
  /** Takes a name for a member of ours, in the room on every node; a verified member gets it from a
   * plain one. Where the name is ours already, others see it as it is spelt now.
   * @returns whether it is ours now; without a connection only our own members are asked */
  claim(room: string, name: string, standing: Standing): Promise<boolean>;
  /** Gives a name of ours back. */
  release(room: string, name: string): void;
  /** The members of a room on the other nodes. */
  members(room: string): readonly RemoteMember[];
  /** The rooms that have members on the other nodes, with how many. */
  rooms(): ReadonlyMap<string, number>;
  /** Sends a private message; resolves to whether a member on another node got it. */
  whisper(from: RemoteMember, to: string, text: string): Promise<boolean>;
  /** Has a member of another node removed from a room; resolves to whether there is one. A ban also
   * reaches a node that stands still, once it is back. */
  expel(room: string, name: string, ban: boolean, reason: string): Promise<boolean>;
  /** Has the other nodes ban the client that these keys are of (admission/bans.ts). */
  ban(keys: readonly string[]): void;
}

/** The peers of a chat without other nodes: every name is ours to give. */
export const alone: ChatPeers = {
  claim: () => Promise.resolve(true),
  release: () => {},
  members: () => [],
  rooms: () => new Map(),
  whisper: () => Promise.resolve(false),
  expel: () => Promise.resolve(false),
  ban: () => {},
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
