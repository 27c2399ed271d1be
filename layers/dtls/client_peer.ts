// The dialling end of a DTLS handshake (RFC 6347 4.2, RFC 5246 7.3).

import { concat } from "@std/bytes/concat";
import { certifiedPeer, identityOf } from "../../core/certificates/identity.ts";
import type { Identity } from "../../core/session.ts";
import { DtlsError } from "./wire/alert.ts";
import { vectorOf16 } from "./wire/presentation.ts";
import { type DtlsTrust, fieldsOf, verifyChain } from "./certificates/chain.ts";
import type { DtlsCredentials } from "./certificates/credentials.ts";
import { DtlsPeer, type PeerHooks, type PeerOptions } from "./peer.ts";
import { groups } from "./crypto/groups.ts";
import type { HandshakeMessage, HandshakeName } from "./handshake/message.ts";
import {
  checkPointFormats,
  checkRenegotiationInfo,
  type Extensions,
  extensionTypes,
  firstHandshake,
  pointFormats,
  readHelloVerifyRequest,
  readServerHello,
  writeClientHello,
  writeServerName,
} from "./handshake/hello.ts";
import { pskIdentity } from "./psk_file.ts";
import {
  readCertificateRequest,
  readCertificates,
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
  /** Shown to a server that asks for a certificate. */
  readonly credentials?: DtlsCredentials;
}

const encoder = new TextEncoder();

export class ClientPeer extends DtlsPeer {
  readonly #options: ClientPeerOptions;
  #exchange: ServerKeyExchange | undefined;
  /** The schemes that the server takes, once it has asked for a certificate. */
  #askedSchemes: readonly number[] | undefined;

  constructor(options: ClientPeerOptions, hooks: PeerHooks) {
    super("client", options, hooks);
    this.#options = options;
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
      case "finished":
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
    const body = writeClientHello({ random: this.random, cookie, suites, extensions });
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
    // Addresses are not asked for by name (RFC 6066 3).
    if (!serverName.includes(":") && !/^[\d.]+$/.test(serverName)) {
      extensions.set(extensionTypes.server_name, writeServerName(serverName));
    }
    return extensions;
  }

  #takeServerHello(body: Uint8Array): void {
    const { version, random, suite: id, extensions } = readServerHello(body);
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
    this.suite = suite;
    this.peerRandom = random.slice();
    this.extendedMasterSecret = extensions.has(extensionTypes.extended_master_secret);
    this.expected = suite.authentication !== "psk"
      ? ["certificate"]
      : suite.keyExchange === "psk"
      ? ["server_key_exchange", "server_hello_done"]
      : ["server_key_exchange"];
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
    this.expected = ["finished"];
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
    const [own] = this.peerChain;
    if (own !== undefined) return identityOf(certifiedPeer(fieldsOf(own), own));
    const { psk } = this.#options;
    return psk && pskIdentity(psk.identity, psk.key);
  }
}
