// A parser of the challenges in WWW-Authenticate (RFC 9110 11.6.1).

/** One challenge: an authentication scheme with its parameters. */
export interface Challenge {
  /** Scheme in lower case: `basic`, `digest`. */
  readonly scheme: string;
  /** Names are in lower case. Bytes beyond ASCII are one character each, as in any header. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Limit of challenges in one response. */
const MAX_CHALLENGES = 32;
const MAX_TEXT_LENGTH = 16 * 1024;

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const SEPARATORS = /[ \t,]*/y;
const TOKEN_68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const PARAMETER = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/y;

/** Parses the values of all WWW-Authenticate fields, each with one challenge or several. A
 * challenge that is malformed, or repeats a parameter, is ignored with the rest of its field. */
export function parseChallenges(values: readonly string[]): Challenge[] {
  const challenges: Challenge[] = [];
  for (const value of values) {
    for (const challenge of parseField(value.slice(0, MAX_TEXT_LENGTH))) {
      if (challenges.length < MAX_CHALLENGES) challenges.push(challenge);
    }
  }
  return challenges;
}

function parseField(text: string): Challenge[] {
  const found: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  for (take(SEPARATORS); at < text.length; take(SEPARATORS)) {
    const current = found.at(-1);
    const parameter = take(PARAMETER);
    if (parameter !== null) {
      const name = (parameter[1] ?? "").toLowerCase();
      if (current === undefined) return [];
      if (current.parameters.has(name)) return found.slice(0, -1);
      current.parameters.set(name, parameter[2]?.replace(/\\(.)/g, "$1") ?? parameter[3] ?? "");
      continue;
    }
    const scheme = take(TOKEN);
    // A name before an equals sign is a parameter without a proper value.
    if (scheme === null || /^[ \t]*=/.test(text.slice(at))) return found.slice(0, -1);
    found.push({ scheme: scheme[0].toLowerCase(), parameters: new Map() });
    if (text[at] !== " ") continue;
    take(SEPARATORS);
    // A scheme of one token, such as Negotiate's, unless a parameter begins here.
    PARAMETER.lastIndex = at;
    if (!PARAMETER.test(text)) takeToken68();
  }
  return found;

  function takeToken68(): void {
    const before = at;
    const token = take(TOKEN_68);
    // A lone word may be the next scheme; only a word that cannot be a scheme is dropped.
    if (token !== null && !/[/=]/.test(token[0])) at = before;
  }
}
