// ClientHello, ServerHello and HelloVerifyRequest, and their extensions (RFC 5246 7.4.1, RFC 6347
// 4.2.1).

import { concat } from "@std/bytes/concat";
import { DtlsError } from "../wire/alert.ts";
import { ByteReader, uint, vector, vectorOf16 } from "../wire/presentation.ts";
import { DTLS_1_0, DTLS_1_2 } from "../record/format.ts";

export const RANDOM_BYTES = 32;

/** The extensions that have a meaning here. */
export const extensionTypes = {
  /** RFC 6066 3 */
  server_name: 0,
  /** RFC 8422 5.1.1 */
  supported_groups: 10,
  /** RFC 8422 5.1.2 */
  ec_point_formats: 11,
  /** RFC 5246 7.4.1.4.1 */
  signature_algorithms: 13,
  /** RFC 7627 */
  extended_master_secret: 23,
  /** RFC 5077 3.2 */
  session_ticket: 35,
  /** RFC 9146 3 */
  connection_id: 54,
  /** RFC 9853 3 */
  return_routability_check: 61,
  /** RFC 5746 */
  renegotiation_info: 0xff01,
} as const;

const NULL_COMPRESSION = 0;

/** The extensions of a hello, by their numbers. */
export type Extensions = ReadonlyMap<number, Uint8Array>;

export interface ClientHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cookie: Uint8Array;
  readonly suites: readonly number[];
  readonly extensions: Extensions;
  /** The message without the cookie: the bytes that the cookie is bound to (RFC 6347 4.2.1). */
  readonly withoutCookie: Uint8Array;
}

/** @throws {DtlsError} when the body is no ClientHello */
export function readClientHello(body: Uint8Array): ClientHello {
  const reader = new ByteReader(body);
  const version = reader.uint16();
  const random = reader.bytes(RANDOM_BYTES);
  const sessionId = reader.vector8();
  const beforeCookie = reader.offset;
  const cookie = reader.vector8();
  const afterCookie = reader.offset;
  const suites = reader.numbers16();
  const compressions = reader.vector8();
  if (!compressions.includes(NULL_COMPRESSION)) {
    throw new DtlsError("illegal_parameter", "the client insists on compression");
  }
  return {
    version,
    random,
    sessionId,
    cookie,
    suites,
    extensions: readExtensions(reader),
    withoutCookie: concat([body.subarray(0, beforeCookie), body.subarray(afterCookie)]),
  };
}

/** Writes a ClientHello that offers no compression. */
export function writeClientHello(
  { random, sessionId, cookie, suites, extensions }: Pick<
    ClientHello,
    "random" | "sessionId" | "cookie" | "suites" | "extensions"
  >,
): Uint8Array {
  return concat([
    uint(DTLS_1_2, 2),
    random,
    vector(1, sessionId),
    vector(1, cookie),
    vectorOf16(suites),
    vector(1, uint(NULL_COMPRESSION, 1)),
    writeExtensions(extensions),
  ]);
}

interface ServerHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly suite: number;
  readonly extensions: Extensions;
}

/** @throws {DtlsError} when the body is no ServerHello, or chooses compression */
export function readServerHello(body: Uint8Array): ServerHello {
  const reader = new ByteReader(body);
  const version = reader.uint16();
  const random = reader.bytes(RANDOM_BYTES);
  const sessionId = reader.vector8();
  const suite = reader.uint16();
  if (reader.uint8() !== NULL_COMPRESSION) {
    throw new DtlsError("illegal_parameter", "the server chose compression, which nobody offered");
  }
  return { version, random, sessionId, suite, extensions: readExtensions(reader) };
}

/** Writes a ServerHello.
 * @param hello its session is the client's when it is resumed, and else empty */
export function writeServerHello(
  { random, sessionId, suite, extensions }: Omit<ServerHello, "version">,
) {
  return concat([
    uint(DTLS_1_2, 2),
    random,
    vector(1, sessionId),
    uint(suite, 2),
    uint(NULL_COMPRESSION, 1),
    // An empty list could trouble an old client (RFC 5246 7.4.1.3).
    extensions.size === 0 ? new Uint8Array(0) : writeExtensions(extensions),
  ]);
}

/** The cookie of a HelloVerifyRequest. Its version says nothing (RFC 6347 4.2.1). */
export function readHelloVerifyRequest(body: Uint8Array): Uint8Array {
  const reader = new ByteReader(body);
  reader.uint16();
  const cookie = reader.vector8();
  reader.end("HelloVerifyRequest");
  return cookie;
}

/** Writes a HelloVerifyRequest, with the version that the RFC asks for whatever follows. */
export function writeHelloVerifyRequest(cookie: Uint8Array): Uint8Array {
  return concat([uint(DTLS_1_0, 2), vector(1, cookie)]);
}

function readExtensions(reader: ByteReader): Extensions {
  const extensions = new Map<number, Uint8Array>();
  if (reader.done) return extensions;
  const list = new ByteReader(reader.vector16());
  reader.end("a hello");
  while (!list.done) {
    const type = list.uint16();
    if (extensions.has(type)) {
      // RFC 5246 7.4.1.4
      throw new DtlsError("illegal_parameter", `a hello has extension ${type} twice`);
    }
    extensions.set(type, list.vector16());
  }
  return extensions;
}

function writeExtensions(extensions: Extensions): Uint8Array {
  return vector(
    2,
    ...[...extensions].flatMap(([type, data]) => [uint(type, 2), vector(2, data)]),
  );
}

/** The list of 16-bit numbers in an extension; empty when the extension is not there. */
export function numbersOf(extensions: Extensions, type: number): number[] {
  const data = extensions.get(type);
  if (data === undefined) return [];
  const reader = new ByteReader(data);
  const numbers = reader.numbers16();
  reader.end("an extension");
  return numbers;
}

/** The connection id in an extension, which may be empty; undefined when the extension is not there. */
export function connectionIdOf(extensions: Extensions): Uint8Array | undefined {
  const data = extensions.get(extensionTypes.connection_id);
  if (data === undefined) return undefined;
  const reader = new ByteReader(data);
  const id = reader.vector8();
  reader.end("connection_id");
  return id;
}

/** The extension that gives the other end a connection id. */
export function writeConnectionId(id: Uint8Array): Uint8Array {
  return vector(1, id);
}

const HOST_NAME = 0;

/** The name that the client asks for (RFC 6066 3); empty when it asks for none. */
export function serverNameOf(extensions: Extensions): string {
  const data = extensions.get(extensionTypes.server_name);
  if (data === undefined) return "";
  const reader = new ByteReader(data);
  const list = new ByteReader(reader.vector16());
  reader.end("server_name");
  while (!list.done) {
    const type = list.uint8();
    const name = list.vector16();
    // Names are ASCII; the bytes of anything else make one that no certificate is for.
    if (type === HOST_NAME) return String.fromCharCode(...name.subarray(0, MAX_NAME_BYTES));
  }
  return "";
}

/** The extension that asks for a name. */
export function writeServerName(name: string): Uint8Array {
  return vector(2, uint(HOST_NAME, 1), vector(2, new TextEncoder().encode(name)));
}

/** RFC 1035 2.3.4, and one more, so that no longer name is taken for its beginning. */
const MAX_NAME_BYTES = 256;

const UNCOMPRESSED = 0;

/** The one form in which points are sent (RFC 8422 5.1.2). */
export const pointFormats: Uint8Array = vector(1, uint(UNCOMPRESSED, 1));

/** Refuses a peer that cannot take points as they are sent here (RFC 8422 5.1.2). */
export function checkPointFormats(extensions: Extensions): void {
  const data = extensions.get(extensionTypes.ec_point_formats);
  if (data === undefined || new ByteReader(data).vector8().includes(UNCOMPRESSED)) return;
  throw new DtlsError("illegal_parameter", "the peer takes no uncompressed points");
}

/** Says that no handshake came before this one on the same association (RFC 5746 3.2). */
export const firstHandshake: Uint8Array = vector(1);

/** Refuses a hello that claims to renegotiate (RFC 5746 3.4 and 3.6). */
export function checkRenegotiationInfo(extensions: Extensions): void {
  const data = extensions.get(extensionTypes.renegotiation_info);
  if (data === undefined || (data.length === 1 && data[0] === 0)) return;
  throw new DtlsError("handshake_failure", "a first hello claims to renegotiate");
}
