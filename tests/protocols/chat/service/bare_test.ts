/** `--bare`: what one client sends goes to every other, byte for byte. */

import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../../../core/usage_error.ts";
import { bytesOf, type Message } from "../../../../core/session.ts";
import type { DialledSession } from "../../../../core/client_kind.ts";
import { connect } from "../../../../dock/connect.ts";
import { serve } from "../../../../dock/serve.ts";
import { chat } from "../../../../protocols/chat.ts";
import { EventLog } from "../../../memory.ts";

async function received(session: DialledSession, bytes: number): Promise<Uint8Array> {
  const all: number[] = [];
  const messages = session[Symbol.asyncIterator]();
  while (all.length < bytes) {
    const { done, value } = await messages.next();
    if (done) break;
    all.push(...bytesOf(value));
  }
  return Uint8Array.from(all);
}

Deno.test("bare passes every byte to every other client, on all transports at once", async () => {
  const log = new EventLog();
  const folder = await Deno.makeTempDir();
  try {
    await using dock = await serve(
      ["udp://127.0.0.1:0", "tcp://127.0.0.1:0", "ws://127.0.0.1:0", `unix://${folder}/socket`],
      chat,
      { bare: true, emit: log.emit },
    );
    using udp = await connect(dock.urls[0]!);
    using tcp = await connect(dock.urls[1]!);
    using ws = await connect(dock.urls[2]!);
    using unix = await connect(dock.urls[3]!);
    // A datagram client is there once it has sent something.
    while (log.only("opened").length < 3) await log.next("opened");
    await udp.send("I");
    const others = [tcp, ws, unix];
    for (const other of others) assertEquals(await received(other, 1), bytesOf("I"));

    const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const cases: readonly Message[] = [everyByte, "\r\n", "/quit", '{"type":"hello"}', "\x1b[2J"];
    for (const from of [udp, tcp, ws, unix]) {
      for (const message of cases) {
        await from.send(message);
        const bytes = bytesOf(message);
        for (const to of [udp, ...others]) {
          if (to !== from) assertEquals(await received(to, bytes.length), bytes);
        }
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("bare shows the bytes and takes what is typed at the terminal", async () => {
  const log = new EventLog();
  const typed = Promise.withResolvers<string>();
  const quit = Promise.withResolvers<string>();
  await using dock = await serve("tcp://127.0.0.1:0", chat, {
    bare: true,
    emit: log.emit,
    lines: (async function* () {
      yield await typed.promise;
      yield await quit.promise;
    })(),
  });
  using client = await connect(dock.url);
  await client.send("a\r\n");
  assertEquals(bytesOf((await log.next("message")).message), bytesOf("a\r\n"));
  typed.resolve("hello");
  assertEquals(await received(client, 5), bytesOf("hello"));
  quit.resolve("/quit");
  await dock.finished;
});

Deno.test("bare refuses what it would leave without effect", async () => {
  for (
    const [options, flag] of [
      [{ cluster: ["nats://127.0.0.1:4222"] }, "--cluster"],
      [{ history: "chat.sqlite" }, "--history"],
    ] as const
  ) {
    await assertRejects(
      () => serve("tcp://127.0.0.1:0", chat, { bare: true, ...options }),
      UsageError,
      `${flag} has no effect with --bare`,
    );
  }
});
