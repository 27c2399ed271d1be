/** What certificates say, read from their DER. */

import { X509Certificate } from "node:crypto";
import { assertEquals } from "@std/assert";
import { readCertificateFields } from "../../../core/certificates/fields.ts";
import { CertificateAuthority } from "../../certificate_authority.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

Deno.test("names are read one by one, whatever is in them, and a common name is none", async () => {
  await using folder = await temporaryFolder();
  const authority = await CertificateAuthority.create(folder.path);
  const read = async (names: string[]) => {
    const { cert } = await authority.issue("leaf", { names, commonName: "root.example" });
    return readCertificateFields(new X509Certificate(await Deno.readTextFile(cert)).raw).names
      .map(({ type, value }) => `${type} ${value}`);
  };
  assertEquals(
    await read(["DNS:A.example", "IP:127.0.0.1", "email:a@b.example", "URI:urn:boat:7"]),
    ["dns a.example", "ip 127.0.0.1", "email a@b.example", "uri urn:boat:7"],
  );
  assertEquals(await read([]), []);
  assertEquals(await read(["DNS:a.example,DNS:b.example"]), ["dns a.example,dns:b.example"]);
  for (const odd of ["DNS:a.example, DNS:b.example", "DNS:a\0.example", "DNS:a\n.example"]) {
    assertEquals(await read([odd]), []);
  }
});
