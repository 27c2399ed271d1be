// The listening end of a DTLS handshake, from the ClientHello that carries a good cookie on (RFC 6347
// 4.2, RFC 5246 7.3). Long, because which message may come next depends on all that came before.

import { type KeyObject, randomBytes } from "node:crypto";
import { concat } from "@std/bytes/concat";
import { type CertifiedPeer, certifiedPeer, identityOf } from "../../core/certificates/identity.ts";
import type { Identity } from "../../core/session.ts";
import { DtlsError } from "./wire/alert.ts";
import { type DtlsTrust, fieldsOf, validUntil, verifyChain } from "./certificates/chain.ts";
import type { DtlsCredentials } from "./certificates/credentials.ts";
import { preferredFor } from "../../core/certificates/names.ts";
import { DtlsPeer, type PeerHooks, type PeerOptions } from "./peer.ts";
import { type Group, groups, type KeyShare } from "./crypto/groups.ts";
import type { HandshakeMessage, HandshakeName } from "./handshake/message.ts";
import {
  checkPointFormats,
  checkRenegotiationInfo,
  type ClientHello,
  connectionIdOf,
  type Extensions,
  extensionTypes,
  firstHandshake,
  numbersOf,
  pointFormats,
  readClientHello,
  serverNameOf,
  writeConnectionId,
  writeServerHello,
} from "./handshake/hello.ts";
import { pskIdentity } from "./psk_file.ts";
import {
  readCertificates,
  readCertificateVerify,
  readClientKeyExchange,
  writeCertificateRequest,
  writeCertificates,
  writeEcdhParameters,
  writeNewSessionTicket,
  writeServerKeyExchange,
} from "./handshake/key_exchange.ts";
import { pskPremaster } from "./crypto/key_schedule.ts";
import { DTLS_1_2 } from "./record/format.ts";
import {
  authenticationOf,
  curveOf,
  keyKindOf,
  schemesFor,
  type SignatureScheme,
  signatureSchemes,
  signWith,
} from "./crypto/signatures.ts";
import { TICKET_LIFE_MS, type TicketKeys } from "./crypto/tickets.ts";
import { type CipherSuite, EMPTY_RENEGOTIATION_INFO_SCSV } from "./crypto/suites.ts";

export interface ServerPeerOptions extends PeerOptions {
  /** The certificates to choose from: the first for the name that the client asks for, of those that
   * it takes, or else the first that it takes. */
  readonly credentials?: readonly DtlsCredentials[];
  /** Makes and opens tickets; without it no session is resumed. */
  readonly tickets?: TicketKeys;
  /** A connection id by which the client is to name us, for a client that asks for one (RFC 9146 3).
   * Without it none is agreed on. */
  readonly newConnectionId?: () => Uint8Array;
  /** The key of an identity, or undefined when it has none. */
  readonly psk?: (identity: string) => Uint8Array | undefined;
  /** The issuers that clients need a certificate of; without it no certificate is asked for. */
  readonly clientTrust?: DtlsTrust;
  /** The identity by which the holder of a certificate is let in, or null when it is not. */
  readonly admitsIdentity?: (peer: CertifiedPeer) => Identity | null;
}

/** The certificate to show, and how its key signs. */
interface Signer {
  readonly credentials: DtlsCredentials;
  readonly scheme: SignatureScheme;
}

/** A session of before that is gone on with. */
interface Session {
  readonly suite: CipherSuite;
  readonly master: Uint8Array;
  readonly identity: Identity | undefined;
}

interface Choice {
  readonly suite: CipherSuite;
  /** Absent with plain PSK. */
  readonly group: Group | undefined;
  /** Absent with PSK. */
  readonly signer: Signer | undefined;
}

const UNKNOWN_KEY_BYTES = 32;

// An identity is text (RFC 4279 5.1), so bytes that are not UTF-8 are none.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class ServerPeer extends DtlsPeer {
  readonly #options: ServerPeerOptions;
  #share: KeyShare | undefined;
  #identity: Identity | undefined;
  #serverName = "";
  #connectionId: Uint8Array | undefined;
  #resumes = false;
  /** Whether the client is to be sent a ticket. */
  #givesTicket = false;

  constructor(options: ServerPeerOptions, hooks: PeerHooks) {
    super("server", options, hooks);
    this.#options = options;
    this.expected = ["client_hello"];
  }

  /** Begins with the numbers of the record and message that brought the cookie back. */
  begin(recordSequence: number, messageSequence: number): void {
    this.resumeAt(recordSequence, messageSequence);
  }

  /** Whether a hello is the one that this handshake began with. */
  beganWith({ random }: ClientHello): boolean {
    return random.length === this.peerRandom.length &&
      random.every((byte, at) => byte === this.peerRandom[at]);
  }

  protected override take(name: HandshakeName, message: HandshakeMessage): void {
    switch (name) {
      case "client_hello":
        return this.#takeHello(readClientHello(message.body));
      case "certificate":
        return this.#takeCertificate(message.body);
      case "client_key_exchange":
        return this.#takeKeyExchange(message.body);
      case "certificate_verify": {
        const { scheme, signature } = readCertificateVerify(message.body);
        // RFC 5246 7.4.8: all that was said before it, itself not included.
        this.checkSignature(scheme, signature, this.#signedByClient);
        this.#identity = this.#admitted();
        this.expected = ["finished"];
        return;
      }
      case "finished": {
        // A resumed handshake is over with the client's word.
        if (this.#resumes) return this.connect(this.#identity);
        const ticket = this.#givesTicket ? [this.#ticket()] : [];
        this.sendFlight([...ticket, "change_cipher_spec", this.finished()], { last: true });
        return this.connect(this.#identity);
      }
    }
  }

  #takeHello(hello: ClientHello): void {
    // Versions count down: a smaller number is newer (RFC 6347 4.1).
    if (hello.version >> 8 !== 0xfe || hello.version > DTLS_1_2) {
      throw new DtlsError("protocol_version", "the client does not speak DTLS 1.2");
    }
    checkRenegotiationInfo(hello.extensions);
    checkPointFormats(hello.extensions);
    this.peerRandom = hello.random.slice();
    this.#serverName = serverNameOf(hello.extensions);
    this.extendedMasterSecret = hello.extensions.has(extensionTypes.extended_master_secret);
    const theirs = connectionIdOf(hello.extensions);
    const ours = theirs && this.#options.newConnectionId?.();
    if (ours !== undefined) {
      this.useConnectionIds({ theirs: theirs!.slice(), ours });
      this.#connectionId = ours;
      this.answersQuestions = hello.extensions.has(extensionTypes.return_routability_check);
    }
    const session = this.#sessionOf(hello);
    if (session !== null) return this.#resume(hello, session);
    this.#givesTicket = this.#options.tickets !== undefined && this.extendedMasterSecret &&
      hello.extensions.has(extensionTypes.session_ticket);
    const { suite, group, signer } = this.#choose(hello);
    this.suite = suite;
    const { clientTrust } = this.#options;
    const extensions = this.#answerTo(hello, group, signer);
    const sessionId = new Uint8Array(0);
    const flight = [
      this.message(
        "server_hello",
        writeServerHello({ random: this.random, sessionId, suite: suite.id, extensions }),
      ),
    ];
    if (signer !== undefined) {
      flight.push(this.message("certificate", writeCertificates(signer.credentials.chain)));
    }
    if (group !== undefined) {
      flight.push(this.message("server_key_exchange", this.#exchange(group, signer)));
    }
    const asks = signer !== undefined && clientTrust !== undefined;
    if (asks) {
      const schemes = signatureSchemes.map(({ id }) => id);
      flight.push(this.message("certificate_request", writeCertificateRequest(schemes)));
    }
    flight.push(this.message("server_hello_done", new Uint8Array(0)));
    this.expected = asks ? ["certificate"] : ["client_key_exchange"];
    this.sendFlight(flight);
  }

  /** The session that a client may resume, or null: then it has to prove everything anew. The ticket
   * is of this server, which asks of its clients today what it did then; what may have changed is
   * the time, the name and the keys of --psk-file. */
  #sessionOf(hello: ClientHello): Session | null {
    const { tickets, suites, psk, clientTrust } = this.#options;
    const ticket = hello.extensions.get(extensionTypes.session_ticket);
    // RFC 7627 5.3: only with the extended master secret.
    if (tickets === undefined || ticket === undefined || !this.extendedMasterSecret) return null;
    const state = tickets.open(ticket);
    if (state === null || state.serverName !== this.#serverName) return null;
    const suite = suites.find(({ id }) => id === state.suite && hello.suites.includes(id));
    if (suite === undefined) return null;
    const { identity, master } = state;
    if (suite.authentication === "psk") {
      const key = identity && psk?.(identity.name);
      if (
        key === undefined || pskIdentity(identity!.name, key).fingerprint !== identity!.fingerprint
      ) {
        return null;
      }
    } else if (clientTrust !== undefined && identity?.source !== "certificate") return null;
    return { suite, master, identity };
  }

  /** The abbreviated handshake (RFC 5077 3.1). The client goes on using the ticket that it has, so that
   * what it once proved counts for the life of one ticket and no longer. */
  #resume(hello: ClientHello, { suite, master, identity }: Session): void {
    this.suite = suite;
    this.#resumes = true;
    this.#identity = identity;
    const extensions = this.#answerTo(hello, undefined, undefined);
    const { sessionId } = hello;
    const answer = this.message(
      "server_hello",
      writeServerHello({ random: this.random, sessionId, suite: suite.id, extensions }),
    );
    this.useMaster(master);
    this.expected = ["finished"];
    this.sendFlight([answer, "change_cipher_spec", this.finished()]);
    this.keysAreThere();
  }

  #ticket(): HandshakeMessage {
    const { clock, clientTrust } = this.#options;
    const now = clock.now();
    // No longer than what vouches for the client is valid.
    const ends = clientTrust && validUntil(this.peerChain, { trust: clientTrust, now });
    const expiresAt = Math.min(now + TICKET_LIFE_MS, ends ?? Infinity);
    const ticket = this.#options.tickets!.seal({
      suite: this.suite!.id,
      master: this.master,
      serverName: this.#serverName,
      identity: this.#identity,
      expiresAt,
    });
    const lifeSeconds = Math.floor((expiresAt - now) / 1000);
    return this.message("new_session_ticket", writeNewSessionTicket({ lifeSeconds, ticket }));
  }

  /** The first certificate that the client takes with the first of our suites for it, or else the
   * first suite of pre-shared keys. */
  #choose(hello: ClientHello): Choice {
    const { suites, credentials = [], psk } = this.#options;
    const offeredGroups = numbersOf(hello.extensions, extensionTypes.supported_groups);
    const group = groups.find(({ id }) => offeredGroups.includes(id));
    const offered = suites.filter(({ id, keyExchange }) =>
      hello.suites.includes(id) && (keyExchange === "psk" || group !== undefined)
    );
    for (const one of preferredFor(credentials, this.#serverName)) {
      const scheme = schemeFor(one.key, hello.extensions, offeredGroups);
      const wanted = authenticationOf(one.kind);
      const suite = offered.find(({ authentication }) => authentication === wanted);
      if (scheme !== undefined && suite !== undefined) {
        return { suite, group, signer: { credentials: one, scheme } };
      }
    }
    const suite = offered.find(({ authentication }) => authentication === "psk");
    if (psk !== undefined && suite !== undefined) {
      return { suite, group: suite.keyExchange === "psk" ? undefined : group, signer: undefined };
    }
    throw new DtlsError(
      "handshake_failure",
      "the client and this server have no cipher suite, group and signature in common",
    );
  }

  /** Only what the client has offered is answered (RFC 5246 7.4.1.4). */
  #answerTo(
    { suites, extensions }: ClientHello,
    group: Group | undefined,
    signer: Signer | undefined,
  ): Extensions {
    const answer = new Map<number, Uint8Array>();
    const { extended_master_secret, renegotiation_info, ec_point_formats, server_name } =
      extensionTypes;
    // RFC 6066 3: whoever chooses the certificate by the name says so.
    if (signer !== undefined && extensions.has(server_name)) {
      answer.set(server_name, new Uint8Array(0));
    }
    if (extensions.has(renegotiation_info) || suites.includes(EMPTY_RENEGOTIATION_INFO_SCSV)) {
      answer.set(renegotiation_info, firstHandshake);
    }
    if (extensions.has(extended_master_secret)) {
      answer.set(extended_master_secret, new Uint8Array(0));
    }
    // RFC 5077 3.2: a ticket will follow.
    if (this.#givesTicket) answer.set(extensionTypes.session_ticket, new Uint8Array(0));
    if (this.#connectionId !== undefined) {
      answer.set(extensionTypes.connection_id, writeConnectionId(this.#connectionId));
    }
    if (this.answersQuestions) {
      answer.set(extensionTypes.return_routability_check, new Uint8Array(0));
    }
    if (group !== undefined && extensions.has(ec_point_formats)) {
      answer.set(ec_point_formats, pointFormats);
    }
    return answer;
  }

  #exchange(group: Group, signer: Signer | undefined): Uint8Array {
    this.#share = group.makeShare();
    const parameters = writeEcdhParameters(group.id, this.#share.publicKey);
    if (signer === undefined) return writeServerKeyExchange({ parameters });
    const { credentials, scheme } = signer;
    const covered = concat([this.peerRandom, this.random, parameters]);
    const signature = signWith(scheme, credentials.key, covered);
    return writeServerKeyExchange({ parameters, signed: { scheme: scheme.id, signature } });
  }

  #takeCertificate(body: Uint8Array): void {
    const { clientTrust, clock } = this.#options;
    const chain = this.parseChain(readCertificates(body));
    const [own] = chain;
    // RFC 5246 7.4.6
    if (own === undefined) {
      throw new DtlsError("handshake_failure", "the client shows no certificate");
    }
    if (keyKindOf(own.publicKey) === null) {
      throw new DtlsError("unsupported_certificate", "the client's key is of an unknown kind");
    }
    verifyChain(chain, { trust: clientTrust!, of: "client", now: clock.now() });
    this.peerChain = chain;
    this.expected = ["client_key_exchange"];
  }

  /** The identity that the client has proved.
   * @throws {DtlsError} when it is not one of those that are let in */
  #admitted(): Identity {
    const own = this.peerChain[0]!;
    const peer = certifiedPeer(fieldsOf(own), own);
    const identity = (this.#options.admitsIdentity ?? identityOf)(peer);
    if (identity !== null) return identity;
    throw new DtlsError("access_denied", `${identityOf(peer).name} is not on --allow-identity`);
  }

  /** The bytes that a CertificateVerify signs. */
  #signedByClient: Uint8Array = new Uint8Array(0);

  #takeKeyExchange(body: Uint8Array): void {
    const suite = this.suite!;
    const { identity, publicKey } = readClientKeyExchange(body, suite);
    const secret = publicKey && this.#share!.secretWith(publicKey);
    const key = identity && this.#keyOf(identity);
    this.useKeys(key === undefined ? secret! : pskPremaster(key, secret));
    if (this.peerChain.length > 0) {
      this.#signedByClient = this.transcript();
      this.expected = ["certificate_verify"];
    } else {
      this.expected = ["finished"];
    }
    this.keysAreThere();
  }

  /** The key of an identity. One that is not known gets a key that nobody has, so that the client is
   * refused as one with a wrong key is, and learns of no identity whether it exists (RFC 4279 2). */
  #keyOf(identity: Uint8Array): Uint8Array {
    let name: string | undefined;
    try {
      name = decoder.decode(identity);
    } catch {
      // Not UTF-8: the identity of no key.
    }
    const key = name === undefined ? undefined : this.#options.psk?.(name);
    if (name === undefined || key === undefined) {
      this.whyKeysDiffer = "the client names an identity that is not known";
      return randomBytes(UNKNOWN_KEY_BYTES);
    }
    this.#identity = pskIdentity(name, key);
    return key;
  }
}

/** How a key signs for a client; undefined when in no way that the client takes. */
function schemeFor(
  key: KeyObject,
  extensions: Extensions,
  offeredGroups: readonly number[],
): SignatureScheme | undefined {
  // The list of groups is one of curves for certificates too (RFC 8422 5.1).
  const curve = curveOf(key);
  if (curve !== undefined && !offeredGroups.includes(curve)) return undefined;
  // Without the extension the client means SHA-1 (RFC 5246 7.4.1.4.1), which is not used here.
  const offered = numbersOf(extensions, extensionTypes.signature_algorithms);
  return schemesFor(key).find(({ id }) => offered.includes(id));
}
