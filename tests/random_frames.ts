/** WebSocket frames by chance: what a client might send, whole, damaged, and cut in pieces. */

import { constants, deflateRawSync } from "node:zlib";
import { concat, rawFragments, rawFrame } from "./raw_websocket.ts";

/** A random whole number below this one. */
export type Below = (most: number) => number;

/** Copies, since readers unmask in place. */
export function pieces(bytes: Uint8Array, below: Below): Uint8Array[] {
  const most = [2, 5, 50, 5000][below(4)]!;
  const all: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = 1 + below(most);
    all.push(bytes.slice(at, at + size));
    at += size;
  }
  return all;
}

const LETTERS = ["a", "é", "€", "🚢", "\0", "\ufeff", "the same words again "];

/** Some frames as a client would send them. */
export function goodStream(below: Below): Uint8Array {
  const frames: Uint8Array[] = [];
  for (let count = below(5) + 1; count > 0; count--) {
    const mask = [below(256), below(256), below(256), below(256)];
    const length = [0, 1, 10, 125, 126, 700, 2900][below(7)]!;
    const opcode = 1 + below(2);
    let payload = opcode === 1
      ? new TextEncoder().encode(
        Array.from({ length: length >> 3 }, () => LETTERS[below(7)]).join(""),
      )
      : Uint8Array.from({ length }, () => below(256));
    const rsv = below(3) === 0 ? 4 : 0;
    if (rsv === 4) {
      const { Z_SYNC_FLUSH: finishFlush } = constants;
      payload = new Uint8Array(deflateRawSync(payload, { finishFlush })).subarray(0, -4);
    }
    const fragmentBytes = below(2) === 0 ? Infinity : 1 + below(1000);
    for (const fragment of rawFragments(opcode, payload, fragmentBytes, { mask, rsv })) {
      frames.push(fragment);
      if (below(4) === 0) {
        frames.push(rawFrame(9 + below(2), new Uint8Array(below(126)).fill(below(256)), { mask }));
      }
    }
  }
  return concat(...frames);
}

/** The same with some bytes changed, left out or put in. */
export function damaged(stream: Uint8Array, below: Below): Uint8Array {
  let bytes: Uint8Array = stream;
  for (let changes = 1 + below(3); changes > 0; changes--) {
    // Heads are where it matters most, and the first one is at the beginning.
    const at = below(3) === 0 ? below(Math.min(16, bytes.length)) : below(bytes.length);
    const kind = below(4);
    if (kind === 0) bytes = concat(bytes.subarray(0, at), bytes.subarray(at + 1 + below(4)));
    else if (kind === 1) {
      bytes = concat(bytes.subarray(0, at), Uint8Array.of(below(256)), bytes.subarray(at));
    } else if (kind === 2) bytes = bytes.subarray(0, at + 1);
    else bytes = bytes.with(at, bytes[at]! ^ 1 << below(8));
    if (bytes.length === 0) return stream;
  }
  return bytes;
}
