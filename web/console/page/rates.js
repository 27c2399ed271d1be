// What servers do a second, from counters that only grow: the difference between two moments.

/** Why something was not received, by the counters that say so, and by what faults did. */
const DROPS = {
  loss: { faults: ["loss"], counters: [] },
  blackout: { faults: ["blackout"], counters: [] },
  queueFull: { faults: ["queue"], counters: ["inboxDropped", "tableFull", "missed"] },
  refusedDrops: {
    faults: [],
    counters: [
      "denied",
      "identitiesDenied",
      "forbidden",
      "unauthenticated",
      "peersRefused",
      "loopsRefused",
      "repliesLimited",
      "unanswerable",
      "membersRefused",
      "delaysRefused",
      "tooFast",
    ],
  },
  forgedDrops: {
    faults: [],
    counters: ["malformed", "forged", "unknownSenders", "replayed", "stale"],
  },
  failedDrops: {
    faults: [],
    counters: ["failed", "handshakesFailed", "timedOut", "oversized", "undelivered"],
  },
};

/** The reasons, by the keys of their texts. */
export const DROP_REASONS = Object.keys(DROPS);

/** What is asked for again so soon, as after a click, has the rates of before. */
const SOON_MS = 500;

/**
 * @returns what gives the rates of each server since it was asked before: messages (or requests) and
 * bytes a second, and what was dropped by reason. `known` is false for a server that is seen for the
 * first time, or that was started anew.
 */
export function createRates() {
  let before = new Map();
  let beforeMs = -Infinity;
  let rates = new Map();
  return (servers, nowMs) => {
    if (nowMs - beforeMs < SOON_MS) {
      return new Map(servers.map(({ id }) => [id, rates.get(id) ?? unknown()]));
    }
    const seconds = (nowMs - beforeMs) / 1000;
    const counted = new Map(servers.map((server) => [server.id, countsOf(server)]));
    rates = new Map();
    for (const [id, now] of counted) {
      const last = before.get(id);
      const known = last?.url === now.url &&
        ["messages", "bytesIn", "bytesOut"].every((name) => now[name] >= last[name]);
      // What faults did begins at zero again when they are set anew.
      const rate = (value, then) => known ? (value >= then ? value - then : value) / seconds : 0;
      rates.set(id, {
        known,
        messages: rate(now.messages, last?.messages),
        bytesIn: rate(now.bytesIn, last?.bytesIn),
        bytesOut: rate(now.bytesOut, last?.bytesOut),
        drops: now.drops.map((value, at) => rate(value, last?.drops[at])),
      });
    }
    before = counted;
    beforeMs = nowMs;
    return rates;
  };
}

function unknown() {
  return { known: false, messages: 0, bytesIn: 0, bytesOut: 0, drops: DROP_REASONS.map(() => 0) };
}

function countsOf({ url, counters, faults }) {
  const did = (name) => (faults?.did.in[name] ?? 0) + (faults?.did.out[name] ?? 0);
  const sum = (names, value) => names.reduce((all, name) => all + value(name), 0);
  return {
    url,
    messages: counters.messagesReceived + counters.messagesSent + counters.requests,
    bytesIn: counters.bytesReceived,
    bytesOut: counters.bytesSent,
    drops: Object.values(DROPS).map((reason) =>
      sum(reason.faults, did) + sum(reason.counters, (name) => counters[name] ?? 0)
    ),
  };
}
