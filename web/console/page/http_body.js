// The body of a request or of an answer, as people read it.

import { base64Of, bytesOf } from "./message.js";

/** Images that a page can show as data, in which nothing runs. */
const IMAGE = /^image\/(?:png|jpeg|gif|webp|avif|bmp|x-icon|vnd\.microsoft\.icon|svg\+xml)$/;
/** The most that a compressed body may come to. */
const MOST_INFLATED = 1024 * 1024;

/** What is to be shown of one side: `{ bytes, text, json, image }`, where it has that.
 * @param part `{ headers, cut }` with `text` or `base64` */
export async function readBody(part) {
  const kept = bytesOf(part) ?? new Uint8Array(0);
  const field = (name) =>
    part.headers.find(([one]) => one.toLowerCase() === name)?.[1].toLowerCase() ?? "";
  const inflated = part.cut ? undefined : await inflate(kept, field("content-encoding"));
  const bytes = inflated ?? kept;
  const text = textOf(bytes, part.cut);
  const type = field("content-type").split(";", 1)[0].trim();
  return {
    bytes,
    text,
    inflated: inflated !== undefined,
    json: part.cut || text === undefined ? undefined : indented(text),
    image: !part.cut && bytes.length > 0 && IMAGE.test(type)
      ? `data:${type};base64,${base64Of(bytes)}`
      : undefined,
  };
}

/** JSON with a line for each value, its numbers and names as they were written; undefined of a text that
 * is none, or no object and no list. */
export function indented(text) {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  let depth = 0;
  let result = "";
  const line = () => `\n${"  ".repeat(depth)}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g);
  tokens.forEach((token, at) => {
    if (token === "{" || token === "[") {
      depth++;
      result += token + (/[\]}]/.test(tokens[at + 1][0]) ? "" : line());
    } else if (token === "}" || token === "]") {
      depth--;
      result += (/^[[{]$/.test(tokens[at - 1]) ? "" : line()) + token;
    } else result += token === "," ? `,${line()}` : token === ":" ? ": " : token;
  });
  return result;
}

function textOf(bytes, cut) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: cut === true });
    // Nobody writes these.
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

/** The body without its compression; undefined where there is none that a browser undoes, or it comes
 * to too much. */
async function inflate(bytes, coding) {
  const format = { gzip: "gzip", "x-gzip": "gzip", deflate: "deflate" }[coding];
  if (format === undefined || bytes.length === 0) return undefined;
  const parts = [];
  let length = 0;
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format));
    for (const reader = stream.getReader();;) {
      const { done, value } = await reader.read();
      if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
      parts.push(value);
      length += value.length;
      if (length > MOST_INFLATED) {
        await reader.cancel();
        return undefined;
      }
    }
  } catch {
    return undefined;
  }
}
