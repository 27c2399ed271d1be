// Credentials given by the user, chosen for a server by URL prefix and realm.

import { UsageError } from "../../core/usage_error.ts";

/** A user and password, with the URLs to which they may be sent. */
export interface Credentials {
  /** The name of the user. */
  readonly user: string;
  /** The password of the user. */
  readonly password: string;
  /** Prefix of these URLs, by whole segments of the path: `http://host/a` includes
   * `http://host/a/b`, but not `http://host/ab`. */
  readonly prefix: string;
  /** Sent only on a challenge of this realm. Default: of any. */
  readonly realm?: string | undefined;
  /** `digest`: never send the password itself. Default: digest where it is offered, else basic. */
  readonly scheme?: "digest" | undefined;
}

/** Credentials whose prefix was parsed and checked. */
export interface CheckedCredentials extends Credentials {
  readonly origin: string;
  /** Ends with a slash. */
  readonly path: string;
  /** Sent with the first request, before a challenge. */
  readonly atOnce: boolean;
}

/** Checks credentials.
 * @throws {UsageError} when their prefix is invalid, or they cannot be encoded */
export function checkCredentials(
  credentials: Credentials,
  { atOnce = false } = {},
): CheckedCredentials {
  const { user, password, prefix, realm, scheme } = credentials;
  const url = URL.parse(prefix);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new UsageError(
      `credentials are for the URLs that begin with http://host/path or https://host/path, ` +
        `got "${prefix}"`,
    );
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new UsageError(
      `the URL prefix of credentials for ${url.host} is a host and a path alone`,
    );
  }
  if (user.includes(":")) throw new UsageError("a user name holds no colon");
  // deno-lint-ignore no-control-regex
  if (/[\0-\x1f\x7f]/.test(user + password)) {
    throw new UsageError("a user name and a password hold no control characters");
  }
  return {
    user,
    password,
    prefix: url.href,
    realm,
    scheme,
    origin: url.origin,
    path: url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`,
    atOnce,
  };
}

/** The credentials that may be sent to a URL, those of the longest prefix first, and of the same
 * prefix those with a realm.
 * @param realm of the challenge; undefined before there was one */
export function credentialsFor(
  entries: readonly CheckedCredentials[],
  url: URL,
  realm: string | undefined,
): CheckedCredentials[] {
  return entries
    .filter((entry) => covers(entry, url) && (entry.realm === undefined || entry.realm === realm))
    .sort((one, other) =>
      other.path.length - one.path.length ||
      Number(other.realm !== undefined) - Number(one.realm !== undefined)
    );
}

/** Whether a URL is below an origin and a path that ends with a slash. */
export function covers(
  { origin, path }: { readonly origin: string; readonly path: string },
  url: URL,
): boolean {
  return url.origin === origin && `${url.pathname}/`.startsWith(path);
}
