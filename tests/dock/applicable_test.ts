import { assertEquals, assertThrows } from "@std/assert";
import { parseEndpoint } from "../../core/addresses/endpoint.ts";
import { UsageError } from "../../core/usage_error.ts";
import {
  optionsForDialling,
  optionsForServing,
  refuseUselessDialling,
  refuseUselessServing,
  type Served,
  whyUseless,
} from "../../dock/applicable.ts";
import { clientSchemes, serverSchemes } from "../../dock/schemes.ts";
import { echo } from "../../protocols/echo.ts";
import { relay } from "../../protocols/relay.ts";
import { hello } from "../../web/hello.ts";

function listening(urls: readonly string[]) {
  return urls.map((url) => parseEndpoint(url, serverSchemes));
}

function dialled(url: string) {
  return parseEndpoint(url, clientSchemes);
}

function servingKeys(served: Served, urls: readonly string[], given = {}): string[] {
  return Object.keys(optionsForServing(served, listening(urls), given));
}

function diallingKeys(url: string, given = {}): string[] {
  return Object.keys(optionsForDialling(dialled(url), given));
}

function servingRefusal(served: Served, urls: readonly string[], given: object): string {
  return assertThrows(
    () => refuseUselessServing(served, listening(urls), { ...given }),
    UsageError,
  ).message;
}

function diallingRefusal(url: string, given: object, nameOf?: (key: string) => string): string {
  return assertThrows(
    () => refuseUselessDialling(dialled(url), { ...given }, nameOf),
    UsageError,
  ).message;
}

Deno.test("the options of a layer concern the URLs that have it, and nothing else", () => {
  assertEquals(servingKeys(hello, ["http://:1"]).includes("layers"), true);
  const plain = servingKeys(echo, ["udp://:1"]);
  assertEquals(plain.includes("layers"), true);
  assertEquals(plain.some((key) => key.startsWith("reliable")), false);
  assertEquals(servingKeys(echo, ["udp+sealed://:1"]).includes("sealedKey"), true);
  assertEquals(servingKeys(echo, ["udp://:1"], { layers: ["sealed"] }).includes("sealedKey"), true);
  assertEquals(diallingKeys("udp+sealed://:1").includes("sealedKey"), true);
  assertEquals(diallingKeys("udp://:1").includes("sealedKey"), false);
});

Deno.test("of a layer that an option implies, that option alone fits until it is given", () => {
  for (
    const keys of [servingKeys.bind(null, echo, ["tcp://:1"]), diallingKeys.bind(null, "tcp://:1")]
  ) {
    assertEquals([keys({}).includes("fault"), keys({}).includes("seed")], [true, false]);
    assertEquals(keys({ fault: ["latency=1s"] }).includes("seed"), true);
  }
  assertEquals(servingKeys(echo, ["udp+fault://:1"]).includes("seed"), true);
  const why = (key: string, url: string) => whyUseless(key, listening([url]), {});
  assertEquals(why("seed", "udp://:1"), "has no effect without --fault");
  assertEquals(why("seed", "udp+fault://:1"), "has no effect on what is served here");
  assertEquals(why("backlog", "udp://:1"), "has no effect on what is served here");
});

Deno.test("the options of each transport fit its URLs, those of the protocol all of them", () => {
  const keys = servingKeys(echo, ["tcp://:1"]);
  assertEquals([keys.includes("once"), keys.includes("maxConnections")], [true, true]);
  assertEquals(keys.includes("maxPeers"), false);
  assertEquals(servingKeys(echo, ["tcp://:1", "udp://:1"]).includes("maxPeers"), true);
  assertEquals(servingKeys(hello, ["unix://x"]).includes("maxMessageBytes"), false);
  assertEquals(servingKeys(echo, ["unix://x"]).includes("maxMessageBytes"), true);
});

Deno.test("the options of an upstream fit what dials, by where it dials", () => {
  const keys = (given = {}) => servingKeys(relay, ["tcp://:1"], given);
  assertEquals(servingKeys(echo, ["tcp://:1"]).includes("upstreamLocal"), false);
  assertEquals(keys().includes("upstreamTlsCa"), true, "nobody has said where to");
  assertEquals(keys({ to: "no URL" }).includes("upstreamTlsCa"), true, "that is refused elsewhere");
  assertEquals(keys({ to: "tcp://:2" }).includes("upstreamTlsCa"), false);
  assertEquals(keys({ to: "tls://:2" }).includes("upstreamTlsCa"), true);
  assertEquals(keys({ to: "tcp://:2" }).includes("upstreamConnectTimeoutMs"), true);
  const sealed = keys({ to: "udp://:2", upstreamLayers: ["sealed"] });
  assertEquals(sealed.includes("upstreamSealedKey"), true);
});

Deno.test("an option without effect on what is served is refused with what it goes with", () => {
  assertEquals(
    servingRefusal(echo, ["tcp://:1"], { maxPeers: 1 }),
    "--max-peers has no effect on tcp; it goes with udp, dtls, unixgram",
  );
  assertEquals(
    servingRefusal(echo, ["udp://:1"], { seed: 7 }),
    "--seed has no effect without --fault",
  );
  assertEquals(
    servingRefusal(echo, ["udp://:1"], { sealedKey: "x" }),
    "--sealed-key belongs to the layer sealed, which no URL here names; such as udp+sealed://",
  );
  assertEquals(
    servingRefusal(echo, ["tcp://:1"], { upstreamTlsCa: ["x"] }),
    "--upstream-tls-ca has no effect on echo; it is for relay",
  );
  assertEquals(
    servingRefusal(echo, ["tcp://:1", "unix://x"], { into: "x" }),
    "echo on tcp, unix has no option into",
  );
  refuseUselessServing(echo, listening(["tcp://:1"]), { maxPeers: undefined, once: true });
});

Deno.test("an option without effect on a session is refused under the name it was given by", () => {
  const upstream = (key: string) => `--upstream-${key}`;
  assertEquals(
    diallingRefusal("tcp://:1", { insecure: true }, upstream),
    "--upstream-insecure has no effect on tcp; it goes with tls, dtls, wss",
  );
  assertEquals(
    diallingRefusal("udp://:1", { seed: 7 }, upstream),
    "--upstream-seed has no effect without --upstream-fault",
  );
  assertEquals(
    diallingRefusal("udp://:1", { sealedKey: "x" }),
    "--sealed-key belongs to the layer sealed, which the URL does not name; such as udp+sealed://",
  );
});
