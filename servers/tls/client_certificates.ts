// Mutual TLS on the server side: each client has to present a certificate, which proves its
// identity.
//
// Two properties of Deno's node:tls (2.9.6) decide the method. A handshake with a certificate of an
// unknown authority succeeds, and only `verifyError` tells. And its cache of TLS sessions is one
// for the whole process, for all contexts: a session that any client began, on any server of the
// process, with any certificate or with none, is resumed here without a further check, and
// `verifyError` is then empty. So a resumed session is refused, unless its certificate is one that
// this server has verified itself, under its current authorities.

import type { X509Certificate } from "node:crypto";
import { authorityFile } from "../../core/certificates/authority_folder.ts";
import {
  type CertifiedPeer,
  certifiedPeer,
  createIdentityList,
  type IdentityList,
  identityOf,
} from "../../core/certificates/identity.ts";
import { readCertificateFields } from "../../core/certificates/fields.ts";
import { DeniedPeerError } from "../../core/connection.ts";
import { parseCertificates, readPem } from "../../core/certificates/pem.ts";
import type { Identity } from "../../core/session.ts";

/** Beyond it the oldest certificate is forgotten, and its client needs a new session. */
const MAX_REMEMBERED = 10_000;

/** The authorities whose client certificates are accepted. */
export interface Authorities {
  readonly pems: readonly string[];
  readonly certificates: readonly X509Certificate[];
}

/** Reads the authorities' files.
 * @throws {UsageError} naming the one that cannot be used */
export async function readAuthorities(
  named: readonly string[],
  dataFolder?: string,
): Promise<Authorities> {
  const pems: string[] = [];
  const certificates: X509Certificate[] = [];
  for (const file of named.map((one) => authorityFile(one, dataFolder))) {
    const pem = await readPem("--tls-ca", file, "CERTIFICATE");
    pems.push(pem);
    certificates.push(...await parseCertificates("--tls-ca", file, pem));
  }
  return { pems, certificates };
}

/** The part of a TLSSocket that is used after its handshake. */
interface Handshaken {
  /** Without `raw` when the client presented no certificate. */
  getPeerCertificate(): { readonly raw?: Uint8Array } | null;
}

/** Parts of node:tls that its types leave out. */
interface TlsHandle {
  /** The name of the check that failed; empty or null when none did. */
  verifyError(): string | null | undefined;
  isSessionReused(): boolean;
}

/** Verifies the clients of one server. */
export class ClientVerifier {
  readonly #list: IdentityList;
  readonly #now: () => number;
  /** End of validity of each verified certificate, by its fingerprint, the oldest first. */
  readonly #verified = new Map<string, number>();
  readonly #parse: (der: Uint8Array) => X509Certificate;
  #authorities: Authorities = { pems: [], certificates: [] };
  /** The authorities under which each handshake began. */
  readonly #began = new WeakMap<Handshaken, number>();
  #generation = 0;

  private constructor(
    list: IdentityList,
    parse: (der: Uint8Array) => X509Certificate,
    now: () => number,
  ) {
    this.#list = list;
    this.#parse = parse;
    this.#now = now;
  }

  /** @throws {UsageError} when an entry of the list is invalid */
  static async create(
    allowIdentity: readonly string[],
    now: () => number,
  ): Promise<ClientVerifier> {
    const list = createIdentityList(allowIdentity);
    const { X509Certificate } = await import("node:crypto");
    return new ClientVerifier(list, (der) => new X509Certificate(der), now);
  }

  /** The authorities in use by node:tls. A change forgets all verified certificates. */
  set authorities(authorities: Authorities) {
    if (authorities.pems.join() !== this.#authorities.pems.join()) {
      this.#verified.clear();
      this.#generation++;
    }
    this.#authorities = authorities;
  }

  /** To be called when a handshake begins that `verify` will check. */
  expect(socket: Handshaken): void {
    this.#began.set(socket, this.#generation);
  }

  /** Returns the identity of the client of a completed handshake.
   * @throws {DeniedPeerError} when the list does not admit it
   * @throws {Error} naming the check that failed and the name in the certificate */
  verify(socket: Handshaken): Identity {
    const handle = (socket as { readonly ssl?: Partial<TlsHandle> | null }).ssl;
    if (
      typeof handle?.verifyError !== "function" || typeof handle.isSessionReused !== "function"
    ) {
      throw new Error("this runtime does not say whether a client certificate was verified");
    }
    if (this.#began.get(socket) !== this.#generation) {
      throw new Error("the authorities of --tls-ca have changed since the handshake began");
    }
    const resumed = handle.isSessionReused();
    const der = socket.getPeerCertificate()?.raw;
    if (der === undefined) {
      throw new Error(
        resumed
          ? "the client resumed a session that began without a certificate"
          : "the client showed no certificate",
      );
    }
    const certificate = this.#parse(der);
    const peer = certifiedPeer(readCertificateFields(der), certificate);
    const failure = handle.verifyError();
    if (failure) {
      const why = wordsFor(failure, certificate, this.#authorities.certificates, this.#now());
      throw new Error(`the certificate of ${nameOf(peer)} was refused: ${why}`);
    }
    if (resumed) this.#recognize(peer);
    else this.#remember(peer.fingerprint, certificate.validToDate.getTime());
    const identity = this.#list(peer);
    if (identity !== null) return identity;
    throw new DeniedPeerError(`${nameOf(peer)} is not on --allow-identity`);
  }

  #remember(fingerprint: string, ends: number): void {
    this.#verified.delete(fingerprint);
    if (this.#verified.size >= MAX_REMEMBERED) {
      for (const oldest of this.#verified.keys()) {
        this.#verified.delete(oldest);
        break;
      }
    }
    this.#verified.set(fingerprint, ends);
  }

  #recognize(peer: CertifiedPeer): void {
    const ends = this.#verified.get(peer.fingerprint);
    if (ends === undefined) {
      throw new Error(
        `${nameOf(peer)} resumed a session whose certificate was not verified here; ` +
          `it has to begin a new one`,
      );
    }
    // In this form the comparison also refuses a date that could not be parsed (NaN).
    if (!(this.#now() <= ends)) {
      throw new Error(`the certificate of ${nameOf(peer)} has expired since its session began`);
    }
  }
}

function nameOf(peer: CertifiedPeer): string {
  const { name, fingerprint } = identityOf(peer);
  return name.startsWith("sha256:") ? name : `${name} (sha256:${fingerprint})`;
}

/** Describes the check that failed. node:tls reports nearly everything as
 * UNABLE_TO_VERIFY_LEAF_SIGNATURE, so the checks are repeated here, for the message only: the
 * certificate was already refused. */
function wordsFor(
  failure: string,
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  now: number,
): string {
  const { validFromDate, validToDate, issuer } = certificate;
  const day = (date: Date) => date.toISOString().slice(0, 10);
  if (now > validToDate.getTime()) return `it expired on ${day(validToDate)}`;
  if (now < validFromDate.getTime()) return `it is not valid before ${day(validFromDate)}`;
  const issuers = authorities.filter(({ subject }) => subject === issuer);
  if (issuers.length === 0) {
    return `its issuer, ${issuer.replaceAll("\n", ", ")}, is not on --tls-ca (${failure})`;
  }
  return issuers.some((authority) => certificate.verify(authority.publicKey))
    ? `it is not for the purpose of a client, TLS Web Client Authentication (${failure})`
    : `its signature is not that of its issuer on --tls-ca (${failure})`;
}
