// The options that limit a server, such as sessions, message sizes and idle time, with their
// defaults. The option table of a transport is made of these and of its own.

import { about, duration, integer, size, text } from "./options/option.ts";
import type { OptionValues } from "./options/option.ts";

export const admissionOptions = about("access", {
  allow: text.many({
    guard: true,
    metavar: "cidr",
    help: "admit only these addresses or networks (@FILE reads a list)",
  }),
  deny: text.many({
    guard: true,
    metavar: "cidr",
    help: "turn these addresses or networks away, before --allow is asked (@FILE reads a list)",
  }),
});

const sessionOptions = about("limits", {
  maxMessageBytes: size({
    default: 1024 * 1024,
    min: 1,
    help: "largest message; a longer line, frame or datagram ends or drops it",
  }),
});

export const streamOptions = about("limits", {
  ...sessionOptions,
  maxConnections: integer({
    default: 8192,
    min: 1,
    max: 1_000_000,
    help: "connections at once; more wait in the backlog",
  }),
  idleTimeoutMs: duration({
    default: 5 * 60_000,
    min: 1,
    allowNone: true,
    help: "close a connection on which nothing moved for this long",
  }),
});

export const backlogOptions = about("limits", {
  backlog: integer({
    default: 511,
    min: 1,
    max: 65_535,
    help: "connections that the system keeps waiting",
  }),
});

export const handshakeOptions = about("limits", {
  handshakeTimeoutMs: duration({
    default: 10_000,
    min: 1,
    help: "longest TLS, DTLS or WebSocket handshake",
  }),
});

export const datagramOptions = about("limits", {
  ...sessionOptions,
  maxPeers: integer({
    default: 4096,
    min: 1,
    max: 1_000_000,
    help: "datagram peers at once; for more, those that were answered and are silent give way",
  }),
  peerTimeoutMs: duration({
    default: 60_000,
    min: 1,
    help: "forget a datagram peer that said nothing for this long",
  }),
  inboxMessages: integer({
    default: 256,
    min: 1,
    max: 1_000_000,
    help: "unread datagrams kept for each peer; more are dropped",
  }),
  inboxBytes: size({
    default: 64 * 1024 * 1024,
    min: 1,
    help: "unread datagrams kept for all peers together, in bytes",
  }),
  replyRatePerSecond: integer({
    default: 1000,
    min: 1,
    max: 1_000_000_000,
    help: "answers a second to one peer beyond loopback",
  }),
});

export type AdmissionLimits = OptionValues<typeof admissionOptions>;
export type BacklogLimits = OptionValues<typeof backlogOptions>;
export type HandshakeLimits = OptionValues<typeof handshakeOptions>;
export type StreamLimits = OptionValues<typeof streamOptions>;
export type DatagramLimits = OptionValues<typeof datagramOptions>;
