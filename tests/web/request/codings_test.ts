/** Which content codings a client takes. */

import { assertEquals } from "@std/assert";
import { acceptedCodings } from "../../../web/request/codings.ts";
import { newSeed, seeded } from "../../seeded.ts";

const CASES: readonly (readonly [string | null, string])[] = [
  [null, "identity"],
  ["", "identity"],
  ["gzip", "gzip identity"],
  ["gzip, deflate, br, zstd", "br gzip identity"],
  ["GZIP", "gzip identity"],
  ["x-gzip", "gzip identity"],
  ["br;q=0.5, gzip;q=0.8", "gzip br identity"],
  ["br;q=0, gzip", "gzip identity"],
  ["gzip;q=0", "identity"],
  ["*", "br gzip identity"],
  ["*;q=0", ""],
  ["*;q=0, identity", "identity"],
  ["*;q=0, gzip", "gzip"],
  ["gzip;q=0, *", "br identity"],
  ["identity;q=0", ""],
  ["identity;q=0, br", "br"],
  ["identity, gzip;q=0.5", "identity gzip"],
  ["gzip ; q=0.5 , br ; Q=0.6", "br gzip identity"],
  ["gzip;q=2, br;q=x, deflate", "identity"],
  ["compress, zstd", "identity"],
];

for (const [header, expected] of CASES) {
  Deno.test(`acceptedCodings() of ${JSON.stringify(header)} is "${expected}"`, () => {
    assertEquals(acceptedCodings(header).join(" "), expected);
    // The second time from memory.
    assertEquals(acceptedCodings(header).join(" "), expected);
  });
}

Deno.test("acceptedCodings() never throws, and lists no coding that is refused", () => {
  const random = seeded(newSeed());
  const pieces = ["gzip", "br", "identity", "*", ";q=0", ";q=1", ";q=0.3", ",", " ", ";", "=", "é"];
  for (let run = 0; run < 20_000; run++) {
    const header = Array.from(
      { length: Math.floor(random() * 10) },
      () => pieces[Math.floor(random() * pieces.length)]!,
    ).join("");
    const accepted = acceptedCodings(header);
    assertEquals(new Set(accepted).size, accepted.length, header);
    for (const coding of accepted) {
      const refused = new RegExp(`^${coding};q=0$`).test(header);
      assertEquals(refused, false, header);
    }
  }
});
