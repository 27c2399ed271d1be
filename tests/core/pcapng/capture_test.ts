/** Captures, as tshark reads them: addresses, directions, numbers, checksums and payloads. */

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { ServerEvent } from "../../../core/event.ts";
import { Capture } from "../../../core/pcapng/capture.ts";
import { peerTest, runPeer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const TIME = "2026-01-02T03:04:05.678Z";

function of(url: string, peer: string, session = 1) {
  const stamp = { time: TIME, url, session, peer };
  return {
    opened: { event: "opened", ...stamp } as ServerEvent,
    received: (message: string | Uint8Array): ServerEvent => ({
      event: "received",
      ...stamp,
      message,
    }),
    sent: (message: string | Uint8Array): ServerEvent => ({ event: "sent", ...stamp, message }),
    request: {
      ...{ event: "request", ...stamp, method: "GET", path: "/notes?x=1", status: 200 },
      ...{ bytes: 100_000, durationMs: 12.4 },
    } as ServerEvent,
    closed: {
      ...{ event: "closed", ...stamp, reason: "done", durationMs: 1 },
      ...{ bytesReceived: 0, bytesSent: 0 },
    } as ServerEvent,
  };
}

interface Event {
  readonly event: ServerEvent;
  readonly messageBytes?: number;
}

function captured(events: readonly (ServerEvent | Event)[]): Uint8Array {
  const capture = new Capture();
  return concat([
    capture.start(),
    ...events.map((one) =>
      typeof one.event === "string"
        ? capture.packets(one as ServerEvent)
        : capture.packets((one as Event).event, (one as Event).messageBytes)
    ),
  ]);
}

const CHECKED = ["ip", "tcp", "udp"].flatMap((one) => ["-o", `${one}.check_checksum:TRUE`]);

/** What tshark says of the fields of each packet. */
async function read(
  events: readonly (ServerEvent | Event)[],
  fields: readonly string[],
): Promise<string[][]> {
  await using folder = await temporaryFolder();
  const file = `${folder.path}/capture.pcapng`;
  await Deno.writeFile(file, captured(events));
  const { code, stdout, stderr } = await runPeer("tshark", [
    ...["-r", file, ...CHECKED, "-T", "fields", "-E", "separator=/t"],
    ...fields.flatMap((field) => ["-e", field]),
  ]);
  assertEquals(code, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "").map((line) => line.split("\t"));
}

peerTest("tshark reads a session on TCP with its directions, numbers and checksums", [
  "tshark",
], async () => {
  const session = of("tcp://127.0.0.1:9999", "127.0.0.1:50322", 7);
  const packets = await read(
    [session.opened, session.received("hello"), session.sent("HELLO"), session.closed],
    [
      ...["ip.src", "tcp.srcport", "ip.dst", "tcp.dstport", "tcp.seq", "tcp.ack"],
      ...["tcp.flags.str", "tcp.payload", "ip.checksum.status", "tcp.checksum.status"],
      ...["frame.packet_flags_direction", "frame.interface_name", "frame.time_epoch"],
      ...["tcp.analysis.flags", "frame.comment"],
    ],
  );
  const [peer, own] = [["127.0.0.1", "50322"], ["127.0.0.1", "9999"]];
  const last = ["1", "1"];
  const name = ["tcp://127.0.0.1:9999", "1767323045.678000000", ""];
  const hex = (text: string) =>
    [...text].map((letter) => letter.charCodeAt(0).toString(16)).join("");
  const [inward, outward] = ["0x00000001", "0x00000002"];
  const flags = (letters: string) => letters.padStart(12, "\u00b7");
  const packet = (
    isIn: boolean,
    [seq, ack]: readonly [string, string],
    letters: string,
    data = "",
    comment = "",
  ) => [
    ...(isIn ? [...peer, ...own] : [...own, ...peer]),
    ...[seq, ack, letters, data, ...last, isIn ? inward : outward, ...name, comment],
  ];
  assertEquals(packets.map((row) => row.length), Array(8).fill(15));
  assertEquals(packets, [
    packet(true, ["0", "0"], flags("S\u00b7"), "", "session 7 of tcp://127.0.0.1:9999"),
    packet(false, ["0", "1"], flags("A\u00b7\u00b7S\u00b7")),
    packet(true, ["1", "1"], flags("A\u00b7\u00b7\u00b7\u00b7")),
    packet(true, ["1", "1"], flags("AP\u00b7\u00b7\u00b7"), hex("hello")),
    packet(false, ["1", "6"], flags("AP\u00b7\u00b7\u00b7"), hex("HELLO")),
    packet(false, ["6", "6"], flags("A\u00b7\u00b7\u00b7F"), "", "closed: done"),
    packet(true, ["6", "7"], flags("A\u00b7\u00b7\u00b7F")),
    packet(false, ["7", "7"], flags("A\u00b7\u00b7\u00b7\u00b7")),
  ]);
});

peerTest("a session on IPv6, one on UDP and a dialled one have the addresses they had", [
  "tshark",
], async () => {
  const six = of("tcp://[::1]:9999", "[::1]:50322", 1);
  const udp = of("udp://0.0.0.0:5353", "192.168.7.8:4000", 2);
  const udpSix = of("udp+sealed://[::]:5353", "[fe80::7%eth0]:4000", 3);
  const dialled = of("tcp://10.1.2.3:80", "10.1.2.3:80", 4);
  const packets = await read(
    [
      six.received("a"),
      udp.received("bb"),
      udp.sent(""),
      udpSix.received("ccc"),
      dialled.sent("d"),
    ],
    [
      ...["ip.src", "ipv6.src", "ip.dst", "ipv6.dst", "udp.srcport", "udp.dstport", "udp.length"],
      ...["tcp.srcport", "tcp.dstport", "tcp.len", "udp.checksum.status", "tcp.checksum.status"],
      "frame.comment",
    ],
  );
  const said = packets.filter((row) => row[9] !== "0");
  assertEquals(said, [
    ["", "::1", "", "::1", "", "", "", "50322", "9999", "1", "", "1", ""],
    [
      ...["192.168.7.8", "", "192.0.2.1", "", "4000", "5353", "10", "", "", "", "1", ""],
      "session 2 of udp://0.0.0.0:5353",
    ],
    ["192.0.2.1", "", "192.168.7.8", "", "5353", "4000", "8", "", "", "", "1", "", ""],
    [
      ...["", "fe80::7", "", "2001:db8::1", "4000", "5353", "11", "", "", "", "1", ""],
      "session 3 of udp+sealed://[::]:5353",
    ],
    ["192.0.2.1", "", "10.1.2.3", "", "", "", "", "49156", "80", "1", "", "1", ""],
  ]);
  // Whoever dialled has opened the connection.
  assertEquals(packets.at(-4)?.slice(0, 3), ["192.0.2.1", "", "10.1.2.3"]);
});

peerTest("what has no address gets a made-up one: Unix sockets of both kinds", [
  "tshark",
], async () => {
  const stream = of("unix:///run/echo.sock", "unnamed", 5);
  const other = of("unix:///run/echo.sock", "unnamed", 6);
  const datagram = of("unixgram:///run/log.sock", "/run/client.sock", 7);
  const packets = await read(
    [stream.received("a"), other.received("b"), datagram.received("c"), stream.sent("d")],
    ["ip.src", "tcp.srcport", "udp.srcport", "ip.dst", "tcp.dstport", "udp.dstport", "tcp.len"],
  );
  assertEquals(packets.filter((row) => row[6] !== "0"), [
    ["192.0.2.2", "49157", "", "192.0.2.1", "40000", "", "1"],
    ["192.0.2.2", "49158", "", "192.0.2.1", "40000", "", "1"],
    ["192.0.2.2", "", "49159", "192.0.2.1", "", "40001", ""],
    ["192.0.2.1", "40000", "", "192.0.2.2", "49157", "", "1"],
  ]);
});

peerTest("a long message becomes segments without a gap, and tshark finds nothing odd", [
  "tshark",
], async () => {
  const session = of("ws://127.0.0.1:9999", "127.0.0.1:50322", 65_536);
  const long = new Uint8Array(3_000_000).fill(0x78);
  const packets = await read(
    [session.opened, session.received(long), session.sent(long), session.received("end")],
    ["tcp.len", "tcp.checksum.status", "tcp.analysis.flags", "_ws.expert.message"],
  );
  const said = packets.slice(3);
  assertEquals(said.length, 2 * 92 + 1);
  assertEquals(said.reduce((sum, [length]) => sum + Number(length), 0), 6_000_003);
  assertEquals(new Set(said.map(([, status]) => status)), new Set(["1"]));
  assertEquals(new Set(said.map(([, , flags]) => flags)), new Set([""]));
});

peerTest("of a message whose beginning is known alone, the length is that of the whole", [
  "tshark",
], async () => {
  const stream = of("tcp://127.0.0.1:9999", "127.0.0.1:50322", 1);
  const datagram = of("udp+reliable://127.0.0.1:9999", "127.0.0.1:50322", 2);
  const packets = await read(
    [
      { event: stream.received("beginning"), messageBytes: 20_000 },
      stream.received("next"),
      { event: datagram.received(new Uint8Array(70_000)), messageBytes: 200_000 },
    ],
    ["tcp.seq", "tcp.len", "frame.len", "frame.cap_len", "udp.length"],
  );
  assertEquals(packets.slice(3), [
    ["1", "20000", "20040", "49", ""],
    ["20001", "4", "44", "44", ""],
    ["", "", "65535", "65535", "65515"],
    ["", "", "65535", "4521", "65515"],
  ]);
});

peerTest("requests and their answers are HTTP, at the times that their event tells", [
  "tshark",
], async () => {
  const session = of("http://127.0.0.1:80", "127.0.0.1:50322", 1);
  const packets = await read(
    [session.opened, session.request, session.request, session.closed],
    [
      ...["http.request.method", "http.request.uri", "http.host", "http.response.code"],
      ...["http.content_length_header", "frame.time_epoch"],
    ],
  );
  const request = ["GET", "/notes?x=1", "127.0.0.1:80", "", "", "1767323045.678000000"];
  const answer = ["", "", "", "200", "100000", "1767323045.690000000"];
  assertEquals(packets.slice(3, 7), [request, answer, request, answer]);
});

peerTest("the fields and bodies of requests are in a capture where their event has them", [
  "tshark",
], async () => {
  const session = of("http://127.0.0.1:80", "127.0.0.1:50322", 1);
  const request = {
    ...session.request,
    ...{ method: "POST", bytes: 9 },
    content: {
      request: {
        headers: [["host", "dock.example"], ["Transfer-Encoding", "chunked"]],
        ...{ bytes: 4, message: "ahoy" },
      },
      response: {
        headers: [["Content-Type", "text/plain"], ["Content-Length", "9"]],
        ...{ bytes: 9, cut: true, message: "AHOY" },
      },
    },
  } as ServerEvent;
  const packets = await read([session.opened, request], [
    ...["http.host", "http.transfer_encoding", "http.file_data", "http.content_length_header"],
    ...["http.content_type", "frame.len", "frame.cap_len"],
  ]);
  const [sent, answered] = packets.slice(3);
  assertEquals(sent?.slice(0, 5), ["dock.example", "", "ahoy", "4", ""]);
  assertEquals(answered?.slice(3, 5), ["9", "text/plain"]);
  assertEquals(Number(answered?.[5]) - Number(answered?.[6]), 5);
});

Deno.test("every block of a capture has its length at both ends, and a multiple of four", () => {
  const session = of("tcp://127.0.0.1:9999", "127.0.0.1:50322", 1);
  const bytes = captured([
    ...["", "a", "ab", "abc", "abcd"].map((text) => session.received(text)),
    session.closed,
    // No packets: nothing was said.
    { ...session.opened, event: "dialled" } as ServerEvent,
  ]);
  const view = new DataView(bytes.buffer);
  const types: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at + 4, true);
    assertEquals(length % 4, 0);
    assertEquals(view.getUint32(at + length - 4, true), length);
    types.push(view.getUint32(at, true));
    at += length;
  }
  assertEquals(types, [0x0a0d0d0a, 1, ...Array(11).fill(6)]);
});

Deno.test("a session that is forgotten for many others begins anew", () => {
  const capture = new Capture({ mostKnown: 10 });
  const count = (bytes: Uint8Array) => bytes.length;
  const first = of("tcp://127.0.0.1:1", "127.0.0.1:50322", 1);
  capture.packets(first.opened);
  const once = count(capture.packets(first.received("x")));
  for (let id = 2; id < 13; id++) {
    capture.packets(of("tcp://127.0.0.1:1", "127.0.0.1:5", id).opened);
  }
  assert(count(capture.packets(first.received("x"))) > once);
});
