// The dialling end of a DTLS handshake (RFC 6347 4.2, RFC 5246 7.3). Long, because which
// message may come next depends on all that came before.

import { randomBytes, timingSafeEqual } from "node:crypto";
import { concat } from "@std/bytes/concat";
import { certifiedPeer, identityOf } from "../../core/certificates/identity.ts";
import type { Identity } from "../../core/session.ts";
import { DtlsError } from "./wire/alert.ts";
import { vectorOf16 } from "./wire/presentation.ts";
import { type DtlsTrust, fieldsOf, validUntil, verifyChain } from "./certificates/chain.ts";
import type { DtlsCredentials } from "./certificates/credentials.ts";
import { DtlsPeer, type PeerHooks, type PeerOptions } from "./peer.ts";
import { groups } from "./crypto/groups.ts";
import type { HandshakeMessage, HandshakeName } from "./handshake/message.ts";
import {
  checkPointFormats,
  checkRenegotiationInfo,
  connectionIdOf,
  type Extensions,
  extensionTypes,
  firstHandshake,
  pointFormats,
  readHelloVerifyRequest,
  readServerHello,
  writeClientHello,
  writeConnectionId,
  writeServerName,
} from "./handshake/hello.ts";
import { pskIdentity } from "./psk_file.ts";
import {
  readCertificateRequest,
  readCertificates,
  readNewSessionTicket,
  readServerKeyExchange,
  type ServerKeyExchange,
  writeCertificates,
  writeCertificateVerify,
  writeClientKeyExchange,
} from "./handshake/key_exchange.ts";
import { pskPremaster } from "./crypto/key_schedule.ts";
import { DTLS_1_2 } from "./record/format.ts";
import {
  authenticationOf,
  keyKindOf,
  schemesFor,
  signatureSchemes,
  signWith,
} from "./crypto/signatures.ts";

export interface OwnPsk {
  readonly identity: string;
  readonly key: Uint8Array;
}

export interface ClientPeerOptions extends PeerOptions {
  readonly trust: DtlsTrust;
  /** The host name or address that the server's certificate must be for. */
  readonly serverName: string;
  readonly psk?: OwnPsk;
  /** A session with the same server to go on with. It must have been made with the same trust, name,
   * certificate and key. */
  readonly session?: DtlsSession;
  /** Is given the session, once there is one to go on with; without it none is asked for. */
  readonly keepSession?: (session: DtlsSession) => void;
  /** The connection id by which the server is to name us, or an empty one for none: then we name the
   * server alone. Without it none is asked for (RFC 9146 3). */
  readonly connectionId?: Uint8Array;
  /** Whether we offer to answer a server that asks whether we have moved (RFC 9853). @default true */
  readonly answersQuestions?: boolean;
  /** Shown to a server that asks for a certificate. */
  readonly credentials?: DtlsCredentials;
}

/** A session that can be resumed. Its master secret is an extended one. */
export interface DtlsSession {
  readonly ticket: Uint8Array;
  readonly master: Uint8Array;
  readonly suite: number;
  /** The identity that the server proved. */
  readonly identity: Identity | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const SESSION_ID_BYTES = 32;

/** The longest that a session is kept for a server that does not say how long it may be. */
const LONGEST_LIFE_MS = 60 * 60_000;

const encoder = new TextEncoder();

export class ClientPeer extends DtlsPeer {
  readonly #options: ClientPeerOptions;
  #exchange: ServerKeyExchange | undefined;
  /** The schemes that the server takes, once it has asked for a certificate. */
  #askedSchemes: readonly number[] | undefined;
  /** The session that is offered to the server. */
  readonly #session: DtlsSession | undefined;
  /** By which the server tells that it resumes (RFC 5077 3.4). */
  readonly #sessionId: Uint8Array;
  #resumes = false;
  #willGetTicket = false;
  #ticket: { readonly bytes: Uint8Array; readonly lifeMs: number } | undefined;

  constructor(options: ClientPeerOptions, hooks: PeerHooks) {
    super("client", options, hooks);
    this.#options = options;
    const { session, clock } = options;
    const usable = session !== undefined && clock.now() < session.expiresAt &&
      this.#suites.some(({ id }) => id === session.suite);
    this.#session = usable ? session : undefined;
    this.#sessionId = usable ? randomBytes(SESSION_ID_BYTES) : new Uint8Array(0);
  }

  /** Whether a session of before was gone on with. */
  get resumed(): boolean {
    return this.#resumes;
  }

  start(): void {
    this.expected = ["hello_verify_request", "server_hello"];
    this.#hello(new Uint8Array(0));
  }

  protected override take(name: HandshakeName, message: HandshakeMessage): void {
    switch (name) {
      case "hello_verify_request":
        // Once: a server that knows our address does not ask again (RFC 6347 4.2.1).
        this.expected = ["server_hello"];
        return this.#hello(readHelloVerifyRequest(message.body).slice());
      case "server_hello":
        return this.#takeServerHello(message.body);
      case "certificate":
        return this.#takeCertificate(message.body);
      case "server_key_exchange":
        return this.#takeKeyExchange(message.body);
      case "certificate_request":
        this.#askedSchemes = readCertificateRequest(message.body);
        this.expected = ["server_hello_done"];
        return;
      case "server_hello_done":
        return this.#answer(message.body);
      case "new_session_ticket": {
        const { ticket, lifeSeconds } = readNewSessionTicket(message.body);
        const lifeMs = lifeSeconds === 0 ? Infinity : lifeSeconds * 1000;
        if (ticket.length > 0) this.#ticket = { bytes: ticket.slice(), lifeMs };
        this.expected = ["finished"];
        return;
      }
      case "finished":
        if (this.#resumes) {
          this.sendFlight(["change_cipher_spec", this.finished()], { last: true });
        }
        this.#keepSession();
        return this.connect(this.#identityOfServer());
    }
  }

  /** The suites that could work: those of certificates always, those of PSK with a key. */
  get #suites() {
    const { suites, psk } = this.#options;
    return suites.filter(({ authentication }) => authentication !== "psk" || psk !== undefined);
  }

  #hello(cookie: Uint8Array): void {
    this.forgetTranscript();
    const extensions = this.#extensions();
    const suites = this.#suites.map(({ id }) => id);
    const body = writeClientHello({
      random: this.random,
      sessionId: this.#sessionId,
      cookie,
      suites,
      extensions,
    });
    this.sendFlight([this.message("client_hello", body)]);
  }

  #extensions(): Extensions {
    const { serverName } = this.#options;
    const extensions = new Map<number, Uint8Array>([
      [extensionTypes.supported_groups, vectorOf16(groups.map(({ id }) => id))],
      [extensionTypes.ec_point_formats, pointFormats],
      [extensionTypes.signature_algorithms, vectorOf16(signatureSchemes.map(({ id }) => id))],
      [extensionTypes.extended_master_secret, new Uint8Array(0)],
      [extensionTypes.renegotiation_info, firstHandshake],
    ]);
    if (this.#session !== undefined || this.#options.keepSession !== undefined) {
      extensions.set(extensionTypes.session_ticket, this.#session?.ticket ?? new Uint8Array(0));
    }
    const { connectionId, answersQuestions = true } = this.#options;
    if (connectionId !== undefined) {
      extensions.set(extensionTypes.connection_id, writeConnectionId(connectionId));
    }
    if (connectionId !== undefined && answersQuestions) {
      extensions.set(extensionTypes.return_routability_check, new Uint8Array(0));
    }
    // Addresses are not asked for by name (RFC 6066 3).
    if (!serverName.includes(":") && !/^[\d.]+$/.test(serverName)) {
      extensions.set(extensionTypes.server_name, writeServerName(serverName));
    }
    return extensions;
  }

  #takeServerHello(body: Uint8Array): void {
    const { version, random, sessionId, suite: id, extensions } = readServerHello(body);
    if (version !== DTLS_1_2) {
      throw new DtlsError("protocol_version", "the server does not speak DTLS 1.2");
    }
    const suite = this.#suites.find((one) => one.id === id);
    if (suite === undefined) {
      throw new DtlsError("illegal_parameter", "the server chose a suite that was not offered");
    }
    // RFC 5246 7.4.1.4
    const offered = this.#extensions();
    for (const type of extensions.keys()) {
      if (offered.has(type)) continue;
      throw new DtlsError("unsupported_extension", `the server answers extension ${type}`);
    }
    // RFC 5746 3.4: without it, an attacker could have put another handshake before ours.
    if (!extensions.has(extensionTypes.renegotiation_info)) {
      throw new DtlsError(
        "handshake_failure",
        "the server does not know secure renegotiation (RFC 5746)",
      );
    }
    checkRenegotiationInfo(extensions);
    checkPointFormats(extensions);
    const theirs = connectionIdOf(extensions);
    if (theirs !== undefined) {
      this.useConnectionIds({ theirs: theirs.slice(), ours: this.#options.connectionId! });
      this.answersQuestions = extensions.has(extensionTypes.return_routability_check);
    }
    this.suite = suite;
    this.peerRandom = random.slice();
    this.extendedMasterSecret = extensions.has(extensionTypes.extended_master_secret);
    this.#willGetTicket = extensions.has(extensionTypes.session_ticket);
    const ours = this.#sessionId;
    if (ours.length > 0 && sessionId.length === ours.length && timingSafeEqual(sessionId, ours)) {
      return this.#resume();
    }
    this.expected = suite.authentication !== "psk"
      ? ["certificate"]
      : suite.keyExchange === "psk"
      ? ["server_key_exchange", "server_hello_done"]
      : ["server_key_exchange"];
  }

  /** The abbreviated handshake (RFC 5077 3.1). */
  #resume(): void {
    const session = this.#session!;
    if (session.suite !== this.suite!.id) {
      throw new DtlsError("illegal_parameter", "the server resumes a session with another suite");
    }
    // RFC 7627 5.3
    if (!this.extendedMasterSecret) {
      throw new DtlsError("handshake_failure", "the server resumes without the extended secret");
    }
    this.#resumes = true;
    this.useMaster(session.master);
    this.expected = [this.#willGetTicket ? "new_session_ticket" : "finished"];
    this.keysAreThere();
  }

  /** A session that was resumed goes on to be the one that was kept, unless a new ticket came: its
   * end stays what it was, so that what the server proved once does not count for ever. */
  #keepSession(): void {
    const { keepSession, clock, trust } = this.#options;
    if (keepSession === undefined || this.#ticket === undefined || !this.extendedMasterSecret) {
      return;
    }
    const { bytes: ticket, lifeMs } = this.#ticket;
    const now = clock.now();
    const expiresAt = this.#resumes ? this.#session!.expiresAt : Math.min(
      now + lifeMs,
      now + LONGEST_LIFE_MS,
      validUntil(this.peerChain, { trust, now }),
    );
    const identity = this.#identityOfServer();
    keepSession({ ticket, master: this.master, suite: this.suite!.id, identity, expiresAt });
  }

  #takeCertificate(body: Uint8Array): void {
    const { trust, serverName, clock } = this.#options;
    const chain = this.parseChain(readCertificates(body));
    const [own] = chain;
    if (own === undefined) {
      throw new DtlsError("decode_error", "the server shows no certificate");
    }
    // RFC 5246 7.4.2: the key must be of the suite's kind.
    if (authenticationOf(keyKindOf(own.publicKey)) !== this.suite!.authentication) {
      throw new DtlsError(
        "unsupported_certificate",
        `the key of the server's certificate does not fit ${this.suite!.name}`,
      );
    }
    verifyChain(chain, { trust, of: "server", name: serverName, now: clock.now() });
    this.peerChain = chain;
    this.expected = ["server_key_exchange"];
  }

  #takeKeyExchange(body: Uint8Array): void {
    const suite = this.suite!;
    this.#exchange = readServerKeyExchange(body, suite);
    const { signed, parameters } = this.#exchange;
    if (signed !== undefined) {
      // RFC 8422 5.4: both random numbers and the parameters.
      const covered = concat([this.random, this.peerRandom, parameters]);
      this.checkSignature(signed.scheme, signed.signature, covered);
    }
    this.expected = suite.authentication === "psk"
      ? ["server_hello_done"]
      : ["certificate_request", "server_hello_done"];
  }

  /** The second flight of a client (RFC 5246 7.4.5 to 7.4.9). */
  #answer(done: Uint8Array): void {
    if (done.length > 0) throw new DtlsError("decode_error", "ServerHelloDone is not empty");
    const flight: (HandshakeMessage | "change_cipher_spec")[] = [];
    const { psk, credentials } = this.#options;
    const suite = this.suite!;
    const schemes = credentials === undefined ? [] : schemesFor(credentials.key);
    const scheme = schemes.find(({ id }) => this.#askedSchemes?.includes(id));
    // A client without a certificate that fits shows an empty list (RFC 5246 7.4.6).
    const shown = scheme === undefined ? undefined : credentials;
    if (this.#askedSchemes !== undefined) {
      flight.push(this.message("certificate", writeCertificates(shown?.chain ?? [])));
    }
    const { secret, publicKey } = this.#share();
    const ownPsk = suite.authentication === "psk" ? psk : undefined;
    const identity = ownPsk && encoder.encode(ownPsk.identity);
    flight.push(
      this.message(
        "client_key_exchange",
        writeClientKeyExchange({ ...(identity && { identity }), ...(publicKey && { publicKey }) }),
      ),
    );
    this.useKeys(ownPsk === undefined ? secret! : pskPremaster(ownPsk.key, secret));
    if (scheme !== undefined && shown !== undefined && this.#askedSchemes !== undefined) {
      const signature = signWith(scheme, shown.key, this.transcript());
      const body = writeCertificateVerify({ scheme: scheme.id, signature });
      flight.push(this.message("certificate_verify", body));
    }
    flight.push("change_cipher_spec", this.finished());
    this.expected = [this.#willGetTicket ? "new_session_ticket" : "finished"];
    this.sendFlight(flight);
    this.keysAreThere();
  }

  #share(): { readonly secret?: Uint8Array; readonly publicKey?: Uint8Array } {
    const ecdh = this.#exchange?.ecdh;
    if (ecdh === undefined) return {};
    const group = groups.find(({ id }) => id === ecdh.group);
    if (group === undefined) {
      throw new DtlsError("illegal_parameter", "the server chose a group that was not offered");
    }
    const share = group.makeShare();
    return { secret: share.secretWith(ecdh.publicKey), publicKey: share.publicKey };
  }

  #identityOfServer(): Identity | undefined {
    if (this.#resumes) return this.#session!.identity;
    const [own] = this.peerChain;
    if (own !== undefined) return identityOf(certifiedPeer(fieldsOf(own), own));
    const { psk } = this.#options;
    return psk && pskIdentity(psk.identity, psk.key);
  }
}
