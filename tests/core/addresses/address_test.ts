import { assertEquals, assertThrows } from "@std/assert";
import {
  addressOf,
  bracket,
  canonicalHost,
  formatAddress,
  isLoopback,
  networkOf,
  unmapIpv4,
} from "../../../core/addresses/address.ts";

Deno.test("unmapIpv4() gives an IPv4 peer of an IPv6 socket its own address back", () => {
  assertEquals(unmapIpv4("::ffff:192.0.2.1"), "192.0.2.1");
  assertEquals(unmapIpv4("::FFFF:192.0.2.1"), "192.0.2.1");
  for (const other of ["192.0.2.1", "::1", "::ffff:c000:201", "2001:db8::ffff:192.0.2.1", ""]) {
    assertEquals(unmapIpv4(other), other);
  }
});

Deno.test("canonicalHost() gives every spelling of an address the system's own", () => {
  const table = [
    ["0:0:0:0:0:0:0:1", "::1"],
    ["::0001", "::1"],
    ["FE80::1%eth0", "fe80::1"],
    ["2001:0DB8::0:0:5", "2001:db8::5"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["192.0.2.1", "192.0.2.1"],
    ["Example.org", "example.org"],
  ] as const;
  for (const [written, expected] of table) assertEquals(canonicalHost(written), expected);
});

Deno.test("networkOf() gives what one subscriber has", () => {
  const table = [
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::9", "2001:db8:1:2"],
    ["2001:db8::9", "2001:db8:0:0"],
    ["2001:db8::7:6:5:4:3", "2001:db8:0:7"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["1::", "1:0:0:0"],
    ["::1", "0:0:0:0"],
    ["Example.org", "example.org"],
  ] as const;
  for (const [hostname, network] of table) assertEquals(networkOf(hostname), network, hostname);
});

Deno.test("formatAddress() writes what people read and URLs take", () => {
  const written = [
    formatAddress({ transport: "tcp", hostname: "127.0.0.1", port: 80 }),
    formatAddress({ transport: "udp", hostname: "::1", port: 53 }),
    formatAddress({ transport: "unix", path: "/run/echo.sock" }),
    formatAddress({ transport: "unixgram", path: "\0abstract" }),
    formatAddress({ transport: "unix", path: "" }),
  ];
  assertEquals(written, ["127.0.0.1:80", "[::1]:53", "/run/echo.sock", "@abstract", "unnamed"]);
});

Deno.test("bracket() puts IPv6 addresses alone in brackets", () => {
  assertEquals(["::1", "127.0.0.1", "example.org"].map(bracket), [
    "[::1]",
    "127.0.0.1",
    "example.org",
  ]);
});

Deno.test("isLoopback() knows every address and name that stays on this machine", () => {
  const loopback = ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1", "localhost"];
  loopback.push("LOCALHOST", "app.localhost", "::FFFF:127.1.2.3");
  for (const name of loopback) assertEquals(isLoopback(name), true, name);
});

Deno.test("isLoopback() is not taken in by names that only look like it", () => {
  const elsewhere = ["128.0.0.1", "10.127.0.1", "0.0.0.0", "::", "::2", "localhost.example.org"];
  elsewhere.push("notlocalhost", "127.0.0.1.example.org", "127.1", "::ffff:10.0.0.1", "");
  for (const name of elsewhere) assertEquals(isLoopback(name), false, name);
});

Deno.test("addressOf() translates every address that a socket of ours can have", () => {
  assertEquals(addressOf({ transport: "tcp", hostname: "::ffff:10.0.0.1", port: 5 }), {
    transport: "tcp",
    hostname: "10.0.0.1",
    port: 5,
  });
  assertEquals(addressOf({ transport: "udp", hostname: "fe80::1%eth0", port: 5 }), {
    transport: "udp",
    hostname: "fe80::1%eth0",
    port: 5,
  });
  assertEquals(addressOf({ transport: "unix", path: "/a" }), { transport: "unix", path: "/a" });
  assertEquals(addressOf({ transport: "unixpacket", path: "/b" }), {
    transport: "unixgram",
    path: "/b",
  });
});

Deno.test("addressOf() calls a Unix peer that never bound a path unnamed", () => {
  // Deno's type promises a path; a socket that has none says null.
  const unnamed = { transport: "unixpacket", path: null } as unknown as Deno.UnixAddr;
  assertEquals(addressOf(unnamed), { transport: "unixgram", path: "" });
});

Deno.test("addressOf() refuses a transport that nothing here serves", () => {
  assertThrows(
    () => addressOf({ transport: "vsock", cid: 2, port: 1 }),
    TypeError,
    "Cannot name an address of transport vsock",
  );
});
