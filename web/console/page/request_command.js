// A request as a command, for curl and for `sockdock fetch`. What a client sent stands in it, so it is
// quoted for a shell such that nothing of it runs, and nothing of it works on the terminal either.

import { base64Of } from "./message.js";

/** Fields that say how the request was carried, which the programs decide anew. */
const CARRIAGE = ["connection", "content-length", "expect", "host", "transfer-encoding"];
/** Fields that both programs add, unless they are told not to. */
const ADDED = ["accept", "user-agent"];

/** Options that are short in curl. */
const LONG = { "-H": "--header", "-X": "--method" };

/** The file that stands for a body of which only the beginning is known. */
export const BODY_FILE = "body.bin";

const encoder = new TextEncoder();

/** @param asked `{ method, path, headers, body, cut }`, the body as bytes
 * @param server as the API has it */
export function curlCommand(asked, server) {
  const { place, url } = placeOf(asked, server);
  const trust = server.transport === "https" ? ["-k"] : [];
  const words = ["curl", "-i", ...trust, ...place, "--path-as-is", "-g"];
  return command(words, asked, url, (name, value) => `${name} ${quoted(value)}`);
}

export function fetchCommand(asked, server) {
  const { place, url } = placeOf(asked, server);
  const { certificate, commands } = server;
  // Called as it is called in the server's own commands.
  const { command: own } = commands.find(({ program }) => program === "sockdock");
  const [program] = /^.*?(?= (?:fetch|send|chat) )/.exec(own) ?? ["sockdock"];
  const trust = certificate ? ["--tls-fingerprint", certificate.fingerprint] : [];
  const words = [program, "fetch", "-i", ...trust, ...place];
  // A value that begins with a dash would be taken for an option.
  return command(
    words,
    asked,
    url,
    (name, value) =>
      value.startsWith("-") ? `${LONG[name] ?? name}=${quoted(value)}` : `${name} ${quoted(value)}`,
  );
}

/** A text as one word of bash, zsh or ksh. */
export function quoted(text) {
  // In zsh a word that begins with = is the path of a program.
  if (/^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text)) return text;
  if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text.replaceAll("\n", ""))) {
    return `'${text.replaceAll("'", "'\\''")}'`;
  }
  // What ends a paste, or turns the direction of a text, is spelt out.
  const escaped = text.replace(/[\\'!\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (one) => {
    if (one === "\\" || one === "'") return `\\${one}`;
    return [...encoder.encode(one)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
      .join("");
  });
  // A digit behind an escape would belong to it in some shells.
  return `$'${escaped.replace(/(\\x[0-9a-f]{2})(?=[0-9A-Fa-f])/g, (one) => `${one}'$'`)}'`;
}

function placeOf({ path }, { url, transport }) {
  if (transport === "unix") {
    const socket = decodeURIComponent(url.slice(url.indexOf("://") + 3));
    return { place: ["--unix-socket", quoted(socket)], url: `http://localhost${path}` };
  }
  const { protocol, host } = new URL(url);
  const near = host.replace(/^0\.0\.0\.0/, "127.0.0.1").replace(/^\[::\]/, "[::1]");
  return { place: [], url: `${protocol}//${near}${path}` };
}

/** @param option writes an option with a value */
function command(words, { method, headers, body, cut }, url, option) {
  const has = (name) => headers.some(([one]) => one.toLowerCase() === name);
  const hasBody = body.length > 0 || cut;
  const usual = hasBody ? "POST" : "GET";
  const fields = headers.filter(([name]) => !CARRIAGE.includes(name.toLowerCase()))
    .map(([name, value]) => value === "" ? `${name};` : `${name}: ${value}`);
  const without = [...ADDED, ...hasBody ? ["content-type"] : []].filter((name) => !has(name))
    .map((name) => `${name}:`);
  const all = [
    ...words,
    ...has("accept-encoding") ? ["--compressed"] : [],
    ...method === "HEAD" && !hasBody ? ["--head"] : method === usual ? [] : [option("-X", method)],
    ...[...fields, ...without].map((field) => option("-H", field)),
  ];
  if (cut) return [...all, option("--data-binary", `@${BODY_FILE}`), quoted(url)].join(" ");
  if (!hasBody) return [...all, quoted(url)].join(" ");
  const text = textOf(body);
  if (text !== undefined && !text.includes("\0")) {
    return [...all, option("--data-raw", text), quoted(url)].join(" ");
  }
  const piped = [...all, option("--data-binary", "@-"), quoted(url)].join(" ");
  return `echo ${base64Of(body)} | base64 -d | ${piped}`;
}

function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
