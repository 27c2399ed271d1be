// The flights of a DTLS handshake: the messages that one end sends before it waits for the other (RFC
// 6347 4.2.4).

import { concat } from "@std/bytes/concat";
import { uint } from "../wire/presentation.ts";
import { fragmentsOf, type HandshakeMessage, MESSAGE_HEADER_BYTES } from "./message.ts";
import { contentTypes, RECORD_HEADER_BYTES } from "../record/format.ts";
import type { Epoch } from "../record/record_layer.ts";
import { MAX_SEAL_BYTES } from "../record/protection.ts";

export type FlightPart = HandshakeMessage | "change_cipher_spec";

/** A flight, with the epoch of each piece. */
export type Flight = readonly { readonly epoch: Epoch; readonly part: FlightPart }[];

const CHANGE_CIPHER_SPEC = uint(1, 1);

/** A flight as datagrams of at most so many bytes, with as many records in each as fit.
 * @param write makes a record */
export function* datagramsOf(
  flight: Flight,
  mtuBytes: number,
  write: (epoch: Epoch, type: number, plain: Uint8Array) => Uint8Array,
): Generator<Uint8Array> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  for (const record of recordsOf(flight, mtuBytes, write)) {
    if (pendingBytes > 0 && pendingBytes + record.length > mtuBytes) {
      yield concat(pending);
      pending = [];
      pendingBytes = 0;
    }
    pending.push(record);
    pendingBytes += record.length;
  }
  if (pending.length > 0) yield concat(pending);
}

function* recordsOf(
  flight: Flight,
  mtuBytes: number,
  write: (epoch: Epoch, type: number, plain: Uint8Array) => Uint8Array,
): Generator<Uint8Array> {
  const room = mtuBytes - RECORD_HEADER_BYTES - MESSAGE_HEADER_BYTES - MAX_SEAL_BYTES;
  for (const { epoch, part } of flight) {
    if (part === "change_cipher_spec") {
      yield write(epoch, contentTypes.changeCipherSpec, CHANGE_CIPHER_SPEC);
      continue;
    }
    for (const fragment of fragmentsOf(part, room)) {
      yield write(epoch, contentTypes.handshake, fragment);
    }
  }
}
