// Digest authentication (RFC 7616). The state between requests (how many more a nonce is good for,
// which nonce failed last) is in cookies, as in httpbin: the server keeps none.

import { createHash } from "node:crypto";
import type { Context } from "../../../core/protocol.ts";
import type { ParsedRequest } from "../parsed_request.ts";
import { parseCookies, setCookie } from "./cookies.ts";
import { jsonAnswer } from "../json_answer.ts";
import { requestPath } from "../../request/path.ts";

const REALM = "sockdock";

/** The algorithms' names in the header, and in node:crypto. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  "MD5": "md5",
  "SHA-256": "sha256",
  "SHA-512": "sha512",
};

type Credentials = ReadonlyMap<string, string>;

/** Answers with a challenge, or confirms the credentials. */
export async function digestAnswer(request: ParsedRequest, context: Context): Promise<Response> {
  const named = request.param("algorithm");
  const algorithm = Object.hasOwn(ALGORITHMS, named) ? named : "MD5";
  const staleAfter = request.param("stale_after") || "never";
  const insistsOnCookie = ["1", "t", "true"].includes(
    (request.query.get("require-cookie") ?? "").toLowerCase(),
  );
  const cookies = parseCookies(request.header("cookie"));
  const given = parseDigest(request.header("authorization"));

  if (given === null || (insistsOnCookie && request.header("cookie") === null)) {
    return challenge(request, context, algorithm, { stale_after: staleAfter, fake: "fake_value" });
  }
  if (insistsOnCookie && cookies.get("fake") !== "fake_value") {
    const response = jsonAnswer(
      { errors: ["missing cookie set on challenge"] },
      { status: 403 },
    );
    response.headers.append("set-cookie", setCookie("fake", "fake_value"));
    return response;
  }

  const nonce = given.get("nonce") ?? "";
  const left = cookies.get("stale_after");
  const stale = (cookies.has("last_nonce") && cookies.get("last_nonce") === nonce) || left === "0";
  if (stale || !(await isRight(request, given, algorithm))) {
    const kept = { stale_after: staleAfter, last_nonce: nonce, fake: "fake_value" };
    return challenge(request, context, algorithm, kept, stale);
  }
  const response = jsonAnswer({ authenticated: true, user: request.param("user") });
  response.headers.append("set-cookie", setCookie("fake", "fake_value"));
  if (left !== undefined && left !== "") {
    const fewer = /^-?\d{1,15}$/.test(left) ? String(Number(left) - 1) : "never";
    response.headers.append("set-cookie", setCookie("stale_after", fewer));
  }
  return response;
}

/** The parameters of `Authorization: Digest`, or null when it is something else or not whole. */
function parseDigest(header: string | null): Credentials | null {
  const list = /^digest +(.*)$/is.exec(header ?? "")?.[1];
  if (list === undefined) return null;
  const parameters = new Map<string, string>();
  for (const [, name = "", quoted, bare] of list.matchAll(PARAMETER)) {
    parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/gs, "$1") ?? bare ?? "");
  }
  return REQUIRED.every((name) => parameters.has(name)) ? parameters : null;
}

const REQUIRED = ["username", "realm", "nonce", "uri", "response"];

/** Matches only after a comma or space, so that a long word is scanned once. */
const PARAMETER = /(?:^|[,\s])([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))/gs;

async function isRight(
  request: ParsedRequest,
  given: Credentials,
  algorithm: string,
): Promise<boolean> {
  const hash = (text: string | Uint8Array) =>
    createHash(ALGORITHMS[algorithm]!).update(text).digest("hex");
  if ((given.get("algorithm") ?? algorithm).toUpperCase() !== algorithm) return false;
  const { url } = request.source;
  const path = requestPath(url);
  const uri = url.includes("?") ? path + url.slice(url.indexOf("?")) : path;

  const realm = given.get("realm") ?? "";
  const secret = hash(`${given.get("username") ?? ""}:${realm}:${request.param("password")}`);
  const nonce = given.get("nonce") ?? "";
  const qop = given.get("qop");
  if (given.get("username") !== request.param("user")) return false;
  if (qop !== undefined && qop !== "auth" && qop !== "auth-int") return false;
  const body = qop === "auth-int" ? `:${hash(await request.body())}` : "";
  const what = hash(`${request.method}:${uri}${body}`);
  // Without qop the response is computed as in RFC 2069.
  const middle = qop === undefined
    ? nonce
    : `${nonce}:${given.get("nc") ?? ""}:${given.get("cnonce") ?? ""}:${qop}`;
  return given.get("response")?.toLowerCase() === hash(`${secret}:${middle}:${what}`);
}

function challenge(
  request: ParsedRequest,
  { random }: Context,
  algorithm: string,
  cookies: Readonly<Record<string, string>>,
  stale = false,
): Response {
  const fresh = () =>
    createHash(ALGORITHMS[algorithm]!).update(`${random()}:${random()}:${random()}`).digest("hex");
  const wanted = request.param("qop");
  const qop = wanted === "auth" || wanted === "auth-int" ? wanted : "auth, auth-int";
  const response = new Response("", {
    status: 401,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "www-authenticate": `Digest realm="${REALM}", nonce="${fresh()}", qop="${qop}", ` +
        `opaque="${fresh()}", algorithm=${algorithm}, stale=${stale ? "TRUE" : "FALSE"}`,
    },
  });
  for (const [name, value] of Object.entries(cookies)) {
    response.headers.append("set-cookie", setCookie(name, value));
  }
  return response;
}
