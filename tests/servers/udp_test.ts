import { assertEquals, assertThrows } from "@std/assert";
import type { BoundLayer } from "../../core/layer.ts";
import { UsageError } from "../../core/usage_error.ts";
import { refuseAmplifier } from "../../servers/datagrams/serve_udp.ts";

Deno.test("refuseAmplifier() wants to know whom to answer beyond loopback", () => {
  const chargen = { name: "chargen", framing: "none", datagramReply: "larger" } as const;
  const url = "udp://0.0.0.0:19";
  const proving: BoundLayer = {
    name: "reliable",
    rank: 40,
    carriers: ["datagram"],
    provesSender: true,
  };
  const refuse = (
    hostname: string,
    allow: string[],
    datagramReply: "bounded" | "larger",
    layers: readonly BoundLayer[] = [],
  ) =>
    refuseAmplifier(url, hostname, allow, {
      protocol: { ...chargen, datagramReply },
      layers,
    });
  assertEquals(
    assertThrows(() => refuse("0.0.0.0", [], "larger"), UsageError).message,
    "udp://0.0.0.0:19: chargen can answer a datagram with a larger one, which lets a forged " +
      "sender address aim it at others; say whom to answer with --allow, such as --allow 192.0.2.0/24, " +
      "or have senders prove who they are with a layer, such as udp+reliable://",
  );
  assertThrows(() => refuse("::", [], "larger"), UsageError);
  assertThrows(() => refuse("192.0.2.1", [], "larger"), UsageError);
  refuse("127.0.0.1", [], "larger");
  refuse("::1", [], "larger");
  refuse("0.0.0.0", ["192.0.2.0/24"], "larger");
  refuse("0.0.0.0", [], "bounded");
  refuse("0.0.0.0", [], "larger", [proving]);
});
