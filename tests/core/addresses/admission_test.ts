import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Address } from "../../../core/addresses/address.ts";
import { createAdmission, ipFamily, parseNetwork } from "../../../core/addresses/admission.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

function from(hostname: string): Address {
  return { transport: "tcp", hostname, port: 40_000 };
}

/** Which of the hosts are admitted. */
async function admitted(
  lists: { readonly allow?: readonly string[]; readonly deny?: readonly string[] },
  hosts: readonly string[],
): Promise<string[]> {
  const admits = await createAdmission({ allow: [], deny: [], ...lists });
  return hosts.filter((host) => admits(from(host)));
}

Deno.test("createAdmission() without lists admits everyone", async () => {
  assertEquals(await admitted({}, ["127.0.0.1", "192.0.2.1", "::1"]), [
    "127.0.0.1",
    "192.0.2.1",
    "::1",
  ]);
});

Deno.test("an allow list turns away whoever is not on it", async () => {
  const allow = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"];
  const hosts = ["10.255.0.1", "11.0.0.1", "192.0.2.1", "192.0.2.2", "2001:db8::5", "2001:db9::5"];
  assertEquals(await admitted({ allow }, hosts), ["10.255.0.1", "192.0.2.1", "2001:db8::5"]);
});

Deno.test("the deny list goes before the allow list", async () => {
  const lists = { allow: ["10.0.0.0/8"], deny: ["10.1.0.0/16"] };
  assertEquals(await admitted(lists, ["10.0.0.1", "10.1.0.1"]), ["10.0.0.1"]);
});

Deno.test("a deny list alone admits everyone else", async () => {
  assertEquals(await admitted({ deny: ["192.0.2.0/24"] }, ["192.0.2.9", "192.0.3.9"]), [
    "192.0.3.9",
  ]);
});

Deno.test("an IPv4 peer of an IPv6 socket is judged by its IPv4 address", async () => {
  const hosts = ["::ffff:192.0.2.9", "::ffff:192.0.3.9", "::ffff:192.0.2.9%eth0"];
  assertEquals(await admitted({ deny: ["192.0.2.0/24"] }, hosts), ["::ffff:192.0.3.9"]);
  assertEquals(await admitted({ deny: ["::ffff:192.0.2.0/120"] }, ["192.0.2.9", "192.0.3.9"]), [
    "192.0.3.9",
  ]);
});

Deno.test("a peer's zone plays no part", async () => {
  assertEquals(await admitted({ allow: ["fe80::/10"] }, ["fe80::1%eth0", "fe80::1%2"]), [
    "fe80::1%eth0",
    "fe80::1%2",
  ]);
});

Deno.test("a network of one family does not stand for the other", async () => {
  assertEquals(await admitted({ allow: ["0.0.0.0/0"] }, ["192.0.2.1", "::1"]), ["192.0.2.1"]);
  assertEquals(await admitted({ allow: ["::/0"] }, ["192.0.2.1", "::1"]), ["::1"]);
});

Deno.test("Unix peers have no address and are admitted", async () => {
  const admits = await createAdmission({ allow: ["192.0.2.1"], deny: ["0.0.0.0/0"] });
  assertEquals(admits({ transport: "unix", path: "" }), true);
});

Deno.test("@FILE reads one network a line and passes by comments and blank lines", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/list`;
  await Deno.writeTextFile(path, "# the office\n10.0.0.0/8 # all of it\n\n  192.0.2.1\r\n");
  assertEquals(await admitted({ allow: [`@${path}`] }, ["10.1.1.1", "192.0.2.1", "1.1.1.1"]), [
    "10.1.1.1",
    "192.0.2.1",
  ]);
});

Deno.test("a list that cannot be read or understood is the user's mistake", async () => {
  const missing = await assertRejects(
    () => createAdmission({ allow: ["@/no/such/list"], deny: [] }),
    UsageError,
  );
  assertEquals(missing.message.startsWith("--allow: cannot read the list /no/such/list: "), true);
  const wrong = await assertRejects(
    () => createAdmission({ allow: [], deny: ["example.org"] }),
    UsageError,
  );
  assertEquals(
    wrong.message,
    '--deny: not an address or network: "example.org"; write 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32',
  );
});

Deno.test("parseNetwork() reads addresses as networks of one", () => {
  assertEquals(parseNetwork("192.0.2.1", "--allow"), {
    address: "192.0.2.1",
    family: "ipv4",
    prefix: 32,
  });
  assertEquals(parseNetwork("2001:db8::/32", "--allow"), {
    address: "2001:db8::",
    family: "ipv6",
    prefix: 32,
  });
  assertEquals(parseNetwork("::ffff:10.0.0.0/104", "--allow"), {
    address: "10.0.0.0",
    family: "ipv4",
    prefix: 8,
  });
});

Deno.test("parseNetwork() refuses what others read in two ways", () => {
  const table: [string, string][] = [
    ["010.1.1.1", "not an address or network"],
    ["1.1.1", "not an address or network"],
    ["1.1.1.256", "not an address or network"],
    ["0x7f.0.0.1", "not an address or network"],
    ["fe80::1%eth0", "not an address or network"],
    ["[::1]", "not an address or network"],
    ["", "not an address or network"],
    ["10.0.0.0/33", "the prefix is longer than 32 bits"],
    ["::/129", "the prefix is longer than 128 bits"],
    ["10.0.0.0/", "not an address or network"],
    ["10.0.0.0/8/8", "not an address or network"],
    ["10.0.0.0/-1", "not an address or network"],
    ["::ffff:10.0.0.0/8", "a mapped IPv4 network has a prefix of at least 96 bits"],
  ];
  for (const [entry, why] of table) {
    assertEquals(
      assertThrows(() => parseNetwork(entry, "--allow"), UsageError).message,
      `--allow: ${why}: "${entry}"; write 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32`,
    );
  }
});

Deno.test("ipFamily() knows literal addresses alone", () => {
  for (const text of ["0.0.0.0", "255.255.255.255"]) assertEquals(ipFamily(text), "ipv4");
  for (const text of ["::", "::1", "2001:db8::1", "::ffff:1.2.3.4", "FE80::1"]) {
    assertEquals(ipFamily(text), "ipv6");
  }
  for (const text of ["localhost", "1.2.3", "01.2.3.4", "1.2.3.4.5", ":::", "1::2::3", "g::1"]) {
    assertEquals(ipFamily(text), null, text);
  }
});
