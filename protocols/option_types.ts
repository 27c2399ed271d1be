// The options of protocols, as `serve` takes them.
// Written by `deno task option-types` from the option tables; change those.

/** Options of the protocol `chat`; each may be left out in those of `serve`. */
export interface ChatProtocolOptions {
  /** Share the chat with other nodes over the NATS broker at nats://host:port (or tls://);
   * several are the brokers of one cluster. */
  readonly cluster: readonly string[];
  /** What the chat is called on the broker, so that several can share it. Default: `"chat"`. */
  readonly clusterName: string;
  /** On how many brokers the shared history is kept when this node creates it. Default: `1`. */
  readonly clusterReplicas: number;
  /** How large the shared history may become on the broker when this node creates it. Default:
   * `268_435_456` (256m). */
  readonly clusterMaxSize: number;
  /** Prove to the broker who we are with this credentials file. */
  readonly natsCreds: string | undefined;
  /** Trust brokers whose certificate one of these authorities (PEM) has issued. The path of a
   * file, or its text. */
  readonly natsTlsCa: string | undefined;
  /** Show the broker this certificate (PEM). The path of a file, or its text. */
  readonly natsTlsCert: string | undefined;
  /** The private key (PEM) of `natsTlsCert`. The path of a file, or its text. */
  readonly natsTlsKey: string | undefined;
  /** Where messages are kept; the command line keeps them in the user's data folder. Default:
   * `":memory:"`. */
  readonly history: string;
  /** Messages kept of each room. Default: `10_000`. */
  readonly historyMessages: number;
  /** How long messages are kept. Default: `Infinity`. */
  readonly historyAgeMs: number;
  /** Old messages given at once; on bare datagrams never more than 20. Default: `500`. */
  readonly historyPage: number;
  /** Pass the bytes of each client to every other as they are: no names, rooms or history.
   * Default: false. */
  readonly bare: boolean;
  /** Name in the chat of the person at this terminal. Default: `"operator"`. */
  readonly as: string;
  /** Let the client that proves to have this name /kick and /ban. */
  readonly operator: readonly string[];
  /** Messages and requests a second of one client; more are refused. Default: `10`. */
  readonly messageRatePerSecond: number;
  /** Messages and requests that may come at once, after a pause. Default: `40`. */
  readonly messageBurst: number;
  /** Members a second that come in from one host other than this; ten times that at once.
   * Default: `20`. */
  readonly joinRatePerSecond: number;
  /** Longest text of one message, in bytes. Default: `4_096` (4k). */
  readonly maxTextBytes: number;
  /** Cut lines for plain clients on bare UDP below so many bytes; many read no more than 1024.
   * Default: `1_000`. */
  readonly plainMaxBytes: number;
  /** Longest name, in characters. Default: `32`. */
  readonly maxNameLength: number;
  /** Members of all rooms together. Default: `10_000`. */
  readonly maxMembers: number;
  /** Members of one room. Default: `5_000`. */
  readonly maxRoomMembers: number;
  /** Rooms that have members. Default: `1_000`. */
  readonly maxRooms: number;
  /** Members of a room up to which it is told who comes and goes. Default: `50`. */
  readonly presenceMembers: number;
  /** Messages that wait for one slow client; on bare datagrams never more than 1000. Default:
   * `20_000`. */
  readonly queueMessages: number;
  /** The same in bytes; a client beyond either is told what it missed. Default: `1_048_576`
   * (1m). */
  readonly queueSizeBytes: number;
  /** End the session of a client that takes nothing for this long. Default: `30_000` (30s). */
  readonly slowTimeoutMs: number;
}

/** Options of the protocol `inbox`; each may be left out in those of `serve`. */
export interface InboxProtocolOptions {
  /** The folder that files are received in, made if it is not there. Default: `"inbox"`. */
  readonly into: string;
  /** Let a file that is sent replace one of the same name. Default: false. */
  readonly overwrite: boolean;
  /** Serve and receive names that begin with a dot too. Default: false. */
  readonly hidden: boolean;
  /** Largest file to receive. Default: `8_589_934_592` (8g). */
  readonly maxFileBytes: number;
  /** Most that the folder of an inbox may hold; a file counts as 4k at least. Default:
   * `34_359_738_368` (32g). */
  readonly quotaBytes: number;
  /** Files that one sender may offer before it has to connect again. Default: `100_000`. */
  readonly filesPerSession: number;
  /** Files to receive at the same time; senders of more are asked to wait. Default: `64`. */
  readonly maxTransfers: number;
  /** Folders that a received file may lie deep. Default: `32`. */
  readonly maxDepth: number;
  /** How long to keep what came of a file whose sender has not come back. Default: `604_800_000`
   * (7d). */
  readonly keepPartialMs: number;
}

/** Options of the protocol `print`; each may be left out in those of `serve`. */
export interface PrintProtocolOptions {
  /** Stop the server when this message arrives, such as q. */
  readonly until: string | undefined;
}

/** Options of the protocol `relay`; each may be left out in those of `serve`. */
export interface RelayProtocolOptions {
  /** Where to pass sessions on to. */
  readonly to: string | undefined;
}

/** Those options of the protocol `chat` that make several servers one chat. */
export interface ClusterOptions {
  /** Share the chat with other nodes over the NATS broker at nats://host:port (or tls://);
   * several are the brokers of one cluster. */
  readonly cluster: readonly string[];
  /** What the chat is called on the broker, so that several can share it. Default: `"chat"`. */
  readonly clusterName: string;
  /** On how many brokers the shared history is kept when this node creates it. Default: `1`. */
  readonly clusterReplicas: number;
  /** How large the shared history may become on the broker when this node creates it. Default:
   * `268_435_456` (256m). */
  readonly clusterMaxSize: number;
  /** Prove to the broker who we are with this credentials file. */
  readonly natsCreds: string | undefined;
  /** Trust brokers whose certificate one of these authorities (PEM) has issued. The path of a
   * file, or its text. */
  readonly natsTlsCa: string | undefined;
  /** Show the broker this certificate (PEM). The path of a file, or its text. */
  readonly natsTlsCert: string | undefined;
  /** The private key (PEM) of `natsTlsCert`. The path of a file, or its text. */
  readonly natsTlsKey: string | undefined;
}
