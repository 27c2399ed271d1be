// Features that need a certain version of Deno, and the error that names the version. An executable
// brings its own runtime, which may be older than the one that the sources are written for.

import type { Tell } from "./event.ts";
import { UsageError } from "./usage_error.ts";

/** The oldest version that runs the program at all, if not every part of it. */
export const OLDEST_DENO = "2.6.8";

interface RuntimeFeature {
  /** The feature, as the subject of a sentence. */
  readonly what: string;
  /** The oldest version on which the feature was measured to work. */
  readonly since: `${number}.${number}.${number}`;
  /** Behaviour of an older runtime, to complete "this is 2.6.10, which ...". */
  readonly before: string;
}

const features = {
  /** An older runtime without verification does not check that the server holds its key either: a
   * copy of the certificate with the expected fingerprint would be accepted. */
  nodeTls: {
    what: "--tls-fingerprint and --insecure",
    since: "2.7.14",
    before: "cannot do TLS on a connection that is there already",
  },
  clientCertificates: {
    what: "--require-client-cert",
    since: "2.7.14",
    before: "ignores client certificates and would let everyone in",
  },
  /** Measured on 2.6.10: "Not implemented", and some keys that TLS can use cannot be parsed. */
  keyComparison: {
    what: "the check of a key against its certificate",
    since: "2.7.14",
    before: "finds out in the first handshake",
  },
  httpOverConnection: {
    what: "fetch with options of TLS, --local, -4, -6, --unix-socket or a proxy",
    since: "2.7.14",
    before: "takes no connection for HTTP and dials by itself",
  },
  streamedRequestBody: {
    what: "a request body in parts",
    since: "2.7.14",
    before: "never sends a body that is written in parts",
  },
  localAddress: {
    what: "--local",
    since: "2.7.14",
    before: "takes the address without a word and dials from another",
  },
  passedSockets: {
    what: "a socket that a service manager passed",
    since: "2.7.14",
    before: "cannot listen on a descriptor",
  },
  dtls: {
    what: "dtls",
    since: "2.8.3",
    before: "dies of a point that is not on its curve, which any peer can send, and cannot check " +
      "the signature of a certificate",
  },
} as const satisfies Readonly<Record<string, RuntimeFeature>>;

type RuntimeFeatureName = keyof typeof features;

export function hasFeature(
  name: RuntimeFeatureName,
  version: string = Deno.version.deno,
): boolean {
  return isAtLeast(version, features[name].since);
}

/** Whether a version is this one or a newer one. */
export function isAtLeast(version: string, oldest: string): boolean {
  // A suffix after the third number marks a preview or a build of that version.
  const found = version.split(/[.+-]/).map(Number);
  const wanted = oldest.split(".").map(Number);
  const at = wanted.findIndex((part, index) => found[index] !== part);
  return at < 0 || found[at]! > wanted[at]!;
}

/** Refuses a runtime on which nothing of this was tried.
 * @throws {UsageError} naming the version that is needed */
export function requireRuntime(version: string = Deno.version.deno): void {
  if (isAtLeast(version, OLDEST_DENO)) return;
  throw new UsageError(
    `sockdock needs Deno ${OLDEST_DENO} or newer; this is ${version}; "deno upgrade" brings the newest`,
  );
}

/** The error for a missing feature: the version that it needs, the version that runs, and what that
 * one does instead.
 * @param what the subject of the sentence, where the feature's own says too little or too much */
export function needsRuntime(
  name: RuntimeFeatureName,
  what: string = features[name].what,
  version: string = Deno.version.deno,
): string {
  const { since, before } = features[name];
  return `${what} needs Deno ${since} or newer; this is ${version}, which ${before}`;
}

/** Throws when this runtime lacks a feature.
 * @param what as for `needsRuntime`
 * @throws {UsageError} naming the version that is needed */
export function requireFeature(
  name: RuntimeFeatureName,
  what?: string,
  version?: string,
): void {
  if (!hasFeature(name, version)) throw new UsageError(needsRuntime(name, what, version));
}

/** The features that a runtime lacks, each with its reason. */
export function missingFeatures(
  version: string = Deno.version.deno,
): { readonly name: string; readonly reason: string }[] {
  const missing = (Object.keys(features) as RuntimeFeatureName[])
    .filter((name) => !hasFeature(name, version))
    .map((name) => ({
      name: features[name].what,
      reason: needsRuntime(name, "it", version),
    }));
  if (!hasUnixSockets()) {
    return [...missing, { name: "unix, unixgram", reason: needsUnixSockets("they") }];
  }
  if (hasDatagramSockets()) return missing;
  return [...missing, { name: "unixgram", reason: needsDatagramSockets("it") }];
}

/** Whether there are Unix sockets. Deno has none on Windows. */
export function hasUnixSockets(os: typeof Deno.build.os = Deno.build.os): boolean {
  return os !== "windows";
}

/** Throws where there are no Unix sockets.
 * @throws {UsageError} naming what to use instead */
export function requireUnixSockets(scheme: string, os?: typeof Deno.build.os): void {
  if (!hasUnixSockets(os)) throw new UsageError(needsUnixSockets(scheme));
}

function needsUnixSockets(what: string): string {
  return `${what} cannot be had on Windows, where Deno has no Unix sockets; use tcp:// or udp:// on ` +
    "loopback";
}

/** Whether Deno.listenDatagram exists, which depends on a flag of the project and not on the version. */
export function hasDatagramSockets(): boolean {
  return typeof Deno.listenDatagram === "function";
}

/** Throws where there are no Unix datagram sockets: nothing can stand in for Deno.listenDatagram there.
 * @throws {UsageError} naming the flag */
export function requireDatagramSockets(what: string): void {
  requireUnixSockets(what);
  if (!hasDatagramSockets()) throw new UsageError(needsDatagramSockets(what));
}

function needsDatagramSockets(what: string): string {
  return `${what} needs Deno.listenDatagram, which this project does not have; ` +
    `put "unstable": ["net"] in its deno.json, or run it with --unstable-net`;
}

let isStandInSaid = false;

/** Says, once in a process, that node:dgram stands in for Deno.listenDatagram.
 * @param emit undefined where nobody listens; then it is said to the next listener */
export function noteDatagramStandIn(emit: Tell | undefined): void {
  if (hasDatagramSockets() || isStandInSaid || emit === undefined) return;
  isStandInSaid = true;
  emit({
    event: "notice",
    text: "UDP runs on node:dgram, at half the speed or less, because this project has no " +
      `Deno.listenDatagram; "unstable": ["net"] in its deno.json, or --unstable-net, provides it`,
  });
}
