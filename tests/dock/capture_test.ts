/** Captures of servers that run, as tshark reads them. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { connect } from "../../dock/connect.ts";
import { openControl } from "../../dock/control/open_control.ts";
import { send } from "../../dock/send.ts";
import { serve } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import { upper } from "../../protocols/upper.ts";
import { hello } from "../../web/hello.ts";
import { peerTest, runPeer, startPeer } from "../peer.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** The fields of each packet that carries something. */
async function read(file: string, fields: readonly string[]): Promise<string[][]> {
  const { code, stdout, stderr } = await runPeer("tshark", [
    ...["-r", file, "-T", "fields", "-E", "separator=/t"],
    ...["-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"],
    ...["-Y", "(tcp.len > 0 && tcp.checksum.status != 0) || (udp && udp.checksum.status == 1)"],
    ...fields.flatMap((field) => ["-e", field]),
  ]);
  assertEquals(code, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "").map((line) => line.split("\t"));
}

peerTest("a capture has what was said on every transport, in plain, once each", [
  "tshark",
], async () => {
  await using folder = await temporaryFolder();
  await using server = await serve([
    ...["tcp://127.0.0.1:0", "tcp://[::1]:0", "udp://127.0.0.1:0", "tls://127.0.0.1:0"],
    ...["ws://127.0.0.1:0", `unix://${folder.path}/upper.sock`, "udp+reliable://127.0.0.1:0"],
  ], upper);
  await using web = await serve("http://127.0.0.1:0", hello);
  await using control = await openControl([server, web], { traffic: true });
  const headers = { authorization: `Bearer ${control.token}` };
  for (const [at, url] of server.urls.entries()) {
    await send(url, `hello ${at}`, url.startsWith("tls") ? { insecure: true } : {});
  }
  await (await fetch(`${web.url}/?x=1`)).body?.cancel();
  // Remembered once the request is over.
  await (await fetch(`${control.url}/api/wait?event=request`, { headers })).body?.cancel();

  const answer = await fetch(`${control.url}/api/capture`, { headers });
  assertEquals(answer.headers.get("content-type"), "application/x-pcapng");
  const file = `${folder.path}/all.pcapng`;
  await Deno.writeFile(file, await answer.bytes());
  const text = (hex: string) =>
    new TextDecoder().decode(
      Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16)),
    );
  const packets = await read(file, ["frame.interface_name", "tcp.payload", "udp.payload"]);
  const said = packets.map(([url, tcp, udp]) => [url, text(tcp! + udp!).split("\r\n")[0]]);
  const expected = server.urls.flatMap((url, at) => [[url, `hello ${at}`], [url, `HELLO ${at}`]]);
  assertEquals(said, [
    ...expected,
    [web.url, "GET /?x=1 HTTP/1.1"],
    [web.url, "HTTP/1.1 200"],
  ]);

  const one = await fetch(`${control.url}/api/capture?server=2&contains=HELLO`, { headers });
  await Deno.writeFile(file, await one.bytes());
  assertEquals(
    (await read(file, ["ipv6.dst", "tcp.payload"])).map(([ip, hex]) => [ip, text(hex!)]),
    [["::1", "HELLO 1"]],
  );
});

peerTest("a capture that is followed goes on, and a program reads it as it comes", [
  "tshark",
], async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  const headers = { authorization: `Bearer ${control.token}` };
  const ending = new AbortController();
  const answer = await fetch(`${control.url}/api/capture?follow=true`, {
    headers,
    signal: ending.signal,
  });
  await using reader = startPeer("tshark", [
    ...["-r", "-", "-l", "-Y", "tcp.len > 0", "-T", "fields", "-e", "tcp.payload"],
  ]);
  const passing = (async () => {
    try {
      for await (const chunk of answer.body!) await reader.write(chunk);
    } catch {
      // Ended below.
    }
  })();
  await using session = await connect(server.url);
  await session.send("ahoy");
  await reader.stdout.line(/^61686f79$/);
  await reader.stdout.line(/^61686f79$/);
  await session.send("bye");
  await reader.stdout.line(/^627965$/);
  ending.abort();
  await passing;
});

Deno.test("a capture says what it cannot do, and needs the token", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([server]);
  const headers = { authorization: `Bearer ${control.token}` };
  const refused = await fetch(`${control.url}/api/capture`);
  assertEquals(refused.status, 401);
  await refused.body?.cancel();
  for (
    const [query, status, detail] of [
      ["server=9", 404, "there is no server 9"],
      ["follow=maybe", 422, "follow: expected boolean"],
      ["event=opened", 422, "unknown parameter"],
      ["rate=0", 422, "rate: expected a number from 1"],
    ] as const
  ) {
    const answer = await fetch(`${control.url}/api/capture?${query}`, { headers });
    assertEquals(answer.status, status, query);
    assertStringIncludes((await answer.json()).detail, detail);
  }
});
