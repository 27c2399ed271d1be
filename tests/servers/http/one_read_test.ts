/** What goes wrong when bodies, answers and the watch for a client that leaves read at the same
 * time. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { HttpApp, HttpHandler } from "../../../core/http/app.ts";
import { connect } from "../../../dock/connect.ts";
import { serve, type ServeOptions } from "../../../dock/serve.ts";
import { textOf } from "../../../core/session.ts";

const encoder = new TextEncoder();

async function serving(handler: HttpHandler | HttpApp, options: ServeOptions = {}) {
  const server = await serve("http://127.0.0.1:0", handler, options);
  const { port, host } = new URL(server.url);
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  return {
    ...{ server, conn, host },
    say: (text: string) => conn.write(encoder.encode(text)),
    /** Reads until the text has this, or to the end. */
    async heard(wanted?: RegExp): Promise<string> {
      const buffer = new Uint8Array(16_384);
      let text = "";
      while (wanted === undefined || !wanted.test(text)) {
        const count = await conn.read(buffer);
        if (count === null) break;
        text += new TextDecoder("latin1").decode(buffer.subarray(0, count));
      }
      return text;
    },
    async [Symbol.asyncDispose]() {
      try {
        conn.close();
      } catch {
        // Closed by the test.
      }
      await server[Symbol.asyncDispose]();
    },
  };
}

const chunk = (bytes: string) => `${bytes.length.toString(16)}\r\n${bytes}\r\n`;

Deno.test("a body is passed back part by part as it comes", async () => {
  await using at = await serving((request) => Promise.resolve(new Response(request.body)));
  await at.say(`POST / HTTP/1.1\r\nHost: ${at.host}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  // Longer than the buffer of a connection at rest.
  await at.say(chunk("z".repeat(1000)));
  for (let left = 1000; left > 0;) left -= (await at.heard(/z\r\n$/)).split("z").length - 1;
  for (const letter of "ghijklm") {
    await at.say(chunk(letter.repeat(3)));
    await at.heard(new RegExp(`${letter}{3}\r\n$`));
  }
  await at.say("0\r\n\r\n");
  assertMatch(await at.heard(/0\r\n\r\n$/), /^0\r\n\r\n$/);
});

Deno.test("a WebSocket whose application looks at the signal loses no message", async () => {
  const app: HttpApp = {
    name: "signals",
    summary: "Looks at the signal of a request that became a WebSocket",
    options: {},
    open: () => ({
      handle: () => new Response(),
      upgrade: (request) => ({
        async serve(session) {
          assertEquals(request.signal.aborted, false);
          for await (const message of session) await session.send(message);
        },
      }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
  await using server = await serve("http://127.0.0.1:0", app);
  using session = await connect(server.url.replace("http", "ws"));
  const messages = session[Symbol.asyncIterator]();
  for (let number = 0; number < 6; number++) {
    await session.send(`message ${number}`);
    assertEquals(textOf((await messages.next()).value!), `message ${number}`);
  }
});

Deno.test("100 Continue is not written into an answer that has begun", async () => {
  const handler: HttpHandler = (request) => {
    let part = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(controller) {
        part++;
        if (part === 1) controller.enqueue(encoder.encode("first"));
        else {
          controller.enqueue(encoder.encode(await request.text()));
          controller.close();
        }
      },
    }, { highWaterMark: 0 });
    return Promise.resolve(new Response(body));
  };
  await using at = await serving(handler);
  await at.say(
    `POST / HTTP/1.1\r\nHost: ${at.host}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n`,
  );
  const before = await at.heard(/first\r\n$/);
  await at.say("late");
  const text = before + await at.heard(/0\r\n\r\n$/);
  assertEquals(text.includes("100 Continue"), false, text);
  assertMatch(text, /5\r\nfirst\r\n4\r\nlate\r\n0\r\n\r\n$/);
});

Deno.test("a client that resets after a long body aborts the signal of its request", async () => {
  const aborted = Promise.withResolvers<void>();
  const reading = Promise.withResolvers<void>();
  const handler: HttpHandler = async (request) => {
    const { signal } = request;
    signal.addEventListener("abort", () => aborted.resolve());
    assertEquals((await request.text()).length, 5000);
    reading.resolve();
    await aborted.promise;
    return new Response();
  };
  await using server = await serve("http://127.0.0.1:0", handler);
  const { port, host } = new URL(server.url);
  const { connect } = await import("node:net");
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 5000\r\n\r\n`);
  socket.write("x".repeat(5000));
  await reading.promise;
  socket.resetAndDestroy();
  await aborted.promise;
});

Deno.test("an answer that closes is whole, however much the client has sent behind its request", async () => {
  const body = "0123456789".repeat(30_000);
  await using at = await serving(() => new Response(body));
  const more = `GET /next HTTP/1.1\r\nHost: ${at.host}\r\n\r\n`.repeat(3000);
  const sending = at.say(`GET / HTTP/1.1\r\nHost: ${at.host}\r\nConnection: close\r\n\r\n${more}`)
    .catch(() => {});
  const text = await at.heard();
  await sending;
  assert(text.endsWith(body), `only ${text.length} bytes came`);
});
