/** The options that the control offers for a form. */

import { assert, assertEquals } from "@std/assert";
import { catalogue, openControl } from "../../../mod.ts";
import type { OptionState } from "../../../web/control/controlled_docks.ts";
import { ask } from "../ask_control.ts";

Deno.test("only the options that have an effect there are offered", async () => {
  await using control = await openControl([]);
  const namesFor = async (query: Record<string, string>) => {
    const { status, body } = await ask(
      control,
      "GET",
      `/api/catalogue/options?${new URLSearchParams(query)}`,
    );
    assertEquals(status, 200, JSON.stringify(body));
    return body.options.map(({ name }: OptionState) => name) as string[];
  };
  const tcp = await namesFor({ protocol: "echo", url: "tcp://127.0.0.1:0" });
  assert(tcp.includes("max-connections") && tcp.includes("fault") && tcp.includes("seed"));
  assert(!tcp.includes("tls-cert") && !tcp.includes("root") && !tcp.includes("sealed-key"));
  const sealed = await namesFor({ protocol: "echo", url: "udp+sealed+reliable://127.0.0.1:0" });
  assert(sealed.includes("sealed-key") && sealed.includes("reliable-control"));
  assert(!sealed.includes("max-connections"));
  const anywhere = await namesFor({ protocol: "relay", url: "tcp://127.0.0.1:0" });
  assert(anywhere.includes("upstream-tls-ca"));
  const toTcp = await namesFor({
    protocol: "relay",
    url: "tcp://127.0.0.1:0",
    to: "tcp://127.0.0.1:9",
  });
  assert(!toTcp.includes("upstream-tls-ca") && toTcp.includes("upstream-connect-timeout"));
});

Deno.test("an option is offered with all that a form needs", async () => {
  await using control = await openControl([], { folders: ["/srv"] });
  const query = "protocol=files&url=https%3A%2F%2F127.0.0.1%3A0";
  const { body } = await ask(control, "GET", `/api/catalogue/options?${query}`);
  assertEquals(body.folders, ["/srv"]);
  const named = (name: string) => body.options.find((one: OptionState) => one.name === name);
  assertEquals(named("root"), {
    name: "root",
    summary: named("root").summary,
    group: "files",
    kind: "value",
    value: "folder",
    choices: [],
    suggestions: [],
    default: named("root").default,
    many: false,
    required: true,
    secret: false,
    file: true,
    text: false,
    needs: [],
  });
  assertEquals([named("auth").secret, named("auth").default], [true, null]);
  assertEquals([named("upload").kind, named("upload").default], ["flag", "false"]);
  assertEquals([named("tls-key").file, named("tls-key").text], [true, true]);
  assertEquals(named("overwrite").needs, ["upload"]);
  assertEquals(named("tls-min").choices.includes("1.3"), true);
  assertEquals(named("seed").needs, ["fault"]);
  for (const wrong of ["protocol=ecko", "protocol=hello&url=udp%3A%2F%2F%3A0", "url=nothing"]) {
    assertEquals((await ask(control, "GET", `/api/catalogue/options?${wrong}`)).status, 422);
  }
});

Deno.test("everything in the catalogue has options, and none has two of one name", async () => {
  await using control = await openControl([]);
  for (const { name, transports } of catalogue().protocols) {
    for (const transport of transports) {
      const url = /^unix/.test(transport) ? `${transport}:///tmp/x` : `${transport}://127.0.0.1:0`;
      const query = new URLSearchParams({ protocol: name, url });
      const { status, body } = await ask(control, "GET", `/api/catalogue/options?${query}`);
      assertEquals(status, 200, `${name} ${url}: ${JSON.stringify(body)}`);
      const names = body.options.map((one: OptionState) => one.name);
      assertEquals(new Set(names).size, names.length);
    }
  }
});

Deno.test("a server that is refused says which option is to blame", async () => {
  await using control = await openControl([]);
  const refused: [string, Record<string, unknown>, string | undefined][] = [
    ["tcp://127.0.0.1:0", { "max-connections": "many" }, "max-connections"],
    ["tcp://127.0.0.1:0", { "max-connections": "0" }, "max-connections"],
    ["tcp://127.0.0.1:0", { allow: ["nowhere"] }, "allow"],
    ["tcp://127.0.0.1:0", { fault: ["loss=5%"] }, "fault"],
    ["tcp://127.0.0.1:0", { "tls-cert": "x.pem" }, "tls-cert"],
    ["tcp://127.0.0.1:0", { seed: 1 }, "seed"],
    ["tls://127.0.0.1:0", { "require-client-cert": true }, "require-client-cert"],
    ["udp+sealed://127.0.0.1:0", {}, "sealed-key"],
    ["tcp://0.0.0.0:0", {}, undefined],
  ];
  for (const [url, options, blamed] of refused) {
    const { status, body } = await ask(control, "POST", "/api/servers", {
      protocol: "echo",
      urls: [url],
      options,
    });
    assertEquals([status, body.option], [422, blamed], JSON.stringify(body));
  }
  const files = { protocol: "files", urls: ["http://127.0.0.1:0"] };
  assertEquals((await ask(control, "POST", "/api/servers", files)).body.option, "root");
  const relayed = { protocol: "relay", urls: ["tcp://127.0.0.1:0"] };
  assertEquals((await ask(control, "POST", "/api/servers", relayed)).body.option, "to");
});
