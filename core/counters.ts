// The counters of a server. One set of names for every transport, so that they can be added up.

const zero = {
  /** Sessions and HTTP connections that were admitted. */
  opened: 0,
  /** Sessions or connections open now. */
  open: 0,
  /** HTTP requests. */
  requests: 0,
  messagesReceived: 0,
  messagesSent: 0,
  bytesReceived: 0,
  bytesSent: 0,
  /** Turned away by --allow or --deny. */
  denied: 0,
  /** Turned away by --allow-identity, in spite of a valid certificate or key. */
  identitiesDenied: 0,
  /** Turned away by the rules on Host and Origin. */
  forbidden: 0,
  /** Requests turned away for want of the right credentials. */
  unauthenticated: 0,
  /** Handshakes that failed or took too long. */
  handshakesFailed: 0,
  /** Sessions and HTTP connections that ended in an error: the protocol threw, or the peer was lost, as
   * by a reset. What fails because we closed the session does not count. */
  failed: 0,
  /** Sessions ended because nothing moved for too long. */
  idle: 0,
  /** HTTP connections ended because a header or body took too long. */
  timedOut: 0,
  /** Messages and bodies over their limit. */
  oversized: 0,
  /** Datagrams dropped because their peer's inbox was full. */
  inboxDropped: 0,
  /** Datagrams dropped because the peer table was full. */
  peersRefused: 0,
  /** Datagrams dropped because answering them could start a loop. */
  loopsRefused: 0,
  /** Answers dropped because their peer had had enough of them. */
  repliesLimited: 0,
  /** Answers dropped because their peer's socket has no address, or because nothing authentic came from
   * where they should go. */
  unanswerable: 0,
  /** Datagrams that no layer could read: too short, of another version, or nonsense. */
  malformed: 0,
  /** Datagrams whose seal or signature is wrong: forged, damaged, or made with another key. */
  forged: 0,
  /** Datagrams of a sender whose key is not listed. */
  unknownSenders: 0,
  /** Datagrams that were seen before. */
  replayed: 0,
  /** Datagrams that are too old, or from the future. */
  stale: 0,
  /** Datagrams dropped because a layer's table of what it has seen was full. */
  tableFull: 0,
  /** Datagrams that were sent again. */
  retransmitted: 0,
  /** Messages that were never acknowledged. */
  undelivered: 0,
  /** Datagrams and bytes that a fault on purpose dropped, changed, doubled or held back. */
  faults: 0,
  /** Messages that a member of a chat did not get because it did not read. */
  missed: 0,
  /** Requests to a chat refused because their sender makes too many. */
  tooFast: 0,
  /** Members of a chat dropped because they did not read for too long. */
  tooSlow: 0,
  /** Sessions with a chat that found it or their room full, or that are banned. */
  membersRefused: 0,
  /** Members of a chat removed by an operator. */
  expelled: 0,
  /** Times that accepting or receiving failed, such as for want of descriptors. */
  acceptFailures: 0,
};

/** Counters of one server, all zero at first. */
export type Counters = { -readonly [Name in keyof typeof zero]: number };

/** A copy of a server's counters at one moment. */
export type Stats = Readonly<Counters>;

export function createCounters(): Counters {
  return { ...zero };
}

/** The counters of several servers, added up. */
export function sumStats(all: Iterable<Stats>): Stats {
  const sum = createCounters();
  for (const stats of all) {
    for (const name of Object.keys(zero) as (keyof Stats)[]) sum[name] += stats[name];
  }
  return sum;
}
