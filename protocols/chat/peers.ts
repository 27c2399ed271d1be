// The other nodes of a cluster, as the hub of a chat sees them, and what a chat without a cluster has
// in their place.

import type { Standing } from "./message.ts";

/** Somebody in a room of another node. */
export interface RemoteMember {
  readonly name: string;
  readonly standing: Standing;
  readonly room: string;
}

/** What the other nodes tell a chat. */
export interface PeerHooks {
  /** A private message for a member of ours; whether it was there. */
  whispered(room: string, to: string, from: RemoteMember, text: string): boolean;
  /** Somebody has to go, by the word of an operator on another node. */
  expelled(room: string, name: string, ban: boolean, reason: string): void;
  /** Who was banned on another node. */
  banned(keys: readonly string[]): void;
  /** Another node had this name in this room first: ours has to take another. */
  nameLost(room: string, name: string): void;
}

/** The other nodes. Nothing here waits for long: what cannot be reached is not there. */
export interface ChatPeers extends AsyncDisposable {
  /** Takes a name for a member of ours, in the room on every node; somebody verified gets it from
   * whoever is not. Taken again, it is spelt anew.
   * @returns whether it is ours now; without a connection only our own members are asked */
  claim(room: string, name: string, standing: Standing): Promise<boolean>;
  /** Gives a name back. */
  release(room: string, name: string): void;
  /** Who is in a room elsewhere. */
  members(room: string): readonly RemoteMember[];
  /** The rooms in which somebody is elsewhere, with how many. */
  rooms(): ReadonlyMap<string, number>;
  /** Sends a private message; whether somebody got it. */
  whisper(from: RemoteMember, to: string, text: string): Promise<boolean>;
  /** Has somebody removed from a room, wherever they are. */
  expel(room: string, name: string, ban: boolean, reason: string): void;
  /** Keeps whom these keys mean from coming in elsewhere. */
  ban(keys: readonly string[]): void;
}

/** The peers of a chat without other nodes: every name is ours to give. */
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
