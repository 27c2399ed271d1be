import { assertEquals } from "@std/assert";
import { catalogue } from "../../dock/catalogue.ts";

Deno.test("what needs order is listed with the layer that it cannot do without", () => {
  const inbox = catalogue().protocols.find(({ name }) => name === "inbox")!;
  assertEquals(inbox.transports.filter((name) => /udp|dtls|unixgram/.test(name)), [
    "udp+reliable",
    "dtls+reliable",
    "unixgram+reliable",
  ]);
});

Deno.test("a transport is listed with the layers that can stand on it", () => {
  const layersOf = (wanted: string) =>
    catalogue().transports.find(({ name }) => name === wanted)!.layers;
  assertEquals(layersOf("udp"), ["fault", "signed", "sealed", "reliable"]);
  assertEquals(layersOf("dtls"), ["fault", "signed", "reliable"], "sealed would seal twice");
  assertEquals(layersOf("tcp"), ["fault"]);
  assertEquals(layersOf("https"), ["fault"]);
});
