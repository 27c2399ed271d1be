// Which header fields have a secret, and what stands in its place wherever heads are shown: in events,
// by the control and by `fetch --verbose`.

/** What stands in place of a secret. */
export const MASK = "***";

/** Fields whose values are secrets, or are likely to be. */
const SECRET =
  /auth(?!or\b)|cookie|token|secret|\bpass|password|key$|credential|session|signature|jwt|[cx]srf/i;
/** Fields that have such a name and say only what is asked for or allowed. */
const NO_SECRET = /-authenticate$|^access-control-|^sec-websocket-/i;

/** The user and password in a URL. */
const USER_IN_URL = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^/?#\s]*@/gi;

/** Schemes of credentials (RFC 9110 11.4): another first word may be part of the secret. */
const SCHEME = /^(?:basic|bearer|digest|negotiate|ntlm|hoba|mutual|scram-sha-\d+|token|apikey) +/i;

/** Parts of a secret that are shorter stand in texts by chance. */
const SHORTEST_SECRET = 6;

type Field = readonly [name: string, value: string];

function isSecretField(name: string): boolean {
  return SECRET.test(name) && !NO_SECRET.test(name);
}

/** A text without the users and passwords of the URLs in it. */
export function maskedUrl(text: string): string {
  return text.replace(USER_IN_URL, `$1${MASK}@`);
}

/** The value of a field without its secret; the scheme of credentials and the names of cookies stay. */
export function maskedValue(name: string, value: string): string {
  if (!isSecretField(name)) return maskedUrl(value);
  if (value === "") return value;
  if (/^(?:proxy-)?authorization$/i.test(name)) {
    const [scheme = ""] = SCHEME.exec(value) ?? [];
    return scheme + MASK;
  }
  if (/^cookie$/i.test(name)) return value.split(/; */).map(maskedCookie).join("; ");
  if (/^set-cookie$/i.test(name)) {
    const [cookie = "", ...attributes] = value.split(";");
    return [maskedCookie(cookie), ...attributes].join(";");
  }
  return MASK;
}

function maskedCookie(cookie: string): string {
  const at = cookie.indexOf("=");
  return cookie.slice(0, at + 1) + MASK;
}

/** The fields without their secrets. */
export function maskedFields(fields: Iterable<Field>): Field[] {
  return Array.from(fields, ([name, value]) => [name, maskedValue(name, value)] as const);
}

/** The secrets that masked fields have, to be masked in bodies that repeat them; the longest first. */
export function secretsOf(fields: Iterable<Field>): string[] {
  const found = new Set<string>();
  for (const [name, value] of fields) {
    if (maskedValue(name, value) === value) continue;
    const parts = /^set-cookie$/i.test(name)
      ? [value.split(";", 1)[0]!.replace(/^[^=]*=/, "")]
      : /^cookie$/i.test(name)
      ? [value, ...value.split(";").map((pair) => pair.replace(/^[^=]*=/, "").trim())]
      : [value, value.replace(/^\S+\s+/, "")];
    for (const part of parts) {
      if (part.length < SHORTEST_SECRET) continue;
      found.add(part);
      // As JSON has it.
      found.add(JSON.stringify(part).slice(1, -1));
    }
  }
  return [...found].sort((one, other) => other.length - one.length);
}

/** A text in which secrets are masked.
 * @param isCut whether it goes on, so that it may end within a secret */
export function withoutSecrets(text: string, secrets: readonly string[], isCut: boolean): string {
  let masked = text;
  for (const secret of secrets) masked = masked.replaceAll(secret, MASK);
  if (!isCut) return masked;
  for (const secret of secrets) {
    for (let length = secret.length - 1; length >= SHORTEST_SECRET; length--) {
      if (!masked.endsWith(secret.slice(0, length))) continue;
      return masked.slice(0, -length) + MASK;
    }
  }
  return masked;
}
