import { assert, assertEquals, assertThrows } from "@std/assert";
import { DtlsError } from "../../../../layers/dtls/wire/alert.ts";
import { MAX_MESSAGE_BYTES, Reassembly } from "../../../../layers/dtls/handshake/reassembly.ts";
import { newSeed, seeded } from "../../../seeded.ts";

const fragment = (sequence: number, length: number, offset: number, part: Uint8Array) => ({
  type: 11,
  sequence,
  length,
  offset,
  part,
});

Deno.test("fragments that overlap, repeat and come in any order make the message", () => {
  const random = seeded(newSeed());
  const body = Uint8Array.from({ length: 2000 }, (_, at) => at * 7);
  const reassembly = new Reassembly();
  let message = reassembly.shift();
  for (let tries = 0; message === undefined && tries < 10_000; tries++) {
    const offset = Math.floor(random() * 2000);
    const part = body.subarray(offset, offset + Math.floor(random() * 200));
    reassembly.take(fragment(0, 2000, offset, part), 0);
    message = reassembly.shift();
  }
  assertEquals(message?.body, body);
  assertEquals([reassembly.next, reassembly.heldBytes], [1, 0]);
});

Deno.test("messages come out in their order, whatever comes first", () => {
  const reassembly = new Reassembly();
  assertEquals(reassembly.take(fragment(1, 1, 0, Uint8Array.of(2)), 0), "taken");
  assertEquals(reassembly.shift(), undefined);
  reassembly.take(fragment(0, 0, 0, new Uint8Array(0)), 0);
  assertEquals([reassembly.shift()?.sequence, reassembly.shift()?.sequence], [0, 1]);
  assertEquals(reassembly.take(fragment(0, 0, 0, new Uint8Array(0)), 0), "past");
});

Deno.test("a fragment that contradicts the message, or goes beyond it, is dropped", () => {
  const reassembly = new Reassembly();
  reassembly.take(fragment(0, 4, 0, Uint8Array.of(1, 2)), 0);
  assertEquals(reassembly.take(fragment(0, 5, 2, Uint8Array.of(3, 4)), 0), "dropped");
  assertEquals(reassembly.take(fragment(0, 4, 3, Uint8Array.of(4, 5)), 0), "dropped");
  assertEquals(reassembly.take(fragment(0, 4, 2, Uint8Array.of(3, 4)), 1), "dropped");
  reassembly.take(fragment(0, 4, 2, Uint8Array.of(3, 4)), 0);
  assertEquals(reassembly.shift()?.body, Uint8Array.of(1, 2, 3, 4));
});

Deno.test("what is held is bounded, and the expected message always finds room", () => {
  const reassembly = new Reassembly();
  const one = new Uint8Array(1);
  for (let sequence = 1; sequence < 100; sequence++) {
    reassembly.take(fragment(sequence, MAX_MESSAGE_BYTES, 0, one), 0);
  }
  assert(reassembly.heldBytes <= 48 * 1024, `${reassembly.heldBytes} bytes`);
  assertEquals(reassembly.take(fragment(0, MAX_MESSAGE_BYTES, 0, one), 0), "taken");
  assert(reassembly.heldBytes <= 48 * 1024);
  const tooLong = fragment(0, MAX_MESSAGE_BYTES + 1, 0, one);
  assertThrows(() => new Reassembly().take(tooLong, 0), DtlsError, "illegal_parameter");
});
