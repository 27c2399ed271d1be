// The TLS contexts of a server on node:tls: its certificates, and the authorities of its clients.
// The files may change while it runs: open connections keep their context, new ones get the new.

import { authorityFile } from "../../core/certificates/authority_folder.ts";
import type { SecureContext } from "node:tls";
import { readCertificateFields } from "../../core/certificates/fields.ts";
import { type CertificateName, preferredFor } from "../../core/certificates/names.ts";
import { errorText, type Tell } from "../../core/event.ts";
import { isFileText } from "../../core/files/file_or_text.ts";
import type { ServerCertificate } from "../../core/running_server.ts";
import { type Authorities, ClientVerifier, readAuthorities } from "./client_certificates.ts";
import { FileWatch } from "./file_watch.ts";
import { checkClientCertificateOptions, type TlsSettings } from "./options.ts";
import { type IdentityContext, loadTlsIdentities, type TlsIdentity } from "./server_certificate.ts";

/** The contexts from one reading of the files. */
interface Contexts {
  /** One for each certificate, chosen by server name (SNI) where there are several. */
  readonly all: readonly {
    readonly names: readonly CertificateName[];
    readonly context: SecureContext;
  }[];
  readonly identity: TlsIdentity;
  /** The authorities whose client certificates are accepted; null where none are requested. */
  readonly authorities: Authorities | null;
}

/** The contexts of a running server. Dispose it. */
export class TlsContexts implements Disposable {
  /** The default certificate in use. */
  readonly certificate: ServerCertificate;
  /** Verifies client certificates; null where none are requested. */
  readonly clients: ClientVerifier | null;
  /** Reloads the files, where there are any. A file that cannot be used changes nothing and is
   * reported by a notice; never rejects. */
  readonly reload: (() => Promise<void>) | undefined;
  readonly #watch: FileWatch | undefined;
  #now: Contexts;

  private constructor(
    settings: TlsSettings,
    context: IdentityContext,
    clients: ClientVerifier | null,
    loaded: Contexts,
  ) {
    this.clients = clients;
    this.#now = loaded;
    this.#believe(loaded);
    const now = () => this.#now;
    this.certificate = {
      get pem() {
        return now().identity.cert;
      },
      get fingerprint() {
        return now().identity.fingerprint;
      },
    };
    const files = filesOf(settings);
    if (files.length === 0) return;
    this.reload = takingUp(context.emit, this.certificate, async () => {
      const loaded = await load(settings, context, clients);
      this.#now = loaded;
      this.#believe(loaded);
    });
    this.#watch = new FileWatch(files, this.reload);
  }

  /** @throws {UsageError} when an option or a file cannot be used */
  static async load(settings: TlsSettings, context: IdentityContext): Promise<TlsContexts> {
    checkClientCertificateOptions(settings);
    const clients = settings.requireClientCert
      ? await ClientVerifier.create(settings.allowIdentity ?? [], context.now)
      : null;
    return new TlsContexts(settings, context, clients, await load(settings, context, clients));
  }

  /** Whether the certificate depends on the client's server name (SNI). */
  get hasNames(): boolean {
    return this.#now.all.length > 1;
  }

  /** The context for a client's server name; empty when it sends none. */
  contextFor(name: string): SecureContext {
    return preferredFor(this.#now.all, name)[0]!.context;
  }

  /** Called in the same turn as the contexts change: a handshake that began in between would be
   * verified under the old authorities, and remembered under the new. */
  #believe({ authorities }: Contexts): void {
    if (authorities !== null && this.clients !== null) this.clients.authorities = authorities;
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
  }
}

/** Returns a function that reloads changed files and emits the result, each call after the one
 * before, so that the last call wins. It never rejects.
 * @param what the files hold */
export function takingUp(
  emit: Tell | undefined,
  certificate: ServerCertificate | undefined,
  takeUp: () => Promise<void>,
  what = "certificate",
): () => Promise<void> {
  const work = async () => {
    const before = certificate?.fingerprint;
    try {
      await takeUp();
      const fingerprint = certificate?.fingerprint;
      const text = fingerprint === before
        ? `took up the ${what} files again`
        : `took up a new certificate, SHA-256 ${fingerprint}`;
      emit?.({ event: "notice", text });
    } catch (error) {
      emit?.({ event: "notice", text: `kept the ${what} in use: ${errorText(error)}` });
    }
  };
  let last = Promise.resolve();
  return () => last = last.then(work);
}

async function load(
  settings: TlsSettings,
  context: IdentityContext,
  clients: ClientVerifier | null,
): Promise<Contexts> {
  const identities = await loadTlsIdentities(settings, context);
  const { createSecureContext } = await import("node:tls");
  const authorities = clients === null
    ? null
    : await readAuthorities(settings.tlsCa ?? [], settings.dataFolder);
  const contextOf = ({ cert, key }: TlsIdentity) =>
    createSecureContext({
      cert,
      key,
      minVersion: settings.tlsMin === "1.3" ? "TLSv1.3" : "TLSv1.2",
      ...(authorities !== null && { ca: [...authorities.pems] }),
    });
  const [identity, ...others] = identities;
  return {
    identity,
    all: others.length === 0
      ? [{ names: [], context: contextOf(identity) }]
      : await named(identities, contextOf),
    authorities,
  };
}

async function named(
  identities: readonly TlsIdentity[],
  contextOf: (identity: TlsIdentity) => SecureContext,
): Promise<Contexts["all"]> {
  const { X509Certificate } = await import("node:crypto");
  return identities.map((identity) => ({
    names: readCertificateFields(new X509Certificate(identity.cert).raw).names,
    context: contextOf(identity),
  }));
}

/** Every file that the settings name; what they give as text is in none. */
export function filesOf({ tlsCert, tlsKey, tlsCa = [], dataFolder }: TlsSettings): string[] {
  const authorities = tlsCa.map((named) => authorityFile(named, dataFolder));
  return [...[tlsCert ?? []].flat(), ...[tlsKey ?? []].flat(), ...authorities]
    .filter((given) => !isFileText(given));
}
