// The cookie store of a client (RFC 6265): it accepts cookies only from hosts that may set them,
// sends them only where they belong, and limits their number.

/** A cookie with its scope and expiry. */
export interface Cookie {
  readonly name: string;
  readonly value: string;
  /** Domain in lower case and ASCII, without a leading dot. */
  readonly domain: string;
  /** Whether the cookie is for that host alone, and not for its subdomains. */
  readonly hostOnly: boolean;
  readonly path: string;
  /** Sent only over https. */
  readonly secure: boolean;
  /** Hidden from the scripts of a page. */
  readonly httpOnly: boolean;
  /** Milliseconds since 1970; undefined for a session cookie. */
  readonly expiresMs: number | undefined;
}

/** Whether a domain is a public suffix, such as `com` or `co.uk`. */
type IsPublicSuffix = (domain: string) => boolean | Promise<boolean>;

interface CookieJarOptions {
  /** @default Date.now */
  readonly now?: () => number;
  /** @default the list of public suffixes */
  readonly isPublicSuffix?: IsPublicSuffix;
}

/** RFC 6265 6.1 asks for at least 4096 bytes, 50 a domain and 3000 in all. */
const MAX_COOKIE_LENGTH = 4096;
const MAX_PER_DOMAIN = 180;
const MAX_COOKIES = 3000;
const MAX_PER_RESPONSE = 200;
const LONGEST_AGE_MS = 400 * 86_400_000;

export class CookieJar {
  readonly #now: () => number;
  readonly #isPublicSuffix: IsPublicSuffix;
  /** By name, domain and path; the oldest first. */
  readonly #cookies = new Map<string, Cookie>();
  readonly #countByDomain = new Map<string, number>();

  constructor({ now = Date.now, isPublicSuffix = isListedSuffix }: CookieJarOptions = {}) {
    this.#now = now;
    this.#isPublicSuffix = isPublicSuffix;
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
    for (const text of setCookies.slice(0, MAX_PER_RESPONSE)) {
      const cookie = await this.#read(url, text);
      if (cookie !== undefined) this.add(cookie);
    }
  }

  /** The cookies for a URL, as RFC 6265 5.4 orders them. */
  cookiesFor(url: URL): Cookie[] {
    const host = hostOf(url);
    return this.cookies
      .filter(({ domain, hostOnly, path, secure }) =>
        (hostOnly ? host === domain : isWithin(host, domain)) &&
        pathMatches(url.pathname, path) && (!secure || url.protocol === "https:")
      )
      .sort((one, other) => other.path.length - one.path.length);
  }

  #isExpired({ expiresMs }: Cookie): boolean {
    return expiresMs !== undefined && expiresMs <= this.#now();
  }

  async #read(url: URL, text: string): Promise<Cookie | undefined> {
    // deno-lint-ignore no-control-regex
    if (text.length > 2 * MAX_COOKIE_LENGTH || /[\0-\x08\x0a-\x1f\x7f]/.test(text)) {
      return undefined;
    }
    const [pair = "", ...attributes] = text.split(";");
    const [name, value] = splitAt(pair, "=");
    if (value === undefined || name === "" || name.length + value.length > MAX_COOKIE_LENGTH) {
      return undefined;
    }
    if (/\t/.test(name + value)) return undefined;
    const said = new Map(attributes.map((one) => {
      const [attribute, value = ""] = splitAt(one, "=");
      return [attribute.toLowerCase(), value];
    }));
    const isSecure = url.protocol === "https:";
    const secure = said.has("secure");
    if (secure && !isSecure) return undefined;
    const place = await this.#placeOf(hostOf(url), said.get("domain") ?? "");
    if (place === undefined) return undefined;
    const given = said.get("path") ?? "";
    const path = given.startsWith("/") ? given : defaultPath(url.pathname);
    if (/^__(?:secure|host)-/i.test(name) && !secure) return undefined;
    if (/^__host-/i.test(name) && !(place.hostOnly && given === "/")) return undefined;
    const cookie: Cookie = {
      name,
      value,
      ...place,
      path,
      secure,
      httpOnly: said.has("httponly"),
      expiresMs: this.#expiry(said),
    };
    // Over http, where an attacker may be in between, a cookie set over https cannot be replaced.
    const hidden = !isSecure &&
      this.cookies.some((other) =>
        other.secure && other.name === name && isWithin(other.domain, cookie.domain) &&
        pathMatches(path, other.path)
      );
    return hidden ? undefined : cookie;
  }

  /** The hosts of a cookie (RFC 6265 5.3, 4 to 6), if the server may set it for them. */
  async #placeOf(
    host: string,
    attribute: string,
  ): Promise<Pick<Cookie, "domain" | "hostOnly"> | undefined> {
    const own = { domain: host, hostOnly: true };
    const written = attribute.toLowerCase().replace(/^\./, "");
    if (written === "") return own;
    const domain = URL.parse(`http://${written}/`)?.hostname;
    if (domain === undefined || !isWithin(host, domain)) return undefined;
    if (isAddress(host)) return own;
    if (!await this.#isPublicSuffix(domain)) return { domain, hostOnly: false };
    return domain === host ? own : undefined;
  }

  #expiry(said: ReadonlyMap<string, string>): number | undefined {
    const latestMs = this.#now() + LONGEST_AGE_MS;
    const maxAge = said.get("max-age");
    if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) {
      const seconds = Number(maxAge);
      return seconds <= 0 ? 0 : Math.min(this.#now() + seconds * 1000, latestMs);
    }
    const date = parseCookieDate(said.get("expires") ?? "");
    return date === undefined ? undefined : Math.min(date, latestMs);
  }
}

/** Looks a domain up in the Public Suffix List. A name of one label is always a suffix. */
async function isListedSuffix(domain: string): Promise<boolean> {
  if (!domain.includes(".")) return true;
  const { getPublicSuffix } = await import("tldts");
  return getPublicSuffix(domain, { allowPrivateDomains: true }) === domain;
}

function hostOf(url: URL): string {
  return url.hostname.replace(/\.$/, "");
}

function isAddress(host: string): boolean {
  return host.startsWith("[") || /^\d+\.\d+\.\d+\.\d+$/.test(host);
}

/** RFC 6265 5.1.3. */
function isWithin(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !isAddress(host));
}

/** RFC 6265 5.1.4. */
function pathMatches(path: string, of: string): boolean {
  return path === of || path.startsWith(of.endsWith("/") ? of : `${of}/`);
}

function defaultPath(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function splitAt(text: string, mark: string): [before: string, after: string | undefined] {
  const at = text.indexOf(mark);
  if (at < 0) return [text.trim(), undefined];
  return [text.slice(0, at).trim(), text.slice(at + mark.length).trim()];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** Parses a date in any form that servers write (RFC 6265 5.1.1), in milliseconds since 1970. */
export function parseCookieDate(text: string): number | undefined {
  let time: readonly number[] | undefined;
  let [day, month, year] = [-1, -1, -1];
  for (const token of text.split(/[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/)) {
    const clock = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\D.*)?$/.exec(token);
    if (time === undefined && clock !== null) time = clock.slice(1, 4).map(Number);
    else if (day < 0 && /^\d{1,2}(?:\D.*)?$/.test(token)) day = parseInt(token, 10);
    else if (month < 0 && MONTHS.includes(token.slice(0, 3).toLowerCase())) {
      month = MONTHS.indexOf(token.slice(0, 3).toLowerCase());
    } else if (year < 0 && /^\d{2,4}(?:\D.*)?$/.test(token)) year = parseInt(token, 10);
  }
  if (year >= 70 && year <= 99) year += 1900;
  else if (year >= 0 && year <= 69) year += 2000;
  const [hour = 99, minute = 99, second = 99] = time ?? [];
  const isDate = month >= 0 && year >= 1601 && day >= 1 && hour < 24 && minute < 60 && second < 60;
  if (!isDate) return undefined;
  const date = new Date(Date.UTC(year, month, day, hour, minute, second));
  return date.getUTCDate() === day ? date.getTime() : undefined;
}
