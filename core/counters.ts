// The counters of a server. One set of names for every transport, so that they can be added up.

/** Counters of one server, all zero at first. */
export class Counters {
  /** Sessions and HTTP connections that were admitted. */
  opened = 0;
  /** Sessions or connections open now. */
  open = 0;
  /** HTTP requests. */
  requests = 0;
  /** Messages of peers. On a byte stream without framing, what one read returned. */
  messagesReceived = 0;
  /** Messages to peers. */
  messagesSent = 0;
  /** Bytes of messages or of the stream, from peers. */
  bytesReceived = 0;
  /** The same, to peers. */
  bytesSent = 0;
  /** Peers denied by --allow or --deny. */
  denied = 0;
  /** Peers denied by --allow-identity, in spite of a valid certificate or key. */
  identitiesDenied = 0;
  /** Requests refused by the rules on Host and Origin. */
  forbidden = 0;
  /** Requests refused for missing or wrong credentials. */
  unauthenticated = 0;
  /** Handshakes that failed or took too long. */
  handshakesFailed = 0;
  /** Sessions and HTTP connections that ended in an error: the protocol threw, or the peer was lost, as
   * by a reset. What fails because we closed the session does not count. */
  failed = 0;
  /** Sessions ended because they were idle for too long. */
  idle = 0;
  /** HTTP connections ended because a header or body took too long. */
  timedOut = 0;
  /** Messages and bodies over their limit. */
  oversized = 0;
  /** Datagrams dropped because their peer's inbox, or the socket's own, was full. */
  inboxDropped = 0;
  /** Datagrams dropped because the peer table, or the share of their host, was full. */
  peersRefused = 0;
  /** Datagram peers that gave way to new ones because the peer table was full. */
  peersReplaced = 0;
  /** Peers of datagrams that went on from another address, with the session that they had. */
  peersMoved = 0;
  /** Datagrams of a peer from another address after which it was not asked whether it has moved, because
   * it moved too often or its new host has its share. */
  movesRefused = 0;
  /** Datagrams dropped because answering them could start a loop. */
  loopsRefused = 0;
  /** Replies dropped because of the limit on replies to their peer. */
  repliesLimited = 0;
  /** Replies dropped because their peer's socket has no address, or because nothing authentic came
   * from the address to which they would go. */
  unanswerable = 0;
  /** Datagrams that no layer could parse: too short, of another version, or malformed. */
  malformed = 0;
  /** Datagrams whose seal or signature is wrong: forged, damaged, or made with another key. */
  forged = 0;
  /** Datagrams of a sender whose key is not listed. */
  unknownSenders = 0;
  /** Datagrams that were seen before. */
  replayed = 0;
  /** Datagrams that are too old, or from the future. */
  stale = 0;
  /** Datagrams dropped because a layer's table of seen datagrams was full. */
  tableFull = 0;
  /** Datagrams that were sent again. */
  retransmitted = 0;
  /** Messages that were never acknowledged. */
  undelivered = 0;
  /** Datagrams and bytes that the layer `fault` dropped, changed, doubled or delayed. */
  faults = 0;
  /** Messages that a member of a chat did not receive because it read too slowly. */
  missed = 0;
  /** Requests to a chat refused by its rate limit. */
  tooFast = 0;
  /** Members of a chat dropped because they read nothing for too long. */
  tooSlow = 0;
  /** Sessions with a chat refused because it or the room was full, or because of a ban. */
  membersRefused = 0;
  /** Members of a chat removed by an operator. */
  expelled = 0;
  /** Requests refused because too many answers were delayed already. */
  delaysRefused = 0;
  /** Failures of accepting or receiving, such as for want of descriptors. */
  acceptFailures = 0;
}

/** A copy of a server's counters at one moment. */
export type Stats = Readonly<Counters>;

export function createCounters(): Counters {
  return { ...new Counters() };
}

/** The counters of several servers, added up. */
export function sumStats(all: Iterable<Stats>): Stats {
  const sum = createCounters();
  for (const stats of all) {
    for (const name of Object.keys(sum) as (keyof Stats)[]) sum[name] += stats[name];
  }
  return sum;
}
