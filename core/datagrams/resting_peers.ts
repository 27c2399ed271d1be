// The peers of a datagram server that may give way to new ones when its table is full: anybody can
// fill it, with datagrams from many ports or with forged sources.

/** A peer and where it rests. */
export interface RestingPeer {
  /** The set of resting peers that it is in, while its server waits for its next datagram. */
  restsIn: Set<unknown> | undefined;
  /** Since when, by `performance.now()`, if it began after the table was full for the first time. */
  restsSinceMs: number;
}

/** Peers for which the server has nothing to do, those that rest for longest first. */
export class RestingPeers<Peer extends RestingPeer> {
  readonly #quietMs: number;
  /** Without a session, in the order in which these ended. */
  readonly #gone = new Set<Peer>();
  /** Answered, and silent since: they may not even have asked. */
  readonly #answered = new Set<Peer>();
  /** In a conversation, or without an answer yet. */
  readonly #engaged = new Set<Peer>();
  /** When a peer was first looked for. Until then no time is taken, which for every datagram would
   * cost as much as all else here. */
  #neededSinceMs = Infinity;

  /** @param quietMs how long a peer that is in a conversation has to be silent before it gives way */
  constructor(quietMs: number) {
    this.#quietMs = quietMs;
  }

  /** A session has ended, and its peer has no other. */
  leave(peer: Peer): void {
    this.#move(peer, this.#gone);
  }

  /** A session waits for the next datagram of its peer.
   * @param isEngaged whether the peer has sent something after an answer, or has none */
  rest(peer: Peer, isEngaged: boolean): void {
    if (isEngaged && this.#neededSinceMs !== Infinity) peer.restsSinceMs = performance.now();
    this.#move(peer, isEngaged ? this.#engaged : this.#answered);
  }

  /** A datagram has come from a peer, or it is forgotten. */
  wake(peer: Peer): void {
    peer.restsIn?.delete(peer);
    peer.restsIn = undefined;
  }

  /** The peer that gives way next, if there is one. */
  nextToGo(): Peer | undefined {
    for (const peer of this.#gone) return peer;
    for (const peer of this.#answered) return peer;
    const nowMs = performance.now();
    this.#neededSinceMs = Math.min(this.#neededSinceMs, nowMs);
    for (const peer of this.#engaged) {
      const sinceMs = Math.max(peer.restsSinceMs, this.#neededSinceMs);
      return nowMs - sinceMs >= this.#quietMs ? peer : undefined;
    }
    return undefined;
  }

  #move(peer: Peer, to: Set<Peer>): void {
    peer.restsIn?.delete(peer);
    peer.restsIn = to;
    to.add(peer);
  }
}
