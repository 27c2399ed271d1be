import { assertEquals } from "@std/assert";
import { contentTypes, plainRecord, readRecord } from "../../../../layers/dtls/record/format.ts";
import { type DropReason, RecordLayer } from "../../../../layers/dtls/record/record_layer.ts";
import { cipherSuites } from "../../../../layers/dtls/crypto/suites.ts";

const { cipher } = cipherSuites.find(({ id }) => id === 0xc02b)!;
const keys = (byte: number) => ({
  key: new Uint8Array(16).fill(byte),
  fixedNonce: new Uint8Array(4).fill(byte),
});

/** Two ends with keys of each other's. */
function ends(): { readonly one: RecordLayer; readonly other: RecordLayer } {
  const [one, other] = [new RecordLayer(), new RecordLayer()];
  one.useKeys(cipher, keys(1), keys(2));
  other.useKeys(cipher, keys(2), keys(1));
  return { one, other };
}

function read(layer: RecordLayer, bytes: Uint8Array, shaking = true) {
  const plain = layer.read(readRecord(bytes, 0)!, shaking);
  return plain instanceof Uint8Array ? Uint8Array.from(plain) : plain;
}

Deno.test("sealed records that come before they can be opened are kept, but not many", () => {
  const { one, other } = ends();
  const records = Array.from(
    { length: 12 },
    (_, at) => one.write(1, contentTypes.handshake, Uint8Array.of(at)),
  );
  const fates = records.map((record) => read(other, record));
  assertEquals(fates, [...Array(8).fill(null), ...Array(4).fill("unexpected")]);
  assertEquals(other.takeEarly(), [], "the peer has not changed its cipher");
  other.changeCipher();
  const early = other.takeEarly();
  assertEquals(
    early.map((record) => read(other, record)),
    records.slice(0, 8).map((_, at) => Uint8Array.of(at)),
  );
  assertEquals(other.takeEarly(), []);
});

Deno.test("what is kept early is bounded in bytes too", () => {
  const { one, other } = ends();
  const long = () => one.write(1, contentTypes.applicationData, new Uint8Array(9000));
  assertEquals([read(other, long()), read(other, long())], [null, "unexpected"]);
});

Deno.test("a number counts as seen only once its record was authentic", () => {
  const { one, other } = ends();
  other.changeCipher();
  const record = one.write(1, contentTypes.applicationData, Uint8Array.of(1));
  const forged = record.slice();
  forged[forged.length - 1]! ^= 1;
  const fates: (DropReason | Uint8Array | null)[] = [forged, record, record, forged]
    .map((bytes) => read(other, bytes, false));
  assertEquals(fates, ["bad_record_mac", Uint8Array.of(1), "replayed", "replayed"]);
});

Deno.test("an epoch that is not there is unknown, and plain data is never taken", () => {
  const { other } = ends();
  const plain = plainRecord(contentTypes.applicationData, 0, Uint8Array.of(1));
  assertEquals(read(other, plain), "unexpected");
  const handshake = plainRecord(contentTypes.handshake, 1, Uint8Array.of(1));
  assertEquals(read(other, handshake, false), "unexpected", "once the handshake is done");
  plain[4] = 2;
  assertEquals(read(other, plain), "unknown_epoch");
});

Deno.test("no two records have the same number", () => {
  const { one } = ends();
  const record = () => readRecord(one.write(1, contentTypes.alert, new Uint8Array(2)), 0)!;
  assertEquals([record().sequence, record().sequence, record().sequence], [0, 1, 2]);
});

Deno.test("an epoch whose numbers are used up says so before anything is written", () => {
  const layer = new RecordLayer();
  layer.resumeAt(2 ** 48 - 1);
  assertEquals(layer.isUsedUp(0), false);
  layer.write(0, contentTypes.alert, Uint8Array.of(1));
  assertEquals(layer.isUsedUp(0), true);
});
