// DTLS handshake messages and the fragments that they travel in (RFC 6347 4.2.2 and 4.2.3).

/** The kinds of message (RFC 5246 7.4, RFC 6347 4.3.2). */
export const handshakeTypes = {
  hello_request: 0,
  client_hello: 1,
  server_hello: 2,
  hello_verify_request: 3,
  new_session_ticket: 4,
  certificate: 11,
  server_key_exchange: 12,
  certificate_request: 13,
  server_hello_done: 14,
  certificate_verify: 15,
  client_key_exchange: 16,
  finished: 20,
} as const;

export type HandshakeName = keyof typeof handshakeTypes;

/** The name of a message's number, or the number itself. */
export function handshakeName(type: number): string {
  const found = Object.entries(handshakeTypes).find(([, known]) => known === type);
  return found?.[0] ?? `message ${type}`;
}

export const MESSAGE_HEADER_BYTES = 12;

export interface HandshakeMessage {
  readonly type: number;
  /** Its number in the handshake. */
  readonly sequence: number;
  readonly body: Uint8Array;
}

export interface MessageFragment {
  readonly type: number;
  readonly sequence: number;
  /** Of the whole message. */
  readonly length: number;
  readonly offset: number;
  readonly part: Uint8Array;
}

/** A message as one fragment, which is also how it counts in the transcript (RFC 6347 4.2.6). */
export function encodeMessage({ type, sequence, body }: HandshakeMessage): Uint8Array {
  return encodeFragment({ type, sequence, length: body.length, offset: 0, part: body });
}

function encodeFragment({ type, sequence, length, offset, part }: MessageFragment): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_HEADER_BYTES + part.length);
  const view = new DataView(bytes.buffer);
  const setUint24 = (at: number, value: number) => {
    view.setUint8(at, value >> 16);
    view.setUint16(at + 1, value & 0xffff);
  };
  view.setUint8(0, type);
  setUint24(1, length);
  view.setUint16(4, sequence);
  setUint24(6, offset);
  setUint24(9, part.length);
  bytes.set(part, MESSAGE_HEADER_BYTES);
  return bytes;
}

/** A message in fragments of at most so many bytes, each with its header. */
export function* fragmentsOf(
  { type, sequence, body }: HandshakeMessage,
  maxPartBytes: number,
): Generator<Uint8Array> {
  let offset = 0;
  do {
    const part = body.subarray(offset, offset + maxPartBytes);
    yield encodeFragment({ type, sequence, length: body.length, offset, part });
    offset += part.length;
  } while (offset < body.length);
}

/** The fragments in the plaintext of a record, or null when it is not made of such. */
export function readFragments(plain: Uint8Array): MessageFragment[] | null {
  const fragments: MessageFragment[] = [];
  const view = new DataView(plain.buffer, plain.byteOffset, plain.length);
  const uint24 = (at: number): number => view.getUint16(at) * 256 + view.getUint8(at + 2);
  let at = 0;
  while (at < plain.length) {
    if (plain.length - at < MESSAGE_HEADER_BYTES) return null;
    const start = at + MESSAGE_HEADER_BYTES;
    const end = start + uint24(at + 9);
    if (end > plain.length) return null;
    fragments.push({
      type: view.getUint8(at),
      length: uint24(at + 1),
      sequence: view.getUint16(at + 4),
      offset: uint24(at + 6),
      part: plain.subarray(start, end),
    });
    at = end;
  }
  return fragments;
}
