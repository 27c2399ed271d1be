import { assertEquals, assertThrows } from "@std/assert";
import { DtlsError } from "../../../../layers/dtls/wire/alert.ts";
import { groups } from "../../../../layers/dtls/crypto/groups.ts";

for (const group of groups) {
  Deno.test(`two halves of ${group.name} agree, and what is none is refused`, () => {
    const [one, other] = [group.makeShare(), group.makeShare()];
    assertEquals(one.secretWith(other.publicKey), other.secretWith(one.publicKey));
    const size = one.publicKey.length;
    const wrong: Uint8Array[] = [
      new Uint8Array(0),
      new Uint8Array(size),
      new Uint8Array([...other.publicKey, 0]),
      other.publicKey.slice(1),
    ];
    if (group.name !== "x25519") {
      const compressed = other.publicKey.slice(0, (size + 1) / 2);
      compressed[0] = 2 + (other.publicKey.at(-1)! & 1);
      const offCurve = other.publicKey.slice();
      offCurve[size - 1]! ^= 1;
      wrong.push(compressed, offCurve);
    }
    for (const share of wrong) {
      assertThrows(
        () => one.secretWith(share),
        DtlsError,
        `illegal_parameter: the peer's key share is not one of ${group.name}`,
      );
    }
  });
}
