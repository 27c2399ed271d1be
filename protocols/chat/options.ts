// The options of a chat and of its cluster, apart from the code that they are for: the command line
// reads them without loading a database or a broker's library.

import { fileOrText } from "../../core/files/file_or_text.ts";
import {
  about,
  duration,
  flag,
  integer,
  type OptionValues,
  size,
  text,
} from "../../core/options/option.ts";

/** The options of a chat in a cluster. */
export const clusterOptions = about("cluster", {
  cluster: text.many({
    metavar: "url",
    suggestions: ["nats://", "tls://"],
    help: "share the chat with other nodes over the NATS broker at nats://host:port (or tls://); " +
      "several are the brokers of one cluster",
  }),
  clusterName: text({
    metavar: "name",
    default: "chat",
    help: "what the chat is called on the broker, so that several can share it",
  }),
  clusterReplicas: integer({
    min: 1,
    max: 5,
    default: 1,
    help: "on how many brokers the shared history is kept when this node creates it",
  }),
  clusterMaxSize: size({
    min: 1024 * 1024,
    default: 256 * 1024 * 1024,
    help: "how large the shared history may become on the broker when this node creates it",
  }),
  natsCreds: text({
    guard: true,
    metavar: "file",
    help: "prove to the broker who we are with this credentials file",
  }),
  natsTlsCa: fileOrText({
    help: "trust brokers whose certificate one of these authorities (PEM) has issued",
  }),
  natsTlsCert: fileOrText({
    help: "show the broker this certificate (PEM)",
  }),
  natsTlsKey: fileOrText({
    help: "the private key (PEM) of --nats-tls-cert",
  }),
});

export const chatOptions = {
  ...clusterOptions,
  history: text({
    metavar: "file|:memory:|off",
    suggestions: [":memory:", "off"],
    default: ":memory:",
    help: "where messages are kept; the command line keeps them in the user's data folder",
  }),
  historyMessages: integer({
    default: 10_000,
    min: 1,
    max: 100_000_000,
    help: "messages kept of each room",
  }),
  historyAgeMs: duration({
    default: Infinity,
    min: 1000,
    max: 10 * 365 * 86_400_000,
    allowNone: true,
    help: "how long messages are kept",
  }),
  historyPage: integer({
    default: 500,
    min: 1,
    max: 10_000,
    help: "old messages given at once; on bare datagrams never more than 20",
  }),
  bare: flag({
    help: "pass the bytes of each client to every other as they are: no names, rooms or history",
    negatable: false,
  }),
  as: text({
    metavar: "name",
    default: "operator",
    help: "name in the chat of the person at this terminal",
  }),
  operator: text.many({
    metavar: "name",
    help: "let the client that proves to have this name /kick and /ban",
  }),
  messageRatePerSecond: integer({
    default: 10,
    min: 1,
    max: 1_000_000_000,
    help: "messages and requests a second of one client; more are refused",
  }),
  messageBurst: integer({
    default: 40,
    min: 1,
    max: 1_000_000_000,
    help: "messages and requests that may come at once, after a pause",
  }),
  joinRatePerSecond: integer({
    default: 20,
    min: 1,
    max: 1_000_000,
    help: "members a second that come in from one host other than this; ten times that at once",
  }),
  maxTextBytes: size({
    default: 4096,
    min: 1,
    max: 60_000,
    help: "longest text of one message, in bytes",
  }),
  plainMaxBytes: size({
    default: 1000,
    min: 64,
    max: 65_507,
    help:
      "cut lines for plain clients on bare UDP below so many bytes; many read no more than 1024",
  }),
  maxNameLength: integer({
    default: 32,
    min: 10,
    max: 64,
    help: "longest name, in characters",
  }),
  maxMembers: integer({
    default: 10_000,
    min: 1,
    max: 1_000_000,
    help: "members of all rooms together",
  }),
  maxRoomMembers: integer({
    default: 5000,
    min: 1,
    max: 1_000_000,
    help: "members of one room",
  }),
  maxRooms: integer({
    default: 1000,
    min: 1,
    max: 1_000_000,
    help: "rooms that have members",
  }),
  presenceMembers: integer({
    default: 50,
    min: 0,
    max: 1_000_000,
    help: "members of a room up to which it is told who comes and goes",
  }),
  queueMessages: integer({
    default: 20_000,
    min: 1,
    max: 100_000_000,
    help: "messages that wait for one slow client; on bare datagrams never more than 1000",
  }),
  queueSizeBytes: size({
    default: 1024 * 1024,
    min: 1024,
    help: "the same in bytes; a client beyond either is told what it missed",
  }),
  slowTimeoutMs: duration({
    default: 30_000,
    min: 1,
    help: "end the session of a client that takes nothing for this long",
  }),
} as const;

export type { ClusterOptions } from "../option_types.ts";

export type ChatOptions = OptionValues<typeof chatOptions>;

/** What is said of a cluster is about one. */
export const chatNeeds = {
  clusterName: "cluster",
  clusterReplicas: "cluster",
  clusterMaxSize: "cluster",
  natsCreds: "cluster",
  natsTlsCa: "cluster",
  natsTlsCert: "cluster",
  natsTlsKey: "cluster",
} as const;
