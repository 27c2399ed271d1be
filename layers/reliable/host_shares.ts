// The share of each host in what all peers of a listening socket have together, so that one host
// cannot take everything from the others.

import { type Address, networkOf } from "../../core/addresses/address.ts";
import { Room } from "./stream/room.ts";

/** The share of the memory that one host may take. */
const LARGEST_SHARE = 1 / 2;

/** The memory of a socket, or the part of it that one host has. */
export interface Rooms {
  /** For messages that are unread, and parts of them. */
  readonly unread: Room;
  /** For messages that are not acknowledged. */
  readonly unacknowledged: Room;
}

interface Share extends Rooms {
  peers: number;
}

export class HostShares {
  readonly #maxPeers: number;
  readonly #roomBytes: number;
  readonly #rooms: Rooms;
  readonly #shares = new Map<string, Share>();

  /** @param maxPeers the peers of one host at most
   * @param roomBytes the memory for each direction of all peers together */
  constructor(maxPeers: number, roomBytes: number) {
    this.#maxPeers = maxPeers;
    this.#roomBytes = roomBytes;
    this.#rooms = { unread: new Room(roomBytes), unacknowledged: new Room(roomBytes) };
  }

  /** Whether the host of an address may have another peer. */
  hasRoom(address: Address): boolean {
    if (!("hostname" in address)) return true;
    return (this.#shares.get(networkOf(address.hostname))?.peers ?? 0) < this.#maxPeers;
  }

  /** Counts a peer, and returns its memory, which is a part of that of its host. */
  add(address: Address): Rooms {
    const { unread, unacknowledged } = this.#count(address);
    return {
      unread: new Room(Infinity, unread),
      unacknowledged: new Room(Infinity, unacknowledged),
    };
  }

  /** A peer has another address from here on. */
  move(rooms: Rooms, from: Address, to: Address): void {
    const { unread, unacknowledged } = this.#count(to);
    rooms.unread.moveTo(unread);
    rooms.unacknowledged.moveTo(unacknowledged);
    this.delete(from);
  }

  #count(address: Address): Rooms {
    // All peers of a Unix socket are on this machine.
    if (!("hostname" in address)) return this.#rooms;
    const host = networkOf(address.hostname);
    let share = this.#shares.get(host);
    if (share === undefined) {
      const bytes = this.#roomBytes * LARGEST_SHARE;
      const { unread, unacknowledged } = this.#rooms;
      share = {
        peers: 0,
        unread: new Room(bytes, unread),
        unacknowledged: new Room(bytes, unacknowledged),
      };
      this.#shares.set(host, share);
    }
    share.peers++;
    return share;
  }

  /** A peer is gone and has given back its memory. */
  delete(address: Address): void {
    if (!("hostname" in address)) return;
    const host = networkOf(address.hostname);
    const share = this.#shares.get(host);
    if (share !== undefined && --share.peers === 0) this.#shares.delete(host);
  }
}

/** Whether two addresses have one share. */
export function isOfOneHost(one: Address, other: Address): boolean {
  return "hostname" in one && "hostname" in other &&
    networkOf(one.hostname) === networkOf(other.hostname);
}
