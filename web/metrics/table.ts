// The metrics that are made of counters. Every counter of a server stands in one of them.

import type { Stats } from "../../core/counters.ts";

interface CountedMetric {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge";
  /** Counters, by the value of the label `reason`; one counter where there is no such label. */
  readonly of: keyof Stats | { readonly [Name in keyof Stats]?: string };
}

export const COUNTED_METRICS: readonly CountedMetric[] = [
  {
    name: "sockdock_sessions_open",
    help: "Sessions and HTTP connections that are open.",
    kind: "gauge",
    of: "open",
  },
  {
    name: "sockdock_sessions_total",
    help: "Sessions and HTTP connections that were admitted.",
    kind: "counter",
    of: "opened",
  },
  {
    name: "sockdock_requests_total",
    help: "HTTP requests.",
    kind: "counter",
    of: "requests",
  },
  {
    name: "sockdock_received_bytes_total",
    help: "Bytes that came from peers.",
    kind: "counter",
    of: "bytesReceived",
  },
  {
    name: "sockdock_sent_bytes_total",
    help: "Bytes that went to peers.",
    kind: "counter",
    of: "bytesSent",
  },
  {
    name: "sockdock_received_messages_total",
    help: "Messages that came from peers.",
    kind: "counter",
    of: "messagesReceived",
  },
  {
    name: "sockdock_sent_messages_total",
    help: "Messages that went to peers.",
    kind: "counter",
    of: "messagesSent",
  },
  {
    name: "sockdock_retransmitted_messages_total",
    help: "Datagrams that were sent again.",
    kind: "counter",
    of: "retransmitted",
  },
  {
    name: "sockdock_dropped_total",
    help: "Messages, datagrams and bodies that were dropped, by reason.",
    kind: "counter",
    of: {
      oversized: "oversized",
      inboxDropped: "inbox_full",
      peersRefused: "peers_full",
      loopsRefused: "loop",
      repliesLimited: "reply_rate",
      unanswerable: "unanswerable",
      malformed: "malformed",
      forged: "forged",
      unknownSenders: "unknown_sender",
      replayed: "replayed",
      stale: "stale",
      tableFull: "table_full",
      undelivered: "undelivered",
      missed: "slow_member",
    },
  },
  {
    name: "sockdock_refused_total",
    help: "Peers and requests that were refused, by reason.",
    kind: "counter",
    of: {
      denied: "address",
      identitiesDenied: "identity",
      forbidden: "host_or_origin",
      unauthenticated: "credentials",
      membersRefused: "chat_full_or_banned",
      tooFast: "chat_rate",
      movesRefused: "move",
      delaysRefused: "too_many_delays",
    },
  },
  {
    name: "sockdock_sessions_cut_total",
    help: "Sessions and HTTP connections that did not end by themselves, by reason.",
    kind: "counter",
    of: {
      failed: "failed",
      idle: "idle",
      timedOut: "request_timeout",
      peersReplaced: "gave_way",
      tooSlow: "chat_too_slow",
      expelled: "chat_expelled",
    },
  },
  {
    name: "sockdock_moved_peers_total",
    help: "Peers of datagrams that went on from another address.",
    kind: "counter",
    of: "peersMoved",
  },
  {
    name: "sockdock_accept_errors_total",
    help: "Peers that did not get as far as a session, by reason.",
    kind: "counter",
    of: { handshakesFailed: "handshake", acceptFailures: "accept" },
  },
];

/** The counter that has a metric with more labels: what faults did, by their kind. */
export const FAULTS_COUNTER: keyof Stats = "faults";

export const FAULTS_METRIC = {
  name: "sockdock_faults_total",
  help: "What faults on purpose did, by kind and direction.",
} as const;

export const SESSION_DURATION_METRIC = {
  name: "sockdock_session_duration_seconds",
  help: "How long sessions and HTTP connections were open.",
} as const;

export const REQUEST_DURATION_METRIC = {
  name: "sockdock_request_duration_seconds",
  help: "Time from the head of a request to the end of its answer.",
} as const;
