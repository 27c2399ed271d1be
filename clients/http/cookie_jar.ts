// The cookie store of a client (RFC 6265). How a cookie is written, what it matches and which names
// are public suffixes is tough-cookie's; how many there may be, for how long, and what http may not
// do to https is decided here, where tough-cookie's own store has no limits, lets a cookie live on
// with each use, and lets http replace what https has set.

import type { Cookie as WrittenCookie } from "tough-cookie";

/** A cookie with its scope and expiry. */
export interface Cookie {
  /** Its name. */
  readonly name: string;
  /** Its value, as the server wrote it. */
  readonly value: string;
  /** Domain in lower case and ASCII, without a leading dot. */
  readonly domain: string;
  /** Whether the cookie is for that host alone, and not for its subdomains. */
  readonly hostOnly: boolean;
  /** The path of the URLs that it is sent to, and all below it. */
  readonly path: string;
  /** Sent only over https. */
  readonly secure: boolean;
  /** Hidden from the scripts of a page. */
  readonly httpOnly: boolean;
  /** Milliseconds since 1970; undefined for a session cookie. */
  readonly expiresMs: number | undefined;
}

interface CookieJarOptions {
  /** @default Date.now */
  readonly now?: () => number;
}

type Rules = typeof import("tough-cookie");

/** RFC 6265 6.1 asks for at least 4096 bytes, 50 a domain and 3000 in all. */
const MAX_COOKIE_LENGTH = 4096;
const MAX_PER_DOMAIN = 180;
const MAX_COOKIES = 3000;
const MAX_PER_RESPONSE = 200;
const LONGEST_AGE_MS = 400 * 86_400_000;

export class CookieJar {
  readonly #now: () => number;
  /** By name, domain and path; the oldest first. */
  readonly #cookies = new Map<string, Cookie>();
  readonly #countByDomain = new Map<string, number>();

  constructor({ now = Date.now }: CookieJarOptions = {}) {
    this.#now = now;
  }

  /** Every cookie that has not expired, the oldest first. */
  get cookies(): readonly Cookie[] {
    return [...this.#cookies.values()].filter((cookie) => !this.#isExpired(cookie));
  }

  /** Stores a cookie without checking its origin, in the place of one with its name, domain and
   * path. An expired cookie deletes that one. */
  add(cookie: Cookie): void {
    const { domain } = cookie;
    const key = JSON.stringify([cookie.name, domain, cookie.path]);
    if (this.#isExpired(cookie)) {
      this.#remove(key);
      return;
    }
    // A replaced cookie keeps its creation time, by which cookies are sorted (RFC 6265 5.3, 11.3).
    if (!this.#cookies.has(key)) {
      this.#countByDomain.set(domain, (this.#countByDomain.get(domain) ?? 0) + 1);
    }
    this.#cookies.set(key, cookie);
    if (this.#countByDomain.get(domain)! > MAX_PER_DOMAIN) {
      this.#removeOldest((one) => one.domain === domain);
    }
    if (this.#cookies.size > MAX_COOKIES) this.#removeOldest(() => true);
  }

  #removeOldest(which: (cookie: Cookie) => boolean): void {
    for (const [key, cookie] of this.#cookies) {
      if (!which(cookie)) continue;
      this.#remove(key);
      return;
    }
  }

  #remove(key: string): void {
    const domain = this.#cookies.get(key)?.domain;
    if (domain === undefined) return;
    this.#cookies.delete(key);
    const left = (this.#countByDomain.get(domain) ?? 1) - 1;
    if (left === 0) this.#countByDomain.delete(domain);
    else this.#countByDomain.set(domain, left);
  }

  /** Stores the cookies of a response's Set-Cookie fields that the server may set. */
  async take(url: URL, setCookies: readonly string[]): Promise<void> {
    if (setCookies.length === 0) return;
    const rules = await loadRules();
    for (const text of setCookies.slice(0, MAX_PER_RESPONSE)) {
      const cookie = this.#read(url, text, rules);
      if (cookie !== undefined) this.add(cookie);
    }
  }

  /** The cookies for a URL, as RFC 6265 5.4 orders them. */
  async cookiesFor(url: URL): Promise<Cookie[]> {
    const { cookies } = this;
    if (cookies.length === 0) return [];
    const { domainMatch, pathMatch } = await loadRules();
    const host = hostOf(url);
    return cookies
      .filter(({ domain, hostOnly, path, secure }) =>
        (hostOnly ? host === domain : domainMatch(host, domain, false)) &&
        pathMatch(url.pathname, path) && (!secure || url.protocol === "https:")
      )
      .sort((one, other) => other.path.length - one.path.length);
  }

  #isExpired({ expiresMs }: Cookie): boolean {
    return expiresMs !== undefined && expiresMs <= this.#now();
  }

  #read(url: URL, text: string, rules: Rules): Cookie | undefined {
    // deno-lint-ignore no-control-regex
    if (text.length > 2 * MAX_COOKIE_LENGTH || /[\0-\x08\x0a-\x1f\x7f]/.test(text)) {
      return undefined;
    }
    const written = rules.Cookie.parse(text);
    if (written === undefined) return undefined;
    const { key: name, value, secure } = written;
    if (name.length + value.length > MAX_COOKIE_LENGTH) return undefined;
    const path = written.path ?? rules.defaultPath(url.pathname);
    // No request has such a path, and no cookie file can hold it.
    if (path.includes("\t")) return undefined;
    const isSecure = url.protocol === "https:";
    if (secure && !isSecure) return undefined;
    const place = placeOf(hostOf(url), written.domain ?? "", rules);
    if (place === undefined) return undefined;
    // RFC 6265bis 5.7, 20 and 21
    if (/^__(?:secure|host)-/i.test(name) && !secure) return undefined;
    if (/^__host-/i.test(name) && !(place.hostOnly && written.path === "/")) return undefined;
    // Over http, where an attacker may be in between, a cookie set over https cannot be replaced.
    const { domainMatch, pathMatch } = rules;
    const isHidden = !isSecure &&
      this.#cookies.values().some((other) =>
        other.secure && other.name === name && pathMatch(path, other.path) &&
        !this.#isExpired(other) &&
        (domainMatch(other.domain, place.domain, false) ||
          domainMatch(place.domain, other.domain, false))
      );
    if (isHidden) return undefined;
    const expiresMs = this.#expiry(written);
    return { name, value, ...place, path, secure, httpOnly: written.httpOnly, expiresMs };
  }

  #expiry({ maxAge, expires }: WrittenCookie): number | undefined {
    const latestMs = this.#now() + LONGEST_AGE_MS;
    if (maxAge !== null) {
      const seconds = Number(maxAge);
      return seconds <= 0 ? 0 : Math.min(this.#now() + seconds * 1000, latestMs);
    }
    return expires instanceof Date ? Math.min(expires.getTime(), latestMs) : undefined;
  }
}

/** Loaded with the first cookie: most requests have none, and the list of suffixes is long. */
function loadRules(): Promise<Rules> {
  return import("tough-cookie");
}

/** The hosts of a cookie (RFC 6265 5.3, 4 to 6), if the server may set it for them. */
function placeOf(
  host: string,
  domain: string,
  { domainMatch, getPublicSuffix }: Rules,
): Pick<Cookie, "domain" | "hostOnly"> | undefined {
  const own = { domain: host, hostOnly: true };
  if (domain === "" || (domain === host && isAddress(host))) return own;
  if (!domainMatch(host, domain, false)) return undefined;
  // In spite of its name it tells the name that was registered, and of a public suffix nothing.
  const options = { allowSpecialUseDomain: true, ignoreError: true };
  const isSuffix = !domain.includes(".") || getPublicSuffix(domain, options) === undefined;
  if (!isSuffix) return { domain, hostOnly: false };
  return domain === host ? own : undefined;
}

function hostOf(url: URL): string {
  return url.hostname.replace(/\.$/, "");
}

function isAddress(host: string): boolean {
  return host.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}
