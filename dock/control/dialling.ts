// How a server of this process is dialled from this process: its own URL, and options that go with
// its own. Keys that both sides have come from the server; where the client's side of a secret is not
// there, an error says what has to be given.

import { basicAuthorization } from "../../clients/http/proxy.ts";
import { formatEndpoint, parseEndpoint } from "../../core/addresses/endpoint.ts";
import { dialledHost, isUnspecified } from "../../core/addresses/own_addresses.ts";
import type { Given } from "../../core/options/option.ts";
import { pickedTable } from "../../core/options/prefixed.ts";
import { agreementOptions } from "../../core/websocket/options.ts";
import { UsageError } from "../../core/usage_error.ts";
import { dtlsOptions } from "../../layers/dtls/options.ts";
import { reliableOptions } from "../../layers/reliable/options.ts";
import { sealedOptions } from "../../layers/sealed/options.ts";
import { signedOptions } from "../../layers/signed/options.ts";
import { optionsForDialling } from "../applicable.ts";
import type { ConnectOptions } from "../connect_options.ts";
import type { DrivenServer } from "../driven_server.ts";
import { clientSchemes } from "../schemes.ts";
import { askedOptions } from "./asked_servers.ts";

/** Options that mean the same on both sides, so that the client has those of the server. Which keys of
 * `signed` a client has is another matter. */
const { signedKey: _own, signedSenders: _others, ...signedLimits } = signedOptions;
const shared = Object.keys({
  ...sealedOptions,
  ...signedLimits,
  ...reliableOptions,
  ...dtlsOptions,
  ...pickedTable(agreementOptions, ["subprotocol"]),
});

/** By what a client may say itself how it trusts the server. */
const TRUST = ["tlsCa", "tlsFingerprint", "insecure"];

/** Where a server is dialled, and with what. */
export interface Dialling {
  readonly url: string;
  readonly options: ConnectOptions;
}

/** Returns how to dial a server.
 * @param served the options that it was started with
 * @param asked options of the client, which go before those that the server's lead to
 * @param folders inside which files may be that are named in them
 * @throws {UsageError} when it takes no sessions, or something is missing */
export async function diallingOf(
  { url, carries, certificate }: Pick<DrivenServer, "url" | "carries" | "certificate">,
  served: Given,
  asked: Readonly<Record<string, unknown>>,
  folders: readonly string[],
): Promise<Dialling> {
  if (carries === "requests") {
    throw new UsageError(
      `${url} answers HTTP requests and takes no sessions: POST /api/servers/N/request sends it one`,
    );
  }
  const listening = parseEndpoint(url, clientSchemes);
  const { hostname, port } = listening;
  // What listens on every address is dialled at this machine's own.
  const ownUrl = isUnspecified(hostname)
    ? formatEndpoint({ ...listening, hostname: dialledHost(hostname) }, port)
    : url;
  const endpoint = parseEndpoint(ownUrl, clientSchemes);
  const table = optionsForDialling(endpoint, asked);
  const given = await askedOptions(asked, table, folders);
  const common = Object.fromEntries(
    shared.filter((key) => Object.hasOwn(table, key) && served[key] !== undefined)
      .map((key) => [key, served[key]]),
  );
  const options: Record<string, unknown> = {
    ...common,
    ...(certificate !== undefined && common.pskFile === undefined &&
      !TRUST.some((key) => given[key] !== undefined) &&
      { tlsFingerprint: certificate.fingerprint }),
    ...given,
  };
  if (options.pskFile !== undefined && options.pskIdentity === undefined) {
    const { readPskFile } = await import("../../layers/dtls/psk_file.ts");
    const [identity] = (await readPskFile(String(options.pskFile))).keys();
    options.pskIdentity = identity;
  }
  if (endpoint.layers.includes("signed")) Object.assign(options, await signedKeys(served, given));
  if (served.requireClientCert === true && given.tlsCert === undefined) {
    const { ownClientCertificate } = await import("./client_certificate.ts");
    Object.assign(options, await ownClientCertificate(ownUrl, served));
  }
  if (/^wss?$/.test(endpoint.scheme) && !hasCredentials(given)) {
    const authorization = authorizationOf(ownUrl, served);
    if (authorization !== undefined) {
      options.header = [...(given.header as string[] ?? []), `Authorization: ${authorization}`];
    }
  }
  return { url: ownUrl, options };
}

/** The keys of a client of `signed`: a secret in common signs on both sides; of a server with a pair of
 * keys the public one is known, and the client's own has to be given.
 * @throws {UsageError} when it is missing */
async function signedKeys(served: Given, given: Given): Promise<ConnectOptions> {
  const { readKeyFile } = await import("../../core/keys/file.ts");
  const { formatKey } = await import("../../core/keys/key.ts");
  const [own] = served.signedKey === undefined
    ? []
    : await readKeyFile("--signed-key", String(served.signedKey));
  if (own?.kind === "hmac") {
    return { signedKey: String(given.signedKey ?? served.signedKey) };
  }
  if (given.signedKey !== undefined) {
    const senders = given.signedSenders ?? (own && `${formatKey(own)}\n`);
    return {
      signedKey: String(given.signedKey),
      ...(senders !== undefined && { signedSenders: String(senders) }),
    };
  }
  const senders = served.signedSenders === undefined
    ? []
    : await readKeyFile("--signed-senders", String(served.signedSenders));
  const common = senders.find(({ kind }) => kind === "hmac");
  if (common !== undefined) return { signedKey: `${formatKey(common)}\n` };
  throw new UsageError(
    "the server believes the senders of its --signed-senders alone: give signed-key, the private key " +
      "of one of them",
  );
}

/** What shows a server who the client is, where a password or token of its own says it.
 * @throws {UsageError} when only files say it, which may hold no more than hashes */
function authorizationOf(url: string, served: Given): string | undefined {
  const { auth, authToken, authFile, authTokenFile } = served;
  if (typeof authToken === "string") return `Bearer ${authToken}`;
  if (typeof auth === "string") return basicAuthorization(auth);
  if (authFile === undefined && authTokenFile === undefined) return undefined;
  throw new UsageError(
    `${url} lets in only the users of its files: give header, such as Authorization: Bearer TOKEN`,
  );
}

function hasCredentials({ header }: Given): boolean {
  return [header ?? []].flat().some((one) => /^authorization *:/i.test(String(one)));
}
