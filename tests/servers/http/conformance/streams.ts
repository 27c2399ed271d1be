/** Connections full of requests as an attacker would write them, by chance. Every body hides a request
 * for `SECRET`, which nobody may ever answer. */

/** What would be asked for if a byte of a body were read as a request. */
export const SECRET = "/secret";

/** The bytes of one connection. */
export interface Stream {
  /** A character for each byte. */
  readonly bytes: string;
  /** What was made wrong, for a message. */
  readonly wrong: readonly string[];
}

type Random = () => number;

const METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] as const;

/** Makes a connection of up to three requests for paths below `/NUMBER/`. */
export function streamOf(number: number, random: Random): Stream {
  const wrong: string[] = [];
  let bytes = "";
  const count = 1 + Math.floor(random() * 3);
  for (let index = 0; index < count; index++) {
    const what = random() < 0.6 ? pick(random, WRONGS) : null;
    if (what !== null) wrong.push(what[0]);
    bytes += request(`/${number}/${index}`, what?.[1] ?? {}, random);
  }
  return { bytes, wrong };
}

/** A stream of which one byte was changed, added or left out: where its bodies end may be anywhere. */
export function noisyStreamOf(number: number, random: Random): Stream {
  const { bytes, wrong } = streamOf(number, random);
  // Not in the first line, which tells whose request it is.
  const first = bytes.indexOf("\n") + 1;
  const at = first + Math.floor(random() * Math.min(300, bytes.length - first));
  const byte = random() < 0.5
    ? pick(random, [...'\r\n\t\0 :;,0159aFx-+"'])
    : String.fromCharCode(Math.floor(random() * 256));
  const [skipped, added] = pick(random, [[1, byte], [0, byte], [1, ""]] as const);
  return {
    bytes: bytes.slice(0, at) + added + bytes.slice(at + skipped),
    wrong: [...wrong, `noise ${skipped} ${JSON.stringify(added)} at ${at}`],
  };
}

/** How a request differs from a proper one. */
interface Wrong {
  /** The end of every line of the head. */
  readonly lineEnd?: string;
  readonly requestLine?: (line: string) => string;
  /** Fields before those of the framing. */
  readonly fields?: readonly string[];
  /** Fields that tell where the body ends, instead of the proper ones. */
  readonly length?: (length: number) => readonly string[];
  readonly coding?: readonly string[];
  /** The beginning of a chunk instead of its size in hexadecimal and CRLF. */
  readonly size?: (size: string) => string;
  /** What ends a chunk instead of CRLF. */
  readonly chunkEnd?: string;
  /** What ends the body instead of an empty line. */
  readonly end?: string;
}

const length = (write: (length: number) => string): Wrong => ({
  length: (bytes) => [write(bytes)],
});
const coding = (...written: readonly string[]): Wrong => ({
  coding: written.map((value) => `Transfer-Encoding: ${value}`),
});
const size = (write: (size: string) => string): Wrong => ({ size: write });
const line = (change: (line: string) => string): Wrong => ({ requestLine: change });

const WRONGS: readonly (readonly [name: string, wrong: Wrong])[] = [
  ["LF ends lines", { lineEnd: "\n" }],
  ["CR ends lines", { lineEnd: "\r" }],
  ["CR CR LF ends lines", { lineEnd: "\r\r\n" }],
  ["two spaces", line((text) => text.replace(" ", "  "))],
  ["a tab", line((text) => text.replace(" ", "\t"))],
  ["a space after the version", line((text) => `${text} `)],
  ["a space before the method", line((text) => ` ${text}`)],
  ["empty lines before", line((text) => `\r\n${text}`)],
  ["HTTP/1.0", line((text) => text.replace("1.1", "1.0"))],
  ["HTTP/2.0", line((text) => text.replace("1.1", "2.0"))],
  ["a NUL in the target", line((text) => text.replace("/", "/\0"))],
  ["an absolute form", line((text) => text.replace(" /", " http://localhost/"))],
  ["a space before a colon", { fields: ["X : y"] }],
  ["a folded field", { fields: ["X: y\r\n z"] }],
  ["a fold first", { fields: [" X: y"] }],
  ["a NUL in a value", { fields: ["X: \0"] }],
  ["CR in a value", { fields: ["X: y\rz"] }],
  ["CR and a coding in a value", { fields: ["X: y\rTransfer-Encoding: chunked"] }],
  ["LF and a coding in a value", { fields: ["X: y\nTransfer-Encoding: chunked"] }],
  ["LF and a length in a value", { fields: ["X: y\nContent-Length: 0"] }],
  ["CR LF CR before a coding", { fields: ["X: y\r\n\rTransfer-Encoding: chunked"] }],
  ["a field without a colon", { fields: ["X"] }],
  ["a field without a name", { fields: [": y"] }],
  ["a name with an underscore", { fields: ["Transfer_Encoding: chunked"] }],
  ["a name above ASCII", { fields: ["Transfer-Encod\xefng: chunked"] }],
  ["Connection: close", { fields: ["Connection: close"] }],
  ["Connection names the length", { fields: ["Connection: content-length"] }],
  ["a length of zero before", { fields: ["Content-Length: 0"] }],
  ["a coding before a length", { fields: ["Transfer-Encoding: chunked"] }],
  ["an unknown coding before", { fields: ["Transfer-Encoding: cow"] }],
  ["identity before", { fields: ["Transfer-Encoding: identity"] }],
  ["a folded coding before", { fields: ["Transfer-Encoding:\r\n chunked"] }],
  ["a coding with a vertical tab before", { fields: ["Transfer-Encoding: \x0bchunked"] }],
  ["a coding with a space before its colon", { fields: ["Transfer-Encoding : chunked"] }],
  ["an Upgrade", { fields: ["Connection: Upgrade", "Upgrade: h2c"] }],
  ["+length", length((bytes) => `Content-Length: +${bytes}`)],
  ["-length", length((bytes) => `Content-Length: -${bytes}`)],
  ["0xlength", length((bytes) => `Content-Length: 0x${bytes.toString(16)}`)],
  ["length.0", length((bytes) => `Content-Length: ${bytes}.0`)],
  ["00length", length((bytes) => `Content-Length: 00${bytes}`)],
  ["a length with a space within", length((bytes) => `Content-Length: 0 ${bytes}`)],
  ["a length with 2^64 added", length((bytes) => `Content-Length: ${2n ** 64n + BigInt(bytes)}`)],
  ["a space before the colon", length((bytes) => `Content-Length : ${bytes}`)],
  ["a folded length", length((bytes) => `Content-Length:\r\n ${bytes}`)],
  ["a length and zero in a list", length((bytes) => `Content-Length: ${bytes}, 0`)],
  ["a length twice in a list", length((bytes) => `Content-Length: ${bytes}, ${bytes}`)],
  ["a length in capitals", length((bytes) => `CONTENT-LENGTH:${bytes} `)],
  ["two lengths", { length: (bytes) => [`Content-Length: ${bytes}`, "Content-Length: 0"] }],
  ["a length twice", {
    length: (bytes) => [`Content-Length: ${bytes}`, `Content-Length: ${bytes}`],
  }],
  ["chunked twice", coding("chunked", "chunked")],
  ["chunked, chunked", coding("chunked, chunked")],
  ["chunked, identity", coding("chunked, identity")],
  ["identity, chunked", coding("identity, chunked")],
  ["gzip, chunked", coding("gzip, chunked")],
  ["xchunked", coding("xchunked")],
  ["chunked;q=1", coding("chunked;q=1")],
  ["ChUnKeD", coding("ChUnKeD")],
  ["a coding with a length", { coding: ["Transfer-Encoding: chunked", "Content-Length: 3"] }],
  ["a coding with a length before", {
    coding: ["Content-Length: 3", "Transfer-Encoding: chunked"],
  }],
  ["a coding folded", { coding: ["Transfer-Encoding:\r\n\tchunked"] }],
  ["a size in capitals", size((text) => `${text.toUpperCase()}\r\n`)],
  ["a size with zeros", size((text) => `000${text}\r\n`)],
  ["a size with an extension", size((text) => `${text};a="b;c"\r\n`)],
  ["a size with a bad extension", size((text) => `${text};a\n\r\n`)],
  ["a size with a space", size((text) => `${text} \r\n`)],
  ["a space and a size", size((text) => ` ${text}\r\n`)],
  ["0xsize", size((text) => `0x${text}\r\n`)],
  ["+size", size((text) => `+${text}\r\n`)],
  ["-size", size((text) => `-${text}\r\n`)],
  ["a size with 2^64 added", size((text) => `1${text.padStart(16, "0")}\r\n`)],
  ["a size and LF", size((text) => `${text}\n`)],
  ["a size and CR", size((text) => `${text}\r`)],
  ["a size and CR CR LF", size((text) => `${text}\r\r\n`)],
  ["a size with a comma", size((text) => `${text},0\r\n`)],
  ["a size that is no number", size((text) => `${text}g\r\n`)],
  ["no size", size(() => "\r\n")],
  ["a size too small by one", size((text) => `${(parseInt(text, 16) - 1).toString(16)}\r\n`)],
  ["a size too large by one", size((text) => `${(parseInt(text, 16) + 1).toString(16)}\r\n`)],
  ["LF ends a chunk", { chunkEnd: "\n" }],
  ["nothing ends a chunk", { chunkEnd: "" }],
  ["any two bytes end a chunk", { chunkEnd: "xx" }],
  ["trailers", { end: "X: y\r\nZ: z\r\n\r\n" }],
  ["a trailer that is framing", { end: "Content-Length: 3\r\n\r\n" }],
  ["a bad trailer", { end: "X\r\n\r\n" }],
  ["a folded trailer", { end: "X: y\r\n z\r\n\r\n" }],
  ["LF ends the body", { end: "\n" }],
];

function request(path: string, wrong: Wrong, random: Random): string {
  const isChunked = wrong.coding !== undefined || wrong.size !== undefined ||
    wrong.chunkEnd !== undefined || wrong.end !== undefined ||
    (wrong.length === undefined && random() < 0.5);
  // GET with a coding has a body too, which a handler may answer without having read it.
  const framed = wrong.fields?.some((field) => /coding|length/i.test(field)) ?? false;
  const hasBody = isChunked || framed || wrong.length !== undefined || random() < 0.7;
  const method = hasBody ? pick(random, METHODS.filter((one) => one !== "GET")) : "GET";
  const body = hasBody ? bodyOf(random) : "";
  const framing = !hasBody
    ? []
    : isChunked
    ? wrong.coding ?? ["Transfer-Encoding: chunked"]
    : wrong.length?.(body.length) ?? [`Content-Length: ${body.length}`];
  const first = `${method} ${path} HTTP/1.1`;
  const head = [
    wrong.requestLine?.(first) ?? first,
    "Host: localhost",
    ...wrong.fields ?? [],
    ...framing,
    "",
    "",
  ].join(wrong.lineEnd ?? "\r\n");
  return head + (isChunked ? chunksOf(body, wrong, random) : body);
}

/** Not one byte of it may be a request of its own, wherever a server takes the body to begin. */
function bodyOf(random: Random): string {
  const hidden = `GET ${SECRET} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  return pick(random, ["", "\r\n", "0\r\n\r\n", "x\r\n", "\n", "\n\n"]) +
    hidden.repeat(1 + Math.floor(random() * 2)) + pick(random, ["", "x", "0\r\n\r\n"]);
}

function chunksOf(body: string, wrong: Wrong, random: Random): string {
  let chunks = "";
  const write = wrong.size ?? ((size) => `${size}\r\n`);
  const end = wrong.chunkEnd ?? "\r\n";
  const cuts = [0, ...(random() < 0.5 ? [Math.floor(1 + random() * (body.length - 2))] : [])];
  for (const [index, cut] of cuts.entries()) {
    const part = body.slice(cut, cuts[index + 1] ?? body.length);
    chunks += write(part.length.toString(16)) + part + end;
  }
  return `${chunks}0\r\n${wrong.end ?? "\r\n"}`;
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}
