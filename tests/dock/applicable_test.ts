import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { servable } from "../../commands/line/serve_options.ts";
import { parseEndpoint } from "../../core/addresses/endpoint.ts";
import type { OptionTable } from "../../core/options/option.ts";
import { UsageError } from "../../core/usage_error.ts";
import {
  optionsForDialling,
  optionsForServing,
  refuseUselessDialling,
  refuseUselessServing,
  type Served,
  whyUseless,
} from "../../dock/applicable.ts";
import { connect } from "../../dock/connect.ts";
import { clientSchemes, serverSchemes } from "../../dock/schemes.ts";
import { serve } from "../../dock/serve.ts";
import { chat } from "../../protocols/chat.ts";
import { echo } from "../../protocols/echo.ts";
import { relay } from "../../protocols/relay.ts";
import { files } from "../../web/files.ts";
import { hello } from "../../web/hello.ts";
import { inspect } from "../../web/inspect.ts";

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
  const why = (key: string, url: string) =>
    whyUseless(key, { endpoints: listening([url]), served: [], given: {} });
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

Deno.test("an option that needs another one fits, and is not refused, only beside it", () => {
  const urls = ["http://:1"];
  for (
    const [served, at, key, needed] of [
      [files, urls, "maxUploadBytes", { upload: true }],
      [files, urls, "overwrite", { upload: true }],
      [files, urls, "authUpload", { upload: true }],
      [files, urls, "realm", { authTokenFile: "tokens" }],
      [echo, ["ws://:1"], "realm", { auth: "a:b" }],
      [chat, ["tcp://:1"], "clusterName", { cluster: ["nats://:1"] }],
      [inspect, urls, "logBody", { showRequests: true }],
    ] as const
  ) {
    const given = { [key]: "x" };
    assertEquals(servingKeys(served, at, { ...given, ...needed }).includes(key), true, key);
    assertEquals(servingKeys(served, at, given).includes(key), false, key);
    assertMatch(servingRefusal(served, at, given), /^--[a-z-]+ has no effect without --[a-z-]+$/);
    refuseUselessServing(served, listening(at), { ...given, ...needed });
    const off = { [key]: false, upload: false };
    assertEquals(servingKeys(served, at, off).includes(key), true, key);
  }
  const told = { endpoints: listening(urls), served: [hello, files], given: { overwrite: true } };
  assertEquals(whyUseless("overwrite", told), "has no effect without --upload");
});

Deno.test("what needs another option names options that are there", () => {
  for (const served of servable) {
    for (const [key, needed] of Object.entries(served.needs ?? {})) {
      const table: OptionTable = served.options;
      assertEquals(Object.hasOwn(table, key), true, `${served.name}: ${key}`);
      for (const one of [needed].flat()) assertEquals(Object.hasOwn(table, one), true, one);
    }
  }
});

Deno.test("a path in a URL is refused where nothing looks at it", async () => {
  const refusals: readonly (readonly [() => Promise<unknown>, string])[] = [
    [() => serve("tcp://127.0.0.1:0/room", echo), "write tcp://127.0.0.1:0"],
    [() => serve("http://127.0.0.1:0/pub", hello), "write http://127.0.0.1:0"],
    [() => connect("tcp://127.0.0.1:1/path"), "write tcp://127.0.0.1:1"],
    [() => connect("udp+sealed://[::1]:1/path"), "write udp+sealed://[::1]:1"],
  ];
  for (const [open, remedy] of refusals) await assertRejects(open, UsageError, remedy);
  await using slash = await serve(["tcp://127.0.0.1:0/", "ws://127.0.0.1:0/chat"], echo);
  using session = await connect(slash.urls[0]!);
  session.close();
});
