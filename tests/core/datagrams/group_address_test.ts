import { assertEquals, assertThrows } from "@std/assert";
import {
  interfaceAddress,
  interfaceNumber,
  isBroadcast,
  isMulticast,
  type NetworkInterface,
  reachOf,
} from "../../../core/datagrams/group_address.ts";
import { UsageError } from "../../../core/usage_error.ts";

const INTERFACES: readonly NetworkInterface[] = [
  { name: "lo", address: "127.0.0.1", family: "IPv4" },
  { name: "eth0", address: "192.0.2.7", family: "IPv4" },
  { name: "eth0", address: "fe80::1", family: "IPv6", scopeid: 2 },
];
const all = () => INTERFACES;
const none = () => null;

Deno.test("isMulticast() and isBroadcast() know addresses that stand for many", () => {
  for (const host of ["224.0.0.1", "239.255.255.255", "ff02::1", "FF12::1%eth0"]) {
    assertEquals([isMulticast(host), isBroadcast(host)], [true, false], host);
  }
  for (const host of ["255.255.255.255", "127.255.255.255"]) {
    assertEquals([isMulticast(host), isBroadcast(host)], [false, true], host);
  }
  for (const host of ["223.0.0.1", "240.0.0.1", "192.0.2.255", "fe80::1", "239.example", "ffice"]) {
    assertEquals([isMulticast(host), isBroadcast(host)], [false, false], host);
  }
});

Deno.test("interfaceAddress() takes an address, or a name where it may look it up", () => {
  assertEquals(interfaceAddress(undefined, none), "0.0.0.0");
  assertEquals(interfaceAddress("192.0.2.9", none), "192.0.2.9");
  assertEquals(interfaceAddress("eth0", all), "192.0.2.7");
  assertThrows(() => interfaceAddress("eth0", none), UsageError, "--allow-sys");
  assertThrows(() => interfaceAddress("eth1", all), UsageError, "there are lo, eth0");
});

Deno.test("interfaceNumber() takes a number, or a name where it may look it up", () => {
  assertEquals(interfaceNumber(undefined, none), 0);
  assertEquals(interfaceNumber("3", none), 3);
  assertEquals(interfaceNumber("eth0", all), 2);
  assertThrows(() => interfaceNumber("lo", all), UsageError, "cannot be found out");
  assertThrows(() => interfaceNumber("eth0", none), UsageError, "give its number");
});

Deno.test("reachOf() takes a group on loopback for loopback, and no other", () => {
  const on = (place: string | undefined) => reachOf("239.1.2.3", { interface: place });
  assertEquals([on("127.0.0.1"), on("192.0.2.7"), on(undefined)], [
    "127.0.0.1",
    "239.1.2.3",
    "239.1.2.3",
  ]);
  assertEquals(reachOf("0.0.0.0", { interface: "127.0.0.1" }), "0.0.0.0");
});
