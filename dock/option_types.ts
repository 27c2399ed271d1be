// The options of transports and layers, as `serve` and `connect` take them.
// Written by `deno task option-types` from the option tables; change those.

/** Options of `serve` that belong to the transports it listens on. One that no transport in use
 * has is refused. */
export interface ListenOptions {
  /** Stop after the first session or request. Default: false. On every transport. */
  readonly once?: boolean;
  /** Admit only these addresses or networks (`@FILE` reads a list). On tcp, tls, udp, dtls, ws,
   * wss, http, https. */
  readonly allow?: readonly string[];
  /** Turn these addresses or networks away, before `allow` is asked (`@FILE` reads a list). On
   * tcp, tls, udp, dtls, ws, wss, http, https. */
  readonly deny?: readonly string[];
  /** Largest message; a longer line, frame or datagram ends or drops it. Default: `1_048_576`
   * (1m). On tcp, tls, unix, udp, dtls, unixgram, ws, wss. */
  readonly maxMessageBytes?: number;
  /** Connections at once; more wait in the backlog. Default: `8_192`. On tcp, tls, unix, ws,
   * wss, http, https. */
  readonly maxConnections?: number;
  /** Close a connection on which nothing moved for this long. Default: `300_000` (5m). On tcp,
   * tls, unix, ws, wss. */
  readonly idleTimeoutMs?: number;
  /** Connections that the system keeps waiting. Default: `511`. On tcp, tls, ws, wss, http,
   * https. */
  readonly backlog?: number;
  /** Use IPv4 addresses only. Default: false. On tcp, tls, udp, dtls, ws, wss, http, https. */
  readonly ipv4?: boolean;
  /** Use IPv6 addresses only. Default: false. On tcp, tls, udp, dtls, ws, wss, http, https. */
  readonly ipv6?: boolean;
  /** Longest TLS, DTLS or WebSocket handshake. Default: `10_000` (10s). On tls, dtls, ws, wss,
   * https. */
  readonly handshakeTimeoutMs?: number;
  /** Certificate to show, PEM, its chain after it; without it the local authority issues one; of
   * several, the one for the name that a client asks for, or else the first. The path of a file,
   * or its text. On tls, dtls, wss, https. */
  readonly tlsCert?: string | readonly string[] | undefined;
  /** Private key of `tlsCert`, PEM, not encrypted; of several, in the same order. The path of a
   * file, or its text. On tls, dtls, wss, https. */
  readonly tlsKey?: string | readonly string[] | undefined;
  /** Folder of the local authority, which issues a certificate where `tlsCert` names none. On
   * tls, dtls, wss, https. */
  readonly dataFolder?: string | undefined;
  /** Authorities whose client certificates `requireClientCert` takes, PEM; local is the local
   * authority. The path of a file, or its text. On tls, dtls, wss, https. */
  readonly tlsCa?: readonly string[];
  /** Turn clients away that show no certificate of an authority of `tlsCa`. Default: false. On
   * tls, dtls, wss, https. */
  readonly requireClientCert?: boolean;
  /** Admit only client certificates with this alternative name (host, e-mail address or URI) or
   * sha256:FINGERPRINT. On tls, dtls, wss, https. */
  readonly allowIdentity?: readonly string[];
  /** Oldest version of TLS that is spoken. Default: `"1.2"`. On tls, wss, https. */
  readonly tlsMin?: "1.2" | "1.3";
  /** Guarded keeps every limit and option; deno is Deno.listenTls or Deno.serve as it is, which
   * says at startup what does not hold. Default: `"guarded"`. On tls, wss, http, https. */
  readonly listener?: "guarded" | "deno";
  /** Protocol to agree on by ALPN, the preferred one first; clients that offer only others are
   * turned away. On tls. */
  readonly alpn?: readonly string[];
  /** Datagram peers at once; for more, those that were answered and are silent give way.
   * Default: `4_096`. On udp, dtls, unixgram. */
  readonly maxPeers?: number;
  /** Forget a datagram peer that said nothing for this long. Default: `60_000` (1m). On udp,
   * dtls, unixgram. */
  readonly peerTimeoutMs?: number;
  /** Unread datagrams kept for each peer; more are dropped. Default: `256`. On udp, dtls,
   * unixgram. */
  readonly inboxMessages?: number;
  /** Unread datagrams kept for all peers together, in bytes. Default: `67_108_864` (64m). On
   * udp, dtls, unixgram. */
  readonly inboxBytes?: number;
  /** Answers a second to one peer beyond loopback. Default: `1_000`. On udp, dtls. */
  readonly replyRatePerSecond?: number;
  /** The interface of a multicast group, by its address (IPv4) or number (IPv6), or by name
   * where `--allow-sys` is given. On udp. */
  readonly interface?: string | undefined;
  /** Largest datagram of a DTLS handshake; longer flights are cut into several. Default:
   * `1_200`. On dtls. */
  readonly dtlsMtuBytes?: number;
  /** Send messages that wait for each other in one datagram, as large as `dtlsMtuBytes`; some
   * peers, such as gnutls-cli, read the later ones with the next datagram only. Default: false.
   * On dtls. */
  readonly dtlsPack?: boolean;
  /** Pre-shared keys, a line each: identity:key, the key in hexadecimal. On dtls. */
  readonly pskFile?: string | undefined;
  /** Give clients that ask for it a connection id (RFC 9146), so that their address may change.
   * Default: true. On dtls. */
  readonly dtlsConnectionId?: boolean;
  /** Handshakes at once; clients that begin more have to try again. Default: `512`. On dtls. */
  readonly maxHandshakes?: number;
  /** Serve requests for this host name too, written without its port (* is any). On ws, wss,
   * http, https, unix. */
  readonly allowHost?: readonly string[];
  /** Let pages of this origin open WebSockets and change things (* is any). On ws, wss, http,
   * https, unix. */
  readonly allowOrigin?: readonly string[];
  /** Let in this user; better as SOCKDOCK_AUTH, which other users cannot see. On ws, wss, http,
   * https, unix. */
  readonly auth?: string | undefined;
  /** Let in the users of this file: lines of user:hash, from sockdock key password. On ws, wss,
   * http, https, unix. */
  readonly authFile?: string | undefined;
  /** Let clients in that show this bearer token; better as SOCKDOCK_AUTH_TOKEN. On ws, wss,
   * http, https, unix. */
  readonly authToken?: string | undefined;
  /** Let clients in that show a bearer token of this file: lines of token or name:token. On ws,
   * wss, http, https, unix. */
  readonly authTokenFile?: string | undefined;
  /** What a browser says the password is for. Default: `"sockdock"`. On ws, wss, http, https,
   * unix. */
  readonly realm?: string;
  /** WebSocket subprotocol to agree on, the preferred one first. On ws, wss. */
  readonly subprotocol?: readonly string[];
  /** Compress large messages when the peer can do that too (permessage-deflate). Default: true.
   * On ws, wss. */
  readonly deflate?: boolean;
  /** Ping a WebSocket peer that is silent for this long; `idleTimeoutMs` counts no pings.
   * Default: `20_000` (20s). On ws, wss. */
  readonly pingIntervalMs?: number;
  /** Close a WebSocket whose peer answers a ping with nothing at all for this long. Default:
   * `20_000` (20s). On ws, wss. */
  readonly pingTimeoutMs?: number;
  /** Close a connection that has not sent a whole request by then. Default: `10_000` (10s). On
   * http, https, unix. */
  readonly headerTimeoutMs?: number;
  /** Close a connection that sends no further request for this long. Default: `60_000` (1m). On
   * http, https, unix. */
  readonly keepAliveTimeoutMs?: number;
  /** Give up a request whose body does not move for this long. Default: `30_000` (30s). On http,
   * https, unix. */
  readonly bodyTimeoutMs?: number;
  /** Largest body of a request; 10m, or what an application says that it takes. On http, https,
   * unix. */
  readonly maxBodyBytes?: number | undefined;
  /** Tell of every request that was answered; without it only at a terminal. Default: false. On
   * http, https, unix. */
  readonly logRequests?: boolean;
  /** Let this user alone upload and change things; others read, as `auth` lets them. On http,
   * https, unix. */
  readonly authUpload?: string | undefined;
}

/** Options of `connect`, and of everything that connects by it, which belong to the transports.
 * One that the transport in use does not have is refused. */
export interface DialOptions {
  /** Dial from this address; port 0 is any free one. On tcp, tls, udp, dtls, ws, wss. */
  readonly local?: string | undefined;
  /** Use IPv4 addresses only. Default: false. On tcp, tls, udp, dtls, ws, wss. */
  readonly ipv4?: boolean;
  /** Use IPv6 addresses only. Default: false. On tcp, tls, udp, dtls, ws, wss. */
  readonly ipv6?: boolean;
  /** Largest message to take from the peer. Default: `16_777_216` (16m). On tcp, tls, unix, udp,
   * dtls, unixgram, ws, wss. */
  readonly maxMessageBytes?: number;
  /** Trust these authorities and self-signed certificates, PEM, instead of the well-known
   * authorities; local is the local authority; `tlsFingerprint` trusts any one certificate. The
   * path of a file, or its text. On tls, dtls, wss. */
  readonly tlsCa?: readonly string[];
  /** Trust exactly this certificate, whatever its name, issuer and dates. On tls, dtls, wss. */
  readonly tlsFingerprint?: string | undefined;
  /** Name to ask for and to expect in the certificate, instead of the URL's. On tls, dtls, wss. */
  readonly serverName?: string | undefined;
  /** Do not verify the server: anyone in the way can read and change everything. Default: false.
   * On tls, dtls, wss. */
  readonly insecure?: boolean;
  /** Certificate to show to a server that asks for one, PEM, its chain after it. The path of a
   * file, or its text. On tls, dtls, wss. */
  readonly tlsCert?: string | readonly string[] | undefined;
  /** Private key of `tlsCert`, PEM, not encrypted. The path of a file, or its text. On tls,
   * dtls, wss. */
  readonly tlsKey?: string | readonly string[] | undefined;
  /** The interface of a multicast group, by its address (IPv4) or number (IPv6), or by name
   * where `--allow-sys` is given. On udp. */
  readonly interface?: string | undefined;
  /** How many networks what is sent to a multicast group may pass; 1 is the local one. Default:
   * `1`. On udp. */
  readonly hops?: number;
  /** Let programs on this machine hear what is sent to a multicast group. Default: true. On udp. */
  readonly multicastLoopback?: boolean;
  /** Take the address for that of a whole network and hear everybody who answers. Default:
   * false. On udp. */
  readonly broadcast?: boolean;
  /** Largest datagram of a DTLS handshake; longer flights are cut into several. Default:
   * `1_200`. On dtls. */
  readonly dtlsMtuBytes?: number;
  /** Send messages that wait for each other in one datagram, as large as `dtlsMtuBytes`; some
   * peers, such as gnutls-cli, read the later ones with the next datagram only. Default: false.
   * On dtls. */
  readonly dtlsPack?: boolean;
  /** Pre-shared keys, a line each: identity:key, the key in hexadecimal. On dtls. */
  readonly pskFile?: string | undefined;
  /** Ask for a connection id (RFC 9146), by which the session outlives a change of our address.
   * Default: false. On dtls. */
  readonly dtlsConnectionId?: boolean;
  /** Which key of `pskFile` to use, when it holds several. On dtls. */
  readonly pskIdentity?: string | undefined;
  /** Bind our own Unix datagram socket here, where the answers arrive. On unixgram. */
  readonly localPath?: string | undefined;
  /** WebSocket subprotocol to agree on, the preferred one first. On ws, wss. */
  readonly subprotocol?: readonly string[];
  /** Compress large messages when the peer can do that too (permessage-deflate). Default: true.
   * On ws, wss. */
  readonly deflate?: boolean;
  /** Ping a WebSocket peer that is silent for this long; `idleTimeoutMs` counts no pings.
   * Default: `20_000` (20s). On ws, wss. */
  readonly pingIntervalMs?: number;
  /** Close a WebSocket whose peer answers a ping with nothing at all for this long. Default:
   * `20_000` (20s). On ws, wss. */
  readonly pingTimeoutMs?: number;
  /** Send this header with the request that opens the WebSocket. On ws, wss. */
  readonly header?: readonly string[];
  /** Say that a page of this origin opens the WebSocket. On ws, wss. */
  readonly origin?: string | undefined;
}

/** Options of layers, for `serve` and `connect` alike. */
export interface LayerOptions {
  /** Layers to add to those that the URL names, in any order, such as sealed,reliable. On every
   * endpoint. */
  readonly layers?: readonly string[];
  /** Misbehave as a bad network does, such as loss=5%,reorder=2% or latency=200ms (in.NAME or
   * out.NAME for one direction). On the layer fault. */
  readonly fault?: readonly string[];
  /** Repeat the decisions of `fault` that this number led to (default a new one, which is
   * shown). On the layer fault. */
  readonly seed?: number | undefined;
  /** File of the key that signs our datagrams; made by key make ed25519 or hmac. The path of a
   * file, or its text. On the layer signed. */
  readonly signedKey?: string | undefined;
  /** File of the senders to believe, a line each: name ed25519:KEY or name hmac:KEY. The path of
   * a file, or its text. On the layer signed. */
  readonly signedSenders?: string | undefined;
  /** How far the time in a signed datagram may be from ours. Default: `60_000` (1m). On the
   * layer signed. */
  readonly signedLifetimeMs?: number;
  /** Senders remembered against replays of signed datagrams; more are refused. Default:
   * `16_384`. On the layer signed. */
  readonly signedMaxSenders?: number;
  /** File of keys that seal datagrams: the first seals, all open; made by key make. The path of
   * a file, or its text. On the layer sealed. */
  readonly sealedKey?: readonly string[];
  /** How to seal, where the file of keys does not say it. On the layer sealed. */
  readonly sealedCipher?: "aes-gcm" | "chacha20" | "fernet" | undefined;
  /** Oldest sealed datagram to believe; but for fernet also how far clocks may be apart.
   * Default: `60_000` (1m). On the layer sealed. */
  readonly sealedLifetimeMs?: number;
  /** Senders remembered against replays, but with fernet; more are refused. Default: `16_384`.
   * On the layer sealed. */
  readonly sealedMaxSenders?: number;
  /** Tokens remembered against replays, with fernet; more are refused. Default: `262_144`. On
   * the layer sealed. */
  readonly sealedMaxTokens?: number;
  /** Bytes under way to one peer at most, and unread from it. Default: `1_048_576` (1m). On the
   * layer reliable. */
  readonly reliableWindowBytes?: number;
  /** Give a peer up that acknowledges nothing for this long. Default: `30_000` (30s). On the
   * layer reliable. */
  readonly reliableTimeoutMs?: number;
  /** Peers of one host at once (default a quarter of `maxPeers`). On the layer reliable. */
  readonly reliableHostPeers?: number | undefined;
  /** Attempts of a peer to move to another address, in a minute; 0 lets none move. Default:
   * `10`. On the layer reliable. */
  readonly reliableMoves?: number;
  /** Congestion control: bbr goes by what the path delivers, cubic by losses. Default: `"bbr"`.
   * On the layer reliable. */
  readonly reliableControl?: "cubic" | "bbr";
  /** Largest datagram to send (default what the path takes, found out from 1200 on). On the
   * layer reliable. */
  readonly reliableDatagramBytes?: number | undefined;
}
