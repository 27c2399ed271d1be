// The certificates, keys and authorities of a DTLS server. Their files may change while it runs:
// associations go on with what they began with, new ones begin with the new.

import type { X509Certificate } from "node:crypto";
import { createIdentityList } from "../../core/certificates/identity.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { ServerCertificate } from "../../core/running_server.ts";
import { UsageError } from "../../core/usage_error.ts";
import { credentialsOf } from "../../layers/dtls/certificates/credentials.ts";
import type { TicketKeys } from "../../layers/dtls/crypto/tickets.ts";
import { readPskFile } from "../../layers/dtls/psk_file.ts";
import type { ServerPeerOptions } from "../../layers/dtls/server_peer.ts";
import { readAuthorities } from "../tls/client_certificates.ts";
import { filesOf, takingUp } from "../tls/contexts.ts";
import { FileWatch } from "../tls/file_watch.ts";
import { checkClientCertificateOptions } from "../tls/options.ts";
import {
  type IdentityContext,
  loadTlsIdentities,
  type TlsIdentity,
} from "../tls/server_certificate.ts";
import type { dtlsServerOptions } from "./options.ts";

type Given = Pick<
  OptionValues<typeof dtlsServerOptions>,
  "allowIdentity" | "dataFolder" | "pskFile" | "requireClientCert" | "tlsCa" | "tlsCert" | "tlsKey"
>;

/** Ed25519, with which handshakes cost this runtime least, and P-256 for peers that do not have it. */
const keyTypes = ["ed25519", "ecdsa"] as const;

/** From one reading of the files. */
interface Loaded {
  /** Absent with pre-shared keys alone. */
  readonly identity: TlsIdentity | undefined;
  readonly authorities: readonly X509Certificate[];
  readonly secrets: Pick<
    ServerPeerOptions,
    "credentials" | "psk" | "clientTrust" | "admitsIdentity"
  >;
}

/** What a server proves itself with, and believes of its clients, as it is now. Dispose it. */
export class DtlsSecrets implements Disposable {
  /** The default certificate in use; undefined with pre-shared keys alone. */
  readonly certificate: ServerCertificate | undefined;
  /** Reads the files again, where there are any. A file that cannot be used changes nothing and is
   * reported by a notice; never rejects. */
  readonly reload: (() => Promise<void>) | undefined;
  readonly #watch: FileWatch | undefined;
  readonly #newTickets: () => TicketKeys;
  #tickets: TicketKeys;
  #now: Loaded;

  private constructor(
    given: Given,
    context: IdentityContext,
    newTickets: () => TicketKeys,
    loaded: Loaded,
  ) {
    this.#newTickets = newTickets;
    this.#tickets = newTickets();
    this.#now = loaded;
    const { identity } = loaded;
    const current = () => this.#now.identity ?? identity!;
    this.certificate = identity && {
      get pem() {
        return current().cert;
      },
      get fingerprint() {
        return current().fingerprint;
      },
    };
    const { pskFile } = given;
    const files = [...filesOf(given), ...pskFile === undefined ? [] : [pskFile]];
    if (files.length === 0) return;
    const what = this.certificate === undefined ? "key" : "certificate";
    this.reload = takingUp(context.emit, this.certificate, async () => {
      this.#takeUp(await load(given, context));
    }, what);
    this.#watch = new FileWatch(files, this.reload);
  }

  /** @throws {UsageError} when a file cannot be used or options exclude each other */
  static async load(
    given: Given,
    context: IdentityContext,
    newTickets: () => TicketKeys,
  ): Promise<DtlsSecrets> {
    return new DtlsSecrets(given, context, newTickets, await load(given, context));
  }

  /** For a handshake that begins now. */
  current(): Loaded["secrets"] & { readonly tickets: TicketKeys } {
    return { ...this.#now.secrets, tickets: this.#tickets };
  }

  /** Tickets outlive a change of our own certificates, and what they say of a pre-shared key is looked
   * at again each time. But a client's certificate is not in its ticket: where others vouch for
   * clients than did, all have to show theirs again. */
  #takeUp(loaded: Loaded): void {
    const prints = ({ authorities }: Loaded) =>
      authorities.map(({ fingerprint256 }) => fingerprint256).toSorted().join();
    if (prints(loaded) !== prints(this.#now)) this.#tickets = this.#newTickets();
    this.#now = loaded;
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
  }
}

async function load(given: Given, context: IdentityContext): Promise<Loaded> {
  checkClientCertificateOptions(given);
  const { allowIdentity, dataFolder, requireClientCert, tlsCa, tlsCert, tlsKey, pskFile } = given;
  if (requireClientCert && pskFile !== undefined) {
    throw new UsageError(
      "--require-client-cert and --psk-file exclude each other: who has a key needs no certificate",
    );
  }
  // With pre-shared keys, a certificate is needed only where the options name one.
  const shows = pskFile === undefined || [tlsCert ?? [], tlsKey ?? []].flat().length > 0;
  const identities = shows ? await loadTlsIdentities(given, { ...context, keyTypes }) : [];
  const keys = pskFile === undefined ? undefined : await readPskFile(pskFile);
  const { certificates: authorities } = await readAuthorities(tlsCa, dataFolder);
  const admitsIdentity = createIdentityList(allowIdentity);
  return {
    identity: identities[0],
    authorities,
    secrets: {
      credentials: identities.map(credentialsOf),
      ...(keys && { psk: (name: string) => keys.get(name) }),
      ...(requireClientCert && {
        clientTrust: { by: "authority", authorities },
        admitsIdentity,
      }),
    },
  };
}
