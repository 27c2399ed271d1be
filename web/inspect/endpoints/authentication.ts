// The endpoints that ask for authentication: Basic (RFC 7617), bearer tokens (RFC 6750) and digest
// (digest.ts). The right name and password are those in the path.

import { Buffer } from "node:buffer";
import type { ParsedRequest } from "../parsed_request.ts";
import { digestAnswer } from "./digest.ts";
import { GET, type InspectEndpoint, type Parameter } from "../endpoint.ts";
import { jsonAnswer } from "../json_answer.ts";
import { statusAnswer } from "./status.ts";

/** The name and password of an Authorization header, or null. */
function basicCredentials(header: string | null): { user: string; password: string } | null {
  const base64 = /^basic +([A-Za-z0-9+/_-]+=*) *$/i.exec(header ?? "")?.[1];
  if (base64 === undefined) return null;
  const text = Buffer.from(base64, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

function basic(request: ParsedRequest, otherwise: 401 | 404): Response {
  const given = basicCredentials(request.header("authorization"));
  const [user, password] = [request.param("user"), request.param("password")];
  // A comparison in constant time would protect nothing: the client sent both sides.
  if (given?.user !== user || given.password !== password) return statusAnswer(otherwise);
  return jsonAnswer({ authenticated: true, user });
}

function bearer(request: ParsedRequest): Response {
  const token = /^bearer +(\S+) *$/i.exec(request.header("authorization") ?? "")?.[1];
  if (token !== undefined) return jsonAnswer({ authenticated: true, token });
  return new Response("", {
    status: 401,
    headers: { "content-type": "text/html; charset=utf-8", "www-authenticate": "Bearer" },
  });
}

const CREDENTIALS: readonly Parameter[] = [
  { name: "user", in: "path", example: "klem", help: "the name to ask for" },
  { name: "password", in: "path", example: "rope", help: "the password to ask for" },
];
const QOP: Parameter = {
  name: "qop",
  in: "path",
  example: "auth",
  help: "auth, auth-int (covers the body too), or anything else for both",
};
const ALGORITHM: Parameter = {
  name: "algorithm",
  in: "path",
  example: "SHA-256",
  help: "MD5, SHA-256 or SHA-512",
};
const STALE_AFTER: Parameter = {
  name: "stale_after",
  in: "path",
  example: "3",
  help: "how many requests a nonce is good for, or never",
};
const REQUIRE_COOKIE: Parameter = {
  name: "require-cookie",
  in: "query",
  example: "",
  help: "true to insist that cookies come back",
};

const AUTHORIZATION: Parameter = {
  name: "Authorization",
  in: "header",
  example: "Basic a2xlbTpyb3Bl",
  help: "name and password in base64; leave it out to be asked",
};

function digest(path: string, summary: string, extra: readonly Parameter[]): InspectEndpoint {
  return {
    group: "Authentication",
    path,
    methods: GET,
    summary,
    parameters: [QOP, ...CREDENTIALS, ...extra, REQUIRE_COOKIE],
    status: 401,
    handle: (request, { context }) => digestAnswer(request, context),
  };
}

export const authentication: readonly InspectEndpoint[] = [
  {
    group: "Authentication",
    path: "/basic-auth/:user/:password",
    methods: GET,
    summary: "Asks for that name and password",
    parameters: [...CREDENTIALS, AUTHORIZATION],
    handle: (request) => basic(request, 401),
  },
  {
    group: "Authentication",
    path: "/hidden-basic-auth/:user/:password",
    methods: GET,
    summary: "The same, but 404 instead of asking",
    parameters: [...CREDENTIALS, AUTHORIZATION],
    handle: (request) => basic(request, 404),
  },
  {
    group: "Authentication",
    path: "/bearer",
    methods: GET,
    summary: "Asks for a bearer token, and takes any",
    parameters: [
      { name: "Authorization", in: "header", example: "Bearer abc123", help: "the token" },
    ],
    handle: bearer,
  },
  digest("/digest-auth/:qop/:user/:password", "Digest authentication with MD5", []),
  digest("/digest-auth/:qop/:user/:password/:algorithm", "The same with an algorithm", [ALGORITHM]),
  digest(
    "/digest-auth/:qop/:user/:password/:algorithm/:stale_after",
    "The same with nonces that wear out",
    [ALGORITHM, STALE_AFTER],
  ),
];
