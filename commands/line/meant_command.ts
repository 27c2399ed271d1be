// Which command was meant, where the words of a line fit another one: a URL of HTTP after `send`, a
// protocol without `serve`, or a word of another program's.

import { nearest } from "../../core/options/nearest.ts";
import { shellWord } from "../../core/shell_word.ts";
import type { Command, CommandEntry } from "../command.ts";
import { PROGRAM } from "../command.ts";
import { resolveWords } from "./words.ts";

/** Words that people try, with the command here. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ...["curl", "wget", "get", "post", "http", "download"].map((word) => [word, "fetch"] as const),
  ...["nc", "ncat", "netcat", "socat", "telnet", "client", "dial", "websocat"]
    .map((word) => [word, "connect"] as const),
  ...["listen", "server", "host", "httpserver"].map((word) => [word, "serve"] as const),
  ...["proxy", "forward", "tunnel", "toxiproxy"].map((word) => [word, "relay"] as const),
  ...["scp", "put", "upload", "sendfile"].map((word) => [word, "copy"] as const),
  ...["ping", "probe"].map((word) => [word, "wait"] as const),
  ...["mkcert", "certs", "ca"].map((word) => [word, "cert"] as const),
  ...["keygen", "passwd", "htpasswd"].map((word) => [word, "key"] as const),
  ...["ls", "protocols"].map((word) => [word, "list"] as const),
  ...["version", "man", "usage"].map((word) => [word, "help"] as const),
]);

const URL_LIKE = /^([a-z][a-z0-9]*)(?:\+[a-z0-9-]+)*:\/\/|^(unix(?:gram)?):/i;

/** What to say of a command that there is not: `; did you mean sockdock serve echo tcp://:9999?`
 * @param argv the words after it */
export async function meantByName(
  name: string,
  argv: readonly string[],
  entries: readonly CommandEntry[],
): Promise<string> {
  const names = entries.map((entry) => entry.name);
  const scheme = schemeOf(name);
  const { servable } = await import("./serve_options.ts");
  const meant = scheme !== undefined
    ? [isHttp(scheme) ? "fetch" : "connect", name, ...argv]
    : servable.some((one) => one.name === name)
    ? ["serve", name, ...argv]
    : ELSEWHERE.has(name)
    ? [ELSEWHERE.get(name)!]
    : nearest(name, names) !== undefined
    ? [nearest(name, names)!, ...argv]
    : undefined;
  return meant === undefined ? "" : `; did you mean ${line(meant)}?`;
}

/** What to say of words that fit another command; undefined when they may fit this one. */
export async function meantByWords(
  command: Pick<Command, "name" | "options">,
  argv: readonly string[],
): Promise<string | undefined> {
  const resolved = resolveWords(command.options, argv);
  // An option that is wrong is what is to be told: the word after it may be its value.
  if (resolved.some((word) => word.kind === "wrong")) return undefined;
  const words = resolved.flatMap((word) => word.kind === "argument" ? [word.text] : []);
  const [first = ""] = words;
  const web = words.find((word) => isHttp(schemeOf(word)));
  switch (command.name) {
    case "send":
    case "connect": {
      if (schemeOf(first) === undefined) return tcpMeant(command.name, words);
      if (!isHttp(schemeOf(first))) return undefined;
      const body = words.slice(1).join(" ");
      return said(web!, "is fetched", ["fetch", web!, ...(body === "" ? [] : ["-d", body])]);
    }
    case "chat":
      if (schemeOf(first) === undefined) return tcpMeant(command.name, words);
      return web && said(web, "is fetched; a chat is at ws, tcp or the like", [
        "chat",
        web.replace(/^http/i, "ws"),
      ]);
    case "copy":
      return web && said(web, "is no inbox; a file is put there", [
        "fetch",
        "-T",
        first === web ? "FILE" : first,
        web,
      ]);
    case "relay":
      return web && said(web, "passes through as bytes", ["relay", ...words.map(asTcp)]);
    case "fetch": {
      const scheme = schemeOf(first);
      if (scheme === undefined && /^[\w-]+(?:\.[\w-]+)*(?::\d{1,5})?(?:[/?]|$)/.test(first)) {
        return `${JSON.stringify(first)} has no scheme; did you mean ${
          line(["fetch", `http://${first}`])
        }?`;
      }
      return scheme !== undefined && SESSIONS.test(scheme)
        ? said(first, "is no HTTP", ["connect", first])
        : undefined;
    }
    case "serve":
      return await servingMeant(words);
    case "up":
      return schemeOf(first) === undefined
        ? undefined
        : said(first, "is served by a protocol", ["serve", protocolFor(first), first]);
    default:
      return undefined;
  }
}

const SESSIONS = /^(?:tcp|tls|unix|udp|dtls|unixgram|wss?)$/;

/** A host and a port without a scheme, in one word or, as netcat takes them, in two. */
function tcpMeant(name: string, [first = "", ...others]: readonly string[]): string | undefined {
  const [, host, port] = /^([\w.-]+)(?::(\d{1,5}))?$/.exec(first) ?? [];
  const [next = ""] = others;
  const meant = host === undefined
    ? undefined
    : port !== undefined
    ? [name, `tcp://${first}`, ...others]
    : /^\d{1,5}$/.test(next)
    ? [name, `tcp://${host}:${next}`, ...others.slice(1)]
    : undefined;
  return meant && `${JSON.stringify(first)} has no scheme; did you mean ${line(meant)}?`;
}

async function servingMeant(words: readonly string[]): Promise<string | undefined> {
  const [first = "", ...others] = words;
  const { servable } = await import("./serve_options.ts");
  const isProtocol = (word: string) => servable.some((one) => one.name === word);
  if (schemeOf(first) !== undefined) {
    const protocol = others.find(isProtocol);
    if (protocol !== undefined) {
      const rest = words.filter((word) => word !== protocol);
      return `the protocol comes before the URL; did you mean ${
        line(["serve", protocol, ...rest])
      }?`;
    }
    const meant = line(["serve", protocolFor(first), ...words]);
    return `serve needs a protocol before the URL, such as ${meant}; ${PROGRAM} list names them all`;
  }
  if (isProtocol(first) && !words.some((word) => schemeOf(word) !== undefined)) {
    const found = servable.find((one) => one.name === first)!;
    const url = "framing" in found ? "tcp://:9999" : "http://:8080";
    // A word that was meant as a URL is explained when it is parsed.
    if (others.some((word) => /:\d/.test(word))) return undefined;
    return `serve needs a URL to listen on, such as ${line(["serve", first, url, ...others])}`;
  }
  return undefined;
}

function protocolFor(url: string): string {
  return isHttp(schemeOf(url)) ? "files" : "echo";
}

/** A URL of HTTP as one of TCP, without what comes after its host. */
function asTcp(word: string): string {
  const scheme = schemeOf(word);
  if (!isHttp(scheme)) return word;
  const [host = ""] = word.slice(scheme!.length + 3).split(/[/?#]/);
  const usual = scheme === "https" ? 443 : 80;
  return `tcp://${/:\d+$/.test(host) ? host : `${host}:${usual}`}`;
}

function said(url: string, why: string, meant: readonly string[]): string {
  return `${JSON.stringify(withoutUser(url))} ${why}: ${line(meant)}`;
}

function schemeOf(word: string): string | undefined {
  const match = URL_LIKE.exec(word);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

function isHttp(scheme: string | undefined): boolean {
  return scheme === "http" || scheme === "https";
}

/** Longest line that is proposed whole. */
const MAX_LINE_LENGTH = 200;

/** A line as a shell would take it, without passwords in URLs. */
function line(words: readonly string[]): string {
  const text = [PROGRAM, ...words].map((word) => shellWord(withoutUser(word))).join(" ");
  return text.length <= MAX_LINE_LENGTH ? text : `${text.slice(0, MAX_LINE_LENGTH)}...`;
}

function withoutUser(word: string): string {
  return schemeOf(word) === undefined ? word : word.replace(/\/\/[^/?#]*@/, "//");
}
