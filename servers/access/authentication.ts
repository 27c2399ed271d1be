// Authentication of HTTP clients, for WebSockets too: basic authentication (RFC 7617) and bearer
// tokens (RFC 6750).

import type { Address } from "../../core/addresses/address.ts";
import type { PasswordCheck } from "../../core/keys/password_hash.ts";
import type { Context } from "../../core/protocol.ts";
import { Semaphore } from "../../core/streams/semaphore.ts";
import { UsageError } from "../../core/usage_error.ts";
import { AttemptLimit } from "./attempt_limit.ts";
import type { AuthenticationLimits } from "./options.ts";
import { type Digest, readTokens, readUsers } from "./credential_files.ts";

type Verdict =
  | { readonly admitted: true; readonly user?: string }
  | {
    readonly admitted: false;
    readonly status: 400 | 401 | 429 | 503;
    readonly message: string;
    readonly headers: Readonly<Record<string, string>>;
  };

/** Decides by the Authorization header. A null Authenticator admits every client. */
export interface Authenticator {
  check(authorization: string | null, peer: Address): Verdict | Promise<Verdict>;
  /** The user of a header that was accepted before. */
  known(authorization: string): string | undefined;
}

/** Limit of remembered headers, which spare hashing a user's password for every request. */
const MAX_REMEMBERED = 1024;
/** Passwords that are hashed at a time; a few more wait. */
const MAX_HASHING = 2;
const MAX_WAITING = 32;
/** Longer headers are refused unread. */
const MAX_HEADER_LENGTH = 8192;

/** Reads the files and returns the authenticator; null when none is configured.
 * @throws {UsageError} when a file cannot be read or lists no users, or naming a bad line */
export async function createAuthenticator(
  limits: Partial<AuthenticationLimits> & Pick<AuthenticationLimits, "realm">,
  context: Pick<Context, "now" | "signal" | "emit">,
): Promise<Authenticator | null> {
  const { auth, authFile, authToken, authTokenFile, authUpload, realm } = limits;
  const given = [auth, authFile, authToken, authTokenFile, authUpload];
  if (given.every((one) => one === undefined)) return null;
  // deno-lint-ignore no-control-regex
  if (/["\\\x00-\x1f\x7f]|[^\x00-\xff]/.test(realm)) {
    throw new UsageError(`--realm: expected plain words without quotes, got "${realm}"`);
  }
  const { createHmac, randomBytes } = await import("node:crypto");
  const key = randomBytes(32);
  // Under a random key, the difference between two digests reveals nothing about the secrets, so
  // digests may be compared without constant time.
  const digest = (secret: string) => createHmac("sha256", key).update(secret).digest("base64");
  const users = await readUsers(limits, digest);
  const tokens = await readTokens(limits, digest);
  return new Credentials(realm, users, tokens, digest, context);
}

class Credentials implements Authenticator {
  readonly #challenge: string;
  readonly #users: ReadonlyMap<string, PasswordCheck>;
  /** Names by the digest of the token. */
  readonly #tokens: ReadonlyMap<string, string>;
  readonly #digest: Digest;
  /** Users by the digest of an accepted header. */
  readonly #remembered = new Map<string, string>();
  readonly #attempts: AttemptLimit;
  readonly #hashing = new Semaphore(MAX_HASHING);
  #waiting = 0;

  constructor(
    realm: string,
    users: ReadonlyMap<string, PasswordCheck>,
    tokens: ReadonlyMap<string, string>,
    digest: Digest,
    { now, signal }: Pick<Context, "now" | "signal">,
  ) {
    this.#users = users;
    this.#tokens = tokens;
    this.#digest = digest;
    this.#challenge = [
      ...(users.size > 0 ? [`Basic realm="${realm}", charset="UTF-8"`] : []),
      ...(tokens.size > 0 ? [`Bearer realm="${realm}"`] : []),
    ].join(", ");
    this.#attempts = new AttemptLimit(now, (ms) => wait(ms, signal));
  }

  check(authorization: string | null, peer: Address): Verdict | Promise<Verdict> {
    if (authorization === null) return this.#refuse(401, "Say who you are.");
    if (authorization.length > MAX_HEADER_LENGTH) {
      return this.#refuse(400, "The Authorization header is too long.");
    }
    const user = this.known(authorization);
    return user === undefined ? this.#look(authorization, peer) : { admitted: true, user };
  }

  known(authorization: string): string | undefined {
    return authorization.length > MAX_HEADER_LENGTH
      ? undefined
      : this.#remembered.get(this.#digest(authorization));
  }

  async #look(authorization: string, peer: Address): Promise<Verdict> {
    const [, scheme = "", value = ""] = /^([A-Za-z-]+) +(\S+) *$/.exec(authorization) ?? [];
    const kind = scheme.toLowerCase();
    const isBasic = kind === "basic" && this.#users.size > 0;
    const isBearer = kind === "bearer" && this.#tokens.size > 0;
    if (scheme === "") return this.#refuse(400, "The Authorization header is malformed.");
    if (!isBasic && !isBearer) return this.#refuse(401, `${scheme} is not accepted here.`);
    const basic = isBasic ? parseBasic(value) : null;
    if (isBasic && basic === null) {
      return this.#refuse(400, "The Authorization header holds no user and password in base64.");
    }
    if (!await this.#attempts.admit(peer)) return this.#tooMany(peer);
    const user = basic === null
      ? this.#tokens.get(this.#digest(value)) ?? null
      : await this.#checkPassword(basic);
    if (user === undefined) return this.#refuse(503, "Too many are being let in at once.", "1");
    if (user === null) {
      this.#attempts.failed(peer);
      return this.#refuse(401, "These credentials are wrong.");
    }
    this.#remember(authorization, user);
    return { admitted: true, user };
  }

  /** Returns the user; null for a wrong password, undefined when too many wait for their check. */
  async #checkPassword(
    { user, password }: { readonly user: string; readonly password: string },
  ): Promise<string | null | undefined> {
    if (this.#waiting >= MAX_WAITING) return undefined;
    this.#waiting++;
    await this.#hashing.acquire();
    try {
      const check = this.#users.get(user);
      if (check !== undefined) return await check(password) ? user : null;
      // For an unknown user a password is hashed all the same: the time would reveal the names.
      const [someone] = this.#users.values();
      await someone?.(password);
      return null;
    } finally {
      this.#waiting--;
      this.#hashing.release();
    }
  }

  #remember(authorization: string, user: string): void {
    if (this.#remembered.size >= MAX_REMEMBERED) {
      const [oldest] = this.#remembered.keys();
      this.#remembered.delete(oldest!);
    }
    this.#remembered.set(this.#digest(authorization), user);
  }

  #tooMany(peer: Address): Verdict {
    const seconds = Math.ceil(this.#attempts.waitMs(peer) / 1000);
    return this.#refuse(429, "Too many wrong guesses; wait a moment.", String(seconds));
  }

  #refuse(status: 400 | 401 | 429 | 503, message: string, retryAfter?: string): Verdict {
    return {
      admitted: false,
      status,
      message,
      headers: {
        ...(status === 401 && { "www-authenticate": this.#challenge }),
        ...(retryAfter !== undefined && { "retry-after": retryAfter }),
      },
    };
  }
}

/** User and password of a Basic header (RFC 7617 2). */
function parseBasic(value: string): { user: string; password: string } | null {
  let text: string;
  try {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
  const colon = text.indexOf(":");
  // deno-lint-ignore no-control-regex
  if (colon < 0 || /[\x00-\x1f\x7f]/.test(text)) return null;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Resolves after a delay, or at once when the server stops. */
function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
