// The options of a chat's cluster, checked, with the files read that they name.

import { readPem } from "../../../core/certificates/pem.ts";
import { errorText } from "../../../core/event.ts";
import { shownFile } from "../../../core/files/file_or_text.ts";
import { refuseShared } from "../../../core/files/private_file.ts";
import { UsageError } from "../../../core/usage_error.ts";
import type { ClusterOptions } from "../options.ts";

export interface ClusterSettings {
  /** `host:port`, an IPv6 address in brackets. */
  readonly brokers: readonly string[];
  readonly name: string;
  readonly replicas: number;
  readonly maxBytes: number;
  /** The content of the credentials file. */
  readonly creds: Uint8Array | undefined;
  /** Undefined where the broker decides. */
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
  } | undefined;
}

const DEFAULT_PORT = 4222;

/** @throws {UsageError} naming the option, the value and the remedy */
export async function readClusterSettings(options: ClusterOptions): Promise<ClusterSettings> {
  const { clusterName: name, natsCreds, natsTlsCa, natsTlsCert, natsTlsKey } = options;
  if (options.cluster.length === 0) {
    throw new UsageError("--cluster: no broker is given; name one, such as nats://127.0.0.1:4222");
  }
  // It becomes a part of subjects and the name of a stream, where dots and stars mean something.
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(name)) {
    throw new UsageError(
      `--cluster-name: expected 1 to 32 letters, digits, _ or -, got ${JSON.stringify(name)}`,
    );
  }
  if ((natsTlsCert === undefined) !== (natsTlsKey === undefined)) {
    throw new UsageError(
      natsTlsKey === undefined
        ? `--nats-tls-cert ${
          shownFile(natsTlsCert!)
        } needs its private key; add --nats-tls-key FILE`
        : `--nats-tls-key ${shownFile(natsTlsKey)} needs its certificate; add --nats-tls-cert FILE`,
    );
  }
  const brokers = options.cluster.map(readBroker);
  const tls = {
    ...(natsTlsCa !== undefined &&
      { ca: await readPem("--nats-tls-ca", natsTlsCa, "CERTIFICATE") }),
    ...(natsTlsCert !== undefined &&
      { cert: await readPem("--nats-tls-cert", natsTlsCert, "CERTIFICATE") }),
    ...(natsTlsKey !== undefined &&
      { key: await readPem("--nats-tls-key", natsTlsKey, "PRIVATE KEY") }),
  };
  // When one broker asks for TLS, all are dialled with it: a node goes from one to the next.
  const secret = brokers.some(({ isSecret }) => isSecret) || Object.keys(tls).length > 0;
  return {
    brokers: brokers.map(({ place }) => place),
    name,
    replicas: options.clusterReplicas,
    maxBytes: options.clusterMaxSize,
    creds: natsCreds === undefined ? undefined : await readCreds(natsCreds),
    tls: secret ? tls : undefined,
  };
}

/** Refuses a cluster without a history that outlives the process: what is acknowledged as local
 * would be lost with it.
 * @param history the value of `--history`
 * @throws {UsageError} naming the remedy */
export function refuseForgetful(history: string | undefined): void {
  if (history !== "off" && history !== ":memory:") return;
  throw new UsageError(
    `--history ${history}: a node of a cluster keeps in a file what the broker has not got yet; ` +
      `name one with --history FILE`,
  );
}

function readBroker(written: string): { readonly place: string; readonly isSecret: boolean } {
  let url: URL;
  try {
    url = new URL(/^[a-z]+:\/\//i.test(written) ? written : `nats://${written}`);
  } catch {
    throw new UsageError(
      `--cluster: cannot read ${JSON.stringify(written)}; expected nats://host:port`,
    );
  }
  if (url.username !== "" || url.password !== "" || written.includes("@")) {
    // Not said again: it would end in logs.
    throw new UsageError(
      "--cluster: a URL with a user or a password can be seen by others on this machine; " +
        "leave them away and name a credentials file with --nats-creds",
    );
  }
  if (url.protocol !== "nats:" && url.protocol !== "tls:") {
    throw new UsageError(`--cluster: ${written} is neither nats:// nor tls://`);
  }
  if (url.hostname === "" || !/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "") {
    throw new UsageError(
      `--cluster: cannot read ${JSON.stringify(written)}; expected nats://host:port`,
    );
  }
  return {
    place: `${url.hostname}:${url.port === "" ? DEFAULT_PORT : url.port}`,
    isSecret: url.protocol === "tls:",
  };
}

async function readCreds(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    refuseShared(path, await Deno.stat(path));
    bytes = await Deno.readFile(path);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound
      ? "there is no such file"
      : errorText(error);
    throw new UsageError(`--nats-creds: cannot use ${path}: ${reason}`);
  }
  // The library finds out only while it connects, again and again.
  const text = new TextDecoder().decode(bytes);
  if (!/BEGIN NATS USER JWT/.test(text) || !/BEGIN USER NKEY SEED/.test(text)) {
    throw new UsageError(
      `--nats-creds: ${path} holds no NATS credentials; expected a user's JWT and its nkey seed, ` +
        `as nsc writes them`,
    );
  }
  return bytes;
}
