import { assertEquals, assertThrows } from "@std/assert";
import { parseEndpoint } from "../../core/addresses/endpoint.ts";
import type { Carrier } from "../../core/layer.ts";
import { UsageError } from "../../core/usage_error.ts";
import { layerStack, shownLayers } from "../../dock/layer_stack.ts";

const schemes = new Map([["udp", "host"], ["tcp", "host"], ["http", "host"]] as const);

function stackOf(
  url: string,
  given: Record<string, unknown> = {},
  carrier: Carrier = "datagram",
) {
  return layerStack(parseEndpoint(url, schemes), carrier, given);
}

function namesOf(url: string, given: Record<string, unknown> = {}): string[] {
  return stackOf(url, given).map(({ layer }) => layer.name);
}

Deno.test("layers come from the URL in its order, and from options by their rank", () => {
  assertEquals(namesOf("udp://:1"), []);
  assertEquals(namesOf("udp+sealed+reliable://:1"), ["sealed", "reliable"]);
  assertEquals(namesOf("udp://:1", { layers: ["reliable", "signed"] }), ["signed", "reliable"]);
  assertEquals(namesOf("udp://:1", { layers: ["reliable, signed"] }), ["signed", "reliable"]);
  assertEquals(namesOf("udp+reliable://:1", { layers: ["sealed"] }), ["sealed", "reliable"]);
});

Deno.test("a layer that an option implies stands nearest to the wire and is not shown", () => {
  const stack = stackOf("udp+reliable://:1", { fault: ["loss=5%"], layers: ["sealed"] });
  assertEquals(stack.map(({ layer }) => layer.name), ["fault", "sealed", "reliable"]);
  assertEquals(shownLayers(stack), ["sealed", "reliable"]);
});

Deno.test("a stack that cannot work is refused with the reason", () => {
  const refused = (
    url: string,
    given: Record<string, unknown> = {},
    carrier: Carrier = "datagram",
  ) => assertThrows(() => stackOf(url, given, carrier), UsageError).message;
  assertEquals(
    refused("udp+relyable://:1"),
    'unknown layer "relyable" in "udp+relyable://:1" (did you mean reliable?); ' +
      "known are fault, signed, sealed, reliable",
  );
  assertEquals(
    refused("udp://:1", { layers: ["seeled"] }),
    'unknown layer "seeled" in --layers (did you mean sealed?); ' +
      "known are fault, signed, sealed, reliable",
  );
  assertEquals(
    refused("udp+sealed+dtls://:1"),
    'dtls in "udp+sealed+dtls://:1" is a transport and no layer; ' +
      "write it first, such as dtls+reliable://",
  );
  assertEquals(
    refused("udp+reliable+sealed://:1"),
    "udp+reliable+sealed://:1: the layer sealed cannot stand inside reliable; " +
      "write +sealed before +reliable, or one of them alone",
  );
  assertEquals(
    refused("udp+sealed://:1", { layers: ["sealed"] }),
    "udp+sealed://:1: the layer sealed stands there twice; once is enough",
  );
  assertEquals(
    refused("tcp+sealed://:1", {}, "stream"),
    "tcp+sealed://:1: the layer sealed does not work on a stream transport",
  );
});
