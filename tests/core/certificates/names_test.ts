/** What a certificate can be for, and whether it is. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  type CertificateName,
  type CertificateUse,
  isForHost,
  parseNames,
} from "../../../core/certificates/names.ts";
import { UsageError } from "../../../core/usage_error.ts";

const read = (text: string, use: CertificateUse = "server") => {
  const [{ type, value }] = parseNames([text], use);
  return `${type}:${value}`;
};

for (
  const [text, name] of [
    ["localhost", "dns:localhost"],
    ["Quay.Harbour.Example.", "dns:quay.harbour.example"],
    ["*.harbour.example", "dns:*.harbour.example"],
    ["my_host", "dns:my_host"],
    ["bücher.example", "dns:xn--bcher-kva.example"],
    ["127.0.0.1", "ip:127.0.0.1"],
    ["[::1]", "ip:::1"],
    ["2001:DB8:0:0::1", "ip:2001:db8::1"],
    ["fe80::1%eth0", "ip:fe80::1"],
    ["::ffff:192.0.2.1", "ip:192.0.2.1"],
  ] as const
) {
  Deno.test(`${text} becomes ${name}`, () => assertEquals(read(text), name));
}

Deno.test("a client may have an e-mail address, a URI, or a plain name", () => {
  assertEquals(read("ada@Harbour.example", "client"), "email:ada@harbour.example");
  assertEquals(read("spiffe://dock/ada", "client"), "uri:spiffe://dock/ada");
  assertEquals(
    read("urn:uuid:6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b", "client"),
    "uri:urn:uuid:6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b",
  );
  assertEquals(read("ada", "client"), "dns:ada");
});

for (
  const [text, remedy, use] of [
    ["https://quay.example", "without scheme and port"],
    ["quay.example:8443", "leave the port out"],
    ["*.example", "in front of two labels"],
    ["*", "in front of two labels"],
    ["quay.*.example", "a whole label, the first"],
    ["q*.harbour.example", "a whole label, the first"],
    ["ada@harbour.example", "for client certificates"],
    ["010.1.1.1", "neither a host name nor an address"],
    ["300.1.1.1", "neither a host name nor an address"],
    ["0x7f.1", "neither a host name nor an address"],
    ["-quay.example", "neither a host name nor an address"],
    ["quay%eth0", "neither a host name nor an address"],
    ["quay..example", "neither a host name nor an address"],
    [`${"a".repeat(64)}.example`, "neither a host name nor an address"],
    [`${"a.".repeat(130)}example`, "neither a host name nor an address"],
    ["", "empty"],
    ["quay example", "white space"],
    ["quay\x00.example", "white space"],
    ["quay\n.example", "white space"],
    ["@harbour.example", "no e-mail address", "client"],
    ["ada@", "no e-mail address", "client"],
    ["ada@a@b", "no e-mail address", "client"],
    ["http://", "no URI", "client"],
  ] as const
) {
  const shown = JSON.stringify(text.slice(0, 30));
  Deno.test(`${shown} is refused for a ${use ?? "server"}, and why is said`, () => {
    const error = assertThrows(() => parseNames([text], use ?? "server"), UsageError);
    assertStringIncludes(error.message, remedy);
  });
}

Deno.test("each name stands once, in the order given, and there is a limit", () => {
  const names = parseNames(["b.example", "a.example", "B.example", "::1", "[0::1]"], "server");
  assertEquals(names.map(({ value }) => value), ["b.example", "a.example", "::1"]);
  assertThrows(() => parseNames([], "server"), UsageError, "at least one");
  const many = Array.from({ length: 101 }, (_, index) => `n${index}.example`);
  assertEquals(parseNames(many.slice(1), "server").length, 100);
  assertThrows(() => parseNames(many, "server"), UsageError, "at most 100");
});

Deno.test("a wildcard stands for one whole label on the left, below a name of two labels", () => {
  const names: CertificateName[] = [
    { type: "dns", value: "one.example" },
    { type: "dns", value: "*.two.example" },
    { type: "uri", value: "three.example" },
    { type: "ip", value: "::1" },
    { type: "dns", value: "*.top" },
    { type: "dns", value: "*.0.0.1" },
  ];
  for (const host of ["one.example", "ONE.example.", "a.two.example", "0:0::1"]) {
    assertEquals(isForHost(names, host), true, host);
  }
  const others = ["two.example", "a.b.two.example", "three.example", "a.top", "127.0.0.1"];
  for (const host of [...others, "example", "", "*"]) {
    assertEquals(isForHost(names, host), false, host);
  }
});
