/** Talking to servers of this process over the control. */

import { assert, assertEquals } from "@std/assert";
import { discard, echo, hello, openControl, serve, statelessProtocol } from "../../mod.ts";
import { makeKey } from "../../core/keys/make.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { ask } from "./ask_control.ts";
import { everyServer } from "./every_server.ts";

/** Takes a message, says nothing and goes. */
const LEAVING = statelessProtocol({
  ...{ name: "leaving", summary: "Leaves", framing: "none", datagramReply: "none" },
  async serve(session) {
    for await (const _message of session) return;
  },
});

Deno.test("a question is answered over every transport, with the keys of the server", async () => {
  await using folder = await temporaryFolder();
  await using stack = new AsyncDisposableStack();
  const docks = await everyServer(folder.path);
  docks.forEach((dock) => stack.use(dock));
  await using control = await openControl(docks);
  for (const [at, { url }] of docks.entries()) {
    const { status, body } = await ask(control, "POST", `/api/servers/${at + 1}/ask`, {
      base64: "aGVsbG8A/w==",
      timeoutMs: 60_000,
    });
    assertEquals([status, body.outcome, body.base64], [200, "answered", "aGVsbG8A/w=="], url);
    assert(body.durationMs > 0 && body.connectMs >= 0, url);
  }
  const texts = await ask(control, "POST", "/api/servers/1/ask", { text: "\u6e2f" });
  assertEquals(texts.body.text, "\u6e2f");
});

Deno.test("a question says what is missing, that nothing came, and that the server has ended", async () => {
  const client = makeKey("ed25519", { name: "ada" });
  await using silent = await serve("tcp://127.0.0.1:0", discard);
  await using page = await serve("http://127.0.0.1:0", hello);
  await using signed = await serve("udp+signed://127.0.0.1:0", echo, {
    ...{ signedKey: makeKey("ed25519").text, signedSenders: `${client.publicLine}\n` },
  });
  await using leaving = await serve("tls://127.0.0.1:0", LEAVING);
  await using control = await openControl([silent, page, signed, leaving]);
  const asked = (server: number, body: unknown) =>
    ask(control, "POST", `/api/servers/${server}/ask`, body);
  const late = await asked(1, { text: "x", timeoutMs: 1 });
  assertEquals([late.status, late.body.outcome, "text" in late.body], [200, "late", false]);
  const ended = await asked(4, { text: "x" });
  assertEquals([ended.status, ended.body.outcome, "text" in ended.body], [200, "ended", false]);
  const http = await asked(2, { text: "x" });
  assertEquals(http.status, 422);
  assert(http.body.detail.includes("answers HTTP requests"), http.body.detail);
  const keyless = await asked(3, { text: "x" });
  assertEquals(keyless.status, 422);
  assert(keyless.body.detail.includes("give signed-key"), keyless.body.detail);
  const keyed = await asked(3, { text: "x", options: { "signed-key": client.text } });
  assertEquals(keyed.body.text, "x", JSON.stringify(keyed.body));
  assertEquals((await asked(9, { text: "x" })).status, 404);
  for (
    const [body, detail] of [
      [{}, "either text or base64"],
      [{ text: "x", options: { "sealed-key": "x" } }, "unknown option sealed-key"],
      [{ text: "x", options: { "tls-ca": "/etc/passwd" } }, "was given no folder"],
      [{ text: "x", timeoutMs: 0 }, "body.timeoutMs: expected a number from 1"],
    ] as const
  ) {
    const wrong = await asked(4, body);
    assertEquals(wrong.status, 422);
    assert(wrong.body.detail.includes(detail), wrong.body.detail);
  }
});
