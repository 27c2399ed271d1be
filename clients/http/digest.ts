// Digest authentication of a client (RFC 7616): it proves the password without sending it.

import type { Challenge } from "./challenge.ts";

/** Names of the hash functions in node:crypto, by algorithm, the strongest first. */
const HASHES: readonly (readonly [algorithm: string, hash: string])[] = [
  ["sha-512-256", "sha512-256"],
  ["sha-256", "sha256"],
  ["md5", "md5"],
];

/** A challenge of a supported kind. */
export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  /** The algorithm as the server wrote it; undefined stands for MD5. */
  readonly algorithm: string | undefined;
  readonly hash: string;
  readonly isSession: boolean;
  /** Undefined for a server that follows RFC 2069, without qop. */
  readonly qop: "auth" | "auth-int" | undefined;
  readonly userhash: boolean;
  readonly isUtf8: boolean;
  readonly stale: boolean;
  /** The URLs of the protection space; empty for the whole server. */
  readonly domain: string;
  /** Larger is stronger. */
  readonly strength: number;
}

/** Parses a challenge; undefined when its hash or its quality of protection is unknown here. */
export function parseDigest({ scheme, parameters }: Challenge): DigestChallenge | undefined {
  const [realm, nonce] = [parameters.get("realm"), parameters.get("nonce")];
  if (scheme !== "digest" || realm === undefined || nonce === undefined) return undefined;
  const algorithm = parameters.get("algorithm");
  const [, name = "", session = ""] = /^(.*?)(-sess)?$/.exec((algorithm ?? "md5").toLowerCase()) ??
    [];
  const rank = HASHES.findIndex(([known]) => known === name);
  const offered = parameters.get("qop")?.toLowerCase().split(",").map((one) => one.trim());
  const qop = offered === undefined
    ? undefined
    : (["auth", "auth-int"] as const).find((one) => offered.includes(one));
  const hash = HASHES[rank]?.[1];
  if (hash === undefined || (offered !== undefined && qop === undefined)) return undefined;
  const says = (parameter: string) => parameters.get(parameter)?.toLowerCase() === "true";
  return {
    realm,
    nonce,
    opaque: parameters.get("opaque"),
    algorithm,
    hash,
    isSession: session !== "",
    qop,
    userhash: says("userhash"),
    isUtf8: parameters.get("charset")?.toLowerCase() === "utf-8",
    stale: says("stale"),
    domain: parameters.get("domain") ?? "",
    strength: HASHES.length - rank,
  };
}

/** The parts of a request that the digest covers. */
interface DigestRequest {
  readonly user: string;
  readonly password: string;
  readonly method: string;
  /** The target as it stands in the request line. */
  readonly target: string;
  /** The body, which auth-int signs. */
  readonly body: AsyncIterable<Uint8Array> | Uint8Array | undefined;
  readonly cnonce: string;
  /** Number of requests that have used this nonce, this one included. */
  readonly nonceCount: number;
}

/** The value of the Authorization field. */
export async function answerDigest(
  challenge: DigestChallenge,
  request: DigestRequest,
): Promise<string> {
  const { createHash } = await import("node:crypto");
  // Realm and nonce came in a header, one character a byte.
  const digest = (...parts: readonly Part[]) => {
    const hash = createHash(challenge.hash);
    parts.forEach((part, index) => {
      if (index > 0) hash.update(":");
      hash.update(part.text, part.from === "header" ? "latin1" : "utf8");
    });
    return hash.digest("hex");
  };
  const { realm, nonce, opaque, algorithm, qop, userhash, isUtf8 } = challenge;
  const { cnonce, method, target } = request;
  // RFC 7616 4: normalized before hashing.
  const user = isUtf8 ? request.user.normalize("NFC") : request.user;
  const password = isUtf8 ? request.password.normalize("NFC") : request.password;
  const nonceCount = request.nonceCount.toString(16).padStart(8, "0");

  const secret = digest(ours(user), header(realm), ours(password));
  const a1 = challenge.isSession ? digest(ours(secret), header(nonce), ours(cnonce)) : secret;
  const a2 = qop === "auth-int"
    ? digest(ours(method), ours(target), ours(await hashOf(request.body, challenge.hash)))
    : digest(ours(method), ours(target));
  const response = qop === undefined
    ? digest(ours(a1), header(nonce), ours(a2))
    : digest(ours(a1), header(nonce), ours(nonceCount), ours(cnonce), ours(qop), ours(a2));

  const name = userhash
    ? `username="${digest(ours(user), header(realm))}"`
    : isUtf8 && /[^\x20-\x7e]/.test(user)
    ? `username*=UTF-8''${extended(user)}`
    : `username=${quoted(latin1Of(user))}`;
  const fields = [
    name,
    `realm=${quoted(realm)}`,
    `uri=${quoted(target)}`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    `nonce=${quoted(nonce)}`,
    ...(qop === undefined ? [] : [`nc=${nonceCount}`]),
    ...(qop === undefined && !challenge.isSession ? [] : [`cnonce="${cnonce}"`]),
    ...(qop === undefined ? [] : [`qop=${qop}`]),
    `response="${response}"`,
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(userhash ? ["userhash=true"] : []),
  ];
  return `Digest ${fields.join(", ")}`;
}

interface Part {
  readonly text: string;
  readonly from: "header" | "us";
}

const header = (text: string): Part => ({ text, from: "header" });
const ours = (text: string): Part => ({ text, from: "us" });

async function hashOf(body: DigestRequest["body"], algorithm: string): Promise<string> {
  const { createHash } = await import("node:crypto");
  const hash = createHash(algorithm);
  if (body instanceof Uint8Array) hash.update(body);
  else if (body !== undefined) { for await (const part of body) hash.update(part); }
  return hash.digest("hex");
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** Encodes a text in UTF-8, with one character for each byte, for a header. */
function latin1Of(text: string): string {
  let bytes = "";
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
}

/** Encodes a value as RFC 8187 3.2.1 says. */
function extended(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
