import { assertEquals } from "@std/assert";
import type { Address } from "../../../core/addresses/address.ts";
import { PeerTable } from "../../../core/datagrams/peer_table.ts";
import { udpAddress } from "../../memory.ts";

interface Peer {
  readonly name: string;
  readonly address: Address;
}

function unix(path: string): Address {
  return { transport: "unixgram", path };
}

Deno.test("a peer is found by its host and port together", () => {
  const table = new PeerTable<Peer>();
  const peers = [
    { name: "one", address: udpAddress(1, "192.0.2.1") },
    { name: "other port", address: udpAddress(2, "192.0.2.1") },
    { name: "other host", address: udpAddress(1, "192.0.2.2") },
  ];
  for (const peer of peers) table.add(peer);
  assertEquals(table.size, 3);
  for (const { name, address } of peers) assertEquals(table.get({ ...address })?.name, name);
  assertEquals(table.get(udpAddress(3, "192.0.2.1")), undefined);
  assertEquals(table.get(udpAddress(1, "192.0.2.3")), undefined);
});

Deno.test("a Unix peer is found by its path, and the unnamed ones are one", () => {
  const table = new PeerTable<Peer>();
  table.add({ name: "file", address: unix("/a") });
  table.add({ name: "unnamed", address: unix("") });
  assertEquals(table.get(unix("/a"))?.name, "file");
  assertEquals(table.get(unix(""))?.name, "unnamed");
  assertEquals(table.get(unix("/b")), undefined);
});

Deno.test("a peer that was taken out is not found, and taking it out twice counts once", () => {
  const table = new PeerTable<Peer>();
  const [one, other] = [1, 2].map((port) => ({ name: `${port}`, address: udpAddress(port) }));
  table.add(one!);
  table.add(other!);
  table.delete(one!);
  table.delete(one!);
  assertEquals(table.size, 1);
  assertEquals(table.get(one!.address), undefined);
  assertEquals(table.get(other!.address)?.name, "2");
});

Deno.test("taking a peer out leaves a newer one with its address alone", () => {
  const table = new PeerTable<Peer>();
  const old = { name: "old", address: udpAddress(1) };
  table.add(old);
  table.delete(old);
  table.add({ name: "new", address: udpAddress(1) });
  table.delete(old);
  assertEquals(table.get(udpAddress(1))?.name, "new");
  assertEquals(table.size, 1);
});
