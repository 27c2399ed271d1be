// Answers to a server's 401 (RFC 9110 11): the client sends a password only to the URL and realm
// for which it was given, and once for each challenge.

import { type CheckedCredentials, covers, credentialsFor } from "./credentials.ts";
import { parseChallenges } from "./challenge.ts";
import { answerDigest, type DigestChallenge, parseDigest } from "./digest.ts";
import { type Answer, type Exchange, hasField, type OutgoingRequest, valuesOf } from "./message.ts";
import { basicAuthorization } from "./proxy.ts";

/** Limit of answers to one request, for a server that reports every nonce as stale. */
const MAX_ANSWERS = 4;
/** Limit of remembered protection spaces; the oldest are forgotten first. */
const MAX_SPACES = 256;

type Proof =
  | { readonly by: "basic"; readonly entry: CheckedCredentials }
  | { readonly by: "digest"; readonly entry: CheckedCredentials; readonly nonce: Nonce };

class Nonce {
  readonly challenge: DigestChallenge;
  readonly cnonce: string = crypto.randomUUID().replaceAll("-", "");
  count = 0;

  constructor(challenge: DigestChallenge) {
    this.challenge = challenge;
  }
}

/** A protection space in which credentials were accepted (RFC 7617 2.2, RFC 7616 3.3 and 3.6). */
interface ProtectionSpace {
  readonly origin: string;
  /** Path that ends with a slash. */
  readonly path: string;
  readonly proof: Proof;
}

/** Keeps credentials, and the protection spaces that accepted them. */
export class Authentication {
  readonly #entries: readonly CheckedCredentials[];
  #spaces: ProtectionSpace[] = [];

  constructor(entries: readonly CheckedCredentials[]) {
    this.#entries = entries;
  }

  /** Wraps an exchange so that it answers challenges.
   * @param own credentials for this request alone, which take precedence */
  over(exchange: Exchange, own: readonly CheckedCredentials[]): Exchange {
    return async (request) => {
      // A field that the caller has set is sent as it is.
      if (hasField(request.headers, "authorization")) return await exchange(request);
      return await this.#ask(exchange, request, own);
    };
  }

  async #ask(
    exchange: Exchange,
    request: OutgoingRequest,
    own: readonly CheckedCredentials[],
  ): Promise<Answer> {
    let proof = this.#known(request.url, own);
    const tried = new Set<CheckedCredentials>(proof?.by === "basic" ? [proof.entry] : []);
    for (let answers = 0;; answers++) {
      const answer = await exchange(await withProof(request, proof));
      if (answer.response.status !== 401) {
        if (proof !== undefined) this.#remember(request.url, proof, answer);
        return answer;
      }
      const next = answers < MAX_ANSWERS
        ? this.#next(answer, request, own, { proof, tried })
        : undefined;
      if (proof !== undefined) this.#forget(proof);
      if (next === undefined || request.body?.available === false) return answer;
      answer.close();
      proof = next;
    }
  }

  /** Credentials that may be sent before there is a challenge. */
  #known(url: URL, own: readonly CheckedCredentials[]): Proof | undefined {
    const [space] = this.#spaces.filter((space) =>
      covers(space, url) && covers(space.proof.entry, url) &&
      // Credentials that were given for another request are used only there.
      [...own, ...this.#entries].includes(space.proof.entry)
    ).sort((one, other) => other.path.length - one.path.length);
    if (space !== undefined) return space.proof;
    const [entry] = credentialsFor(own, url, undefined).filter(({ atOnce }) => atOnce);
    return entry === undefined ? undefined : { by: "basic", entry };
  }

  /** The answer to the strongest challenge for which there are credentials. */
  #next(
    { response }: Answer,
    { url, body }: OutgoingRequest,
    own: readonly CheckedCredentials[],
    { proof, tried }: {
      readonly proof: Proof | undefined;
      readonly tried: Set<CheckedCredentials>;
    },
  ): Proof | undefined {
    const offers: { readonly proof: Proof; readonly strength: number }[] = [];
    for (const challenge of parseChallenges(valuesOf(response.headerList, "www-authenticate"))) {
      const realm = challenge.parameters.get("realm");
      if (realm === undefined) continue;
      const candidates = [
        ...credentialsFor(own, url, utf8Of(realm)),
        ...credentialsFor(this.#entries, url, utf8Of(realm)),
      ];
      const [entry] = candidates;
      if (entry === undefined) continue;
      const digest = parseDigest(challenge);
      // Signing a body means reading it twice.
      if (digest?.qop === "auth-int" && body?.repeatable === false) continue;
      if (digest !== undefined) {
        const nonce = new Nonce(digest);
        offers.push({ proof: { by: "digest", entry, nonce }, strength: digest.strength });
      } else if (challenge.scheme === "basic" && entry.scheme !== "digest") {
        offers.push({ proof: { by: "basic", entry }, strength: 0 });
      }
    }
    offers.sort((one, other) => other.strength - one.strength);
    const next = offers[0]?.proof;
    if (next === undefined) return undefined;
    // A refused password is not sent again; only a stale nonce may be renewed.
    const isRenewal = next.by === "digest" && proof?.by === "digest" &&
      (next.nonce.challenge.stale || !tried.has(next.entry));
    const isStronger = next.by === "digest" && proof?.by === "basic";
    if (tried.has(next.entry) && !isRenewal && !isStronger) return undefined;
    tried.add(next.entry);
    return next;
  }

  #remember(url: URL, proof: Proof, { response }: Answer): void {
    const next = /(?:^|[,\s])nextnonce="([^"\\]*)"/i
      .exec(response.headers.get("authentication-info") ?? "")?.[1];
    if (next === undefined && this.#spaces.some((space) => space.proof === proof)) return;
    this.#forget(proof);
    const kept: Proof = proof.by === "digest" && next !== undefined
      ? { ...proof, nonce: new Nonce({ ...proof.nonce.challenge, nonce: next }) }
      : proof;
    for (const place of placesOf(url, proof)) this.#spaces.unshift({ ...place, proof: kept });
    this.#spaces.length = Math.min(this.#spaces.length, MAX_SPACES);
  }

  #forget(proof: Proof): void {
    this.#spaces = this.#spaces.filter((space) => space.proof !== proof);
  }
}

/** Other places where the credentials for a URL are valid. */
function placesOf(url: URL, proof: Proof): { readonly origin: string; readonly path: string }[] {
  const folder = url.pathname.slice(0, url.pathname.lastIndexOf("/") + 1);
  if (proof.by === "basic") return [{ origin: url.origin, path: folder }];
  const domain = proof.nonce.challenge.domain.split(/\s+/).filter((one) => one !== "").slice(0, 32);
  if (domain.length === 0) return [{ origin: url.origin, path: "/" }];
  return domain.flatMap((one) => {
    const place = URL.parse(one, url);
    // A server cannot claim credentials for another origin.
    if (place === null || place.origin !== url.origin) return [];
    const { origin, pathname } = place;
    return [{ origin, path: pathname.endsWith("/") ? pathname : `${pathname}/` }];
  });
}

async function withProof(
  request: OutgoingRequest,
  proof: Proof | undefined,
): Promise<OutgoingRequest> {
  if (proof === undefined) return request;
  const { user, password } = proof.entry;
  const value = proof.by === "basic"
    ? basicAuthorization(`${user}:${password}`)
    : await answerDigest(proof.nonce.challenge, {
      user,
      password,
      method: request.method,
      target: request.url.pathname + request.url.search,
      body: proof.nonce.challenge.qop === "auth-int" ? request.body?.open() : undefined,
      cnonce: proof.nonce.cnonce,
      nonceCount: ++proof.nonce.count,
    });
  return { ...request, headers: [...request.headers, ["authorization", value]] };
}

/** Decodes a realm as UTF-8: header values have one character for each byte. */
function utf8Of(realm: string): string {
  try {
    const bytes = Uint8Array.from(realm, (one) => one.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return realm;
  }
}
