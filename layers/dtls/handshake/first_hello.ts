// Answers the first datagram of a DTLS client without keeping any state for it (RFC 6347 4.2.1).

import { DtlsError } from "../wire/alert.ts";
import { encodeMessage, handshakeTypes, readFragments } from "./message.ts";
import { type ClientHello, readClientHello, writeHelloVerifyRequest } from "./hello.ts";
import { contentTypes, DTLS_1_0, MAX_SEQUENCE, plainRecord, readRecord } from "../record/format.ts";

/** A ClientHello in one piece, and the numbers it came under. */
export interface FirstHello {
  readonly hello: ClientHello;
  readonly recordSequence: number;
  readonly messageSequence: number;
}

/** The ClientHello that a datagram begins with, or null when it begins with something else. One in
 * several fragments counts as none: to put it together would take state before the cookie. */
export function readFirstHello(datagram: Uint8Array): FirstHello | null {
  const record = readRecord(datagram, 0);
  if (record === null || record.epoch !== 0 || record.type !== contentTypes.handshake) return null;
  // We would have to go on from a number after which there are none left.
  if (record.sequence > MAX_SEQUENCE / 2) return null;
  const [fragment] = readFragments(record.fragment) ?? [];
  if (fragment === undefined || fragment.type !== handshakeTypes.client_hello) return null;
  if (fragment.offset !== 0 || fragment.part.length !== fragment.length) return null;
  try {
    const hello = readClientHello(fragment.part);
    return { hello, recordSequence: record.sequence, messageSequence: fragment.sequence };
  } catch (error) {
    if (error instanceof DtlsError) return null;
    throw error;
  }
}

/** The datagram that asks a client to show that it can hear us. It is shorter than any ClientHello,
 * and has the record number of the client's, since we count none (RFC 6347 4.2.1). */
export function helloVerifyRequest(recordSequence: number, cookie: Uint8Array): Uint8Array {
  const body = writeHelloVerifyRequest(cookie);
  const message = encodeMessage({ type: handshakeTypes.hello_verify_request, sequence: 0, body });
  return plainRecord(contentTypes.handshake, recordSequence, message, DTLS_1_0);
}
