/** Who is on --allow-identity. */

import { assertEquals, assertThrows } from "@std/assert";
import type { CertificateName } from "../../../core/certificates/names.ts";
import { certifiedPeer, createIdentityList } from "../../../core/certificates/identity.ts";
import { UsageError } from "../../../core/usage_error.ts";

const fingerprint = "ab".repeat(32);
const peer = (...names: CertificateName[]) => ({ names, fingerprint });
const dns = (value: string): CertificateName => ({ type: "dns", value });

Deno.test("an empty list admits everyone, by the first name or else the fingerprint", () => {
  const list = createIdentityList([]);
  assertEquals(list(peer(dns("a.example"), dns("b.example")))?.name, "a.example");
  assertEquals(list(peer())?.name, `sha256:${fingerprint}`);
});

Deno.test("an entry admits names of its own kind, and that name is the identity's", () => {
  const list = createIdentityList(["B.example", "a@b.example", "urn:boat:7"]);
  assertEquals(list(peer(dns("a.example"), dns("b.example")))?.name, "b.example");
  assertEquals(list(peer({ type: "email", value: "a@b.example" }))?.name, "a@b.example");
  assertEquals(list(peer({ type: "uri", value: "urn:boat:7" }))?.name, "urn:boat:7");
  for (
    const name of [
      dns("a@b.example"),
      dns("urn:boat:7"),
      dns("*.example"),
      dns("c.b.example"),
      { type: "email", value: "b.example" },
      { type: "email", value: "A@b.example" },
      { type: "uri", value: "b.example" },
    ] as const
  ) assertEquals(list(peer(name)), null, name.value);
});

Deno.test("a fingerprint is no name, and a name no fingerprint", () => {
  const list = createIdentityList([`SHA-256:${"AB:".repeat(31)}AB`]);
  assertEquals(list(peer(dns("a.example")))?.name, "a.example");
  const other = { names: [dns(`sha256:${fingerprint}`)], fingerprint: "cd".repeat(32) };
  assertEquals(list(other), null);
});

Deno.test("an entry that can match nobody is refused", () => {
  for (const entry of ["", "two words", "sha256:abc", "sha256:", "caf\u00e9.example"]) {
    assertThrows(() => createIdentityList([entry]), UsageError, "--allow-identity: expected a");
  }
});

Deno.test("an address in a certificate says where its holder is, not who", () => {
  const names: CertificateName[] = [{ type: "ip", value: "127.0.0.1" }, dns("a.example")];
  const holder = certifiedPeer({ names }, { fingerprint256: "AB:".repeat(31) + "AB" });
  assertEquals(holder, peer(dns("a.example")));
});
