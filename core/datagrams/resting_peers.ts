// The peers of a datagram server that may give way to new ones when its table is full: anybody can
// fill it, with datagrams from many ports or with forged sources.

/** A peer and where it rests. */
export interface RestingPeer {
  /** The set of resting peers that it is in, while its server waits for its next datagram. */
  restsIn: Set<unknown> | undefined;
  /** Since when, by `performance.now()`. */
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
    if (isEngaged) peer.restsSinceMs = performance.now();
    this.#move(peer, isEngaged ? this.#engaged : this.#answered);
  }

  /** A datagram has come from a peer, or it is forgotten. */
  wake(peer: Peer): void {
    peer.restsIn?.delete(peer);
    peer.restsIn = undefined;
  }

  /** The peer that gives way next, if there is one. */
  get first(): Peer | undefined {
    for (const peer of this.#gone) return peer;
    for (const peer of this.#answered) return peer;
    for (const peer of this.#engaged) {
      return performance.now() - peer.restsSinceMs >= this.#quietMs ? peer : undefined;
    }
    return undefined;
  }

  #move(peer: Peer, to: Set<Peer>): void {
    peer.restsIn?.delete(peer);
    peer.restsIn = to;
    to.add(peer);
  }
}
