/** The names in certificates. */

import { X509Certificate } from "node:crypto";
import { assertEquals } from "@std/assert";
import {
  type CertificateName,
  isForHost,
  loadNameReader,
} from "../../../core/certificates/certificate_names.ts";
import { CertificateAuthority } from "../../certificate_authority.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

Deno.test("names are read one by one, whatever is in them, and a common name is none", async () => {
  await using folder = await temporaryFolder();
  const authority = await CertificateAuthority.create(folder.path);
  const namesOf = await loadNameReader();
  const read = async (names: string[]) => {
    const { cert } = await authority.issue("leaf", { names, commonName: "root.example" });
    return namesOf(new X509Certificate(await Deno.readTextFile(cert)).raw)
      .map(({ kind, value }) => `${kind} ${value}`);
  };
  assertEquals(
    await read(["DNS:A.example", "IP:127.0.0.1", "email:a@b.example", "URI:urn:boat:7"]),
    ["dns a.example", "email a@b.example", "uri urn:boat:7"],
  );
  assertEquals(await read([]), []);
  assertEquals(await read(["DNS:a.example,DNS:b.example"]), ["dns a.example,dns:b.example"]);
  for (const odd of ["DNS:a.example, DNS:b.example", "DNS:a\0.example", "DNS:a\n.example"]) {
    assertEquals(await read([odd]), []);
  }
});

Deno.test("a wildcard stands for one whole label on the left", () => {
  const names: CertificateName[] = [
    { kind: "dns", value: "one.example" },
    { kind: "dns", value: "*.two.example" },
    { kind: "uri", value: "three.example" },
  ];
  for (const host of ["one.example", "ONE.example.", "a.two.example"]) {
    assertEquals(isForHost(names, host), true, host);
  }
  for (const host of ["two.example", "a.b.two.example", "three.example", "example", "", "*"]) {
    assertEquals(isForHost(names, host), false, host);
  }
});
