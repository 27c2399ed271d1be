import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Message, Session } from "../../core/session.ts";
import { bytesOf, textOf } from "../../core/session.ts";
import { type Protocol, statelessProtocol } from "../../core/protocol.ts";
import { connect } from "../../dock/connect.ts";
import { exchange, type ExchangeOptions, type ExchangeResult, send } from "../../dock/send.ts";
import { serve } from "../../dock/serve.ts";
import { discard } from "../../protocols/discard.ts";
import { echo } from "../../protocols/echo.ts";
import { FakeTime } from "../fake_time.ts";
import { EventLog } from "../memory.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** A protocol that does this. */
function protocolOf(serve: (session: Session) => Promise<void>): Protocol {
  return statelessProtocol({
    name: "test",
    summary: "Test",
    framing: "none",
    datagramReply: "bounded",
    serve,
  });
}

/** Answers a message only when it has come for the nth time. */
function deafUntil(nth: number): Protocol {
  const heard = new Map<string, number>();
  return protocolOf(async (session) => {
    for await (const message of session) {
      const text = textOf(message);
      const count = (heard.get(text) ?? 0) + 1;
      heard.set(text, count);
      if (count >= nth) await session.send(`${text} ${count}`);
    }
  });
}

/** What an exchange yields and how it ends. */
async function exchanged(
  url: string,
  messages: Iterable<Message> | AsyncIterable<Message>,
  options: ExchangeOptions = {},
): Promise<{ readonly answers: string[]; readonly result: ExchangeResult }> {
  using session = await connect(url);
  const exchanging = exchange(session, messages, options);
  const answers: string[] = [];
  for (;;) {
    const { done, value } = await exchanging.next();
    if (done) return { answers, result: value };
    answers.push(textOf(value));
  }
}

Deno.test("send() on a stream ends our half and returns all that comes", async () => {
  const slow = protocolOf(async (session) => {
    let heard = "";
    for await (const message of session) heard += textOf(message);
    // Only at the end, and in parts.
    for (const letter of heard) await session.send(letter.toUpperCase());
  });
  await using server = await serve("tcp://:0", slow);
  assertEquals(textOf(await send(server.url, "hello")), "HELLO");
});

Deno.test("send() returns an empty answer where the peer says nothing and closes", async () => {
  await using server = await serve("tcp://:0", discard);
  assertEquals(await send(server.url, "into the void"), new Uint8Array(0));
});

/** A server of TCP that does this with its first connection. */
async function rawServer(
  url: (url: string) => Promise<unknown>,
  serve: (conn: Deno.TcpConn) => Promise<void> | void,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = listener.accept().then(serve);
  await url(`tcp://127.0.0.1:${listener.addr.port}`);
  await serving;
}

Deno.test("exchange() fails where a peer refuses our address", async () => {
  const log = new EventLog();
  const options = { deny: ["127.0.0.0/8"], emit: log.emit };
  await using server = await serve("tcp://127.0.0.1:0", echo, options);
  using time = new FakeTime();
  let atOnce = false;
  async function* message() {
    yield "hello";
    atOnce = true;
  }
  const refused = assertRejects(() => exchanged(server.url, message()), Error, "other addresses");
  // Our half stays open until the peer's end is there, and is looked at then.
  await time.until(() => atOnce);
  await time.until(() => log.only("denied").length === 1);
  await time.delivered();
  await time.advance(1000);
  await refused;
  assertEquals(log.only("denied").length, 1);
});

Deno.test("exchange() fails where a peer closes before it was sent anything", async () => {
  await rawServer(async (url) => {
    await assertRejects(() => exchanged(url, never()), Error, "without having taken");
  }, (conn) => conn.close());
  // Nothing to send and nothing to hear is no failure.
  await rawServer((url) => exchanged(url, []), (conn) => conn.close());
});

async function* never(): AsyncGenerator<Message> {
  await new Promise(() => {});
  yield "";
}

Deno.test("send() succeeds where a peer takes all and closes without a word", async () => {
  const take = async (conn: Deno.TcpConn) => {
    await conn.read(new Uint8Array(100));
    conn.close();
  };
  await rawServer(async (url) => assertEquals(await send(url, "hello"), new Uint8Array(0)), take);
  await using folder = await temporaryFolder();
  const brief = protocolOf(async (session) => {
    for await (const _message of session) break;
  });
  for (const url of ["tcp://127.0.0.1:0", "tls://127.0.0.1:0", `unix://${folder.path}/socket`]) {
    await using server = await serve(url, brief);
    const options = url.startsWith("tls") ? { insecure: true } : {};
    assertEquals(await send(server.url, "hello", options), new Uint8Array(0), url);
  }
});

Deno.test("send() fails where a peer closes in the middle of a message", async () => {
  const take = async (conn: Deno.TcpConn) => {
    await conn.read(new Uint8Array(100));
    conn.close();
  };
  await rawServer(async (url) => {
    const { message } = await assertRejects(() => send(url, new Uint8Array(1 << 25)), Error);
    assertMatch(message, /without having taken|reset by peer|broken pipe/i);
  }, take);
});

Deno.test("send() on datagrams returns the first answer, an empty one too", async () => {
  const twice = protocolOf(async (session) => {
    for await (const message of session) {
      await session.send(message);
      await session.send("more");
    }
  });
  await using server = await serve("udp://:0", twice);
  assertEquals(textOf(await send(server.url, "hello")), "hello");
  assertEquals(await send(server.url, ""), new Uint8Array(0));
});

Deno.test("send() returns what a stream answered before time ran out", async () => {
  const endless = protocolOf(async (session) => {
    await session.send("so far");
    await new Promise((resolve) => session.signal.addEventListener("abort", resolve));
  });
  using time = new FakeTime();
  await using server = await serve("tcp://:0", endless);
  let isOver = false;
  const sending = send(server.url, "?", { timeoutMs: 50 }).finally(() => isOver = true);
  await time.until(() => server.stats().bytesSent > 0);
  await time.delivered();
  await time.until(() => isOver, 50);
  assertEquals(textOf(await sending), "so far");
});

Deno.test("send() says that no answer came in time", async () => {
  const mute = protocolOf(async (session) => {
    await new Promise((resolve) => session.signal.addEventListener("abort", resolve));
  });
  await using server = await serve(["tcp://:0", "udp://:0"], mute);
  for (const url of server.urls) {
    const error = await assertRejects(() => send(url, "?", { timeoutMs: 50 }), DOMException);
    assertEquals([error.name, error.message], ["TimeoutError", `No answer from ${url} in time`]);
  }
  const udp = server.urls[1]!;
  const error = await assertRejects(
    () => send(udp, "?", { timeoutMs: 20, retries: 2 }),
    DOMException,
  );
  assertEquals(error.message, `No answer from ${udp} in time, though it was sent 3 times`);
});

Deno.test("send() sends a datagram again until it is answered, and tells before each time", async () => {
  using time = new FakeTime();
  await using server = await serve("udp://:0", deafUntil(3));
  const attempts: number[] = [];
  const sending = send(server.url, "hello", {
    retries: 5,
    timeoutMs: 50,
    onRetry: (attempt) => attempts.push(attempt),
  });
  await time.until(() => attempts.length === 2, 50);
  assertEquals(textOf(await sending), "hello 3");
  assertEquals(attempts, [2, 3]);
});

Deno.test("send() does not send again what was answered", async () => {
  await using server = await serve("udp://:0", echo);
  assertEquals(textOf(await send(server.url, "hello", { retries: 5 })), "hello");
  assertEquals(server.stats().messagesReceived, 1);
});

Deno.test("exchange() waits for the answer to each datagram before the next is sent", async () => {
  using time = new FakeTime();
  await using server = await serve("udp://:0", deafUntil(2));
  let retries = 0;
  let asked = 0;
  const messages = ["a", "b", "c"].values().map((message) => (asked++, message));
  const exchanging = exchanged(server.url, messages, {
    retries: 3,
    timeoutMs: 50,
    onRetry: () => retries++,
  });
  for (let number = 1; number <= 3; number++) {
    await time.until(() => asked === number);
    await time.until(() => retries === number, 50);
  }
  const { answers, result } = await exchanging;
  assertEquals(answers, ["a 2", "b 2", "c 2"]);
  assertEquals(result, { timedOut: false, attempts: 6 });
});

Deno.test("exchange() goes on after a datagram that nobody answers, and says so", async () => {
  const picky = protocolOf(async (session) => {
    for await (const message of session) {
      if (textOf(message) !== "b") await session.send(message);
    }
  });
  using time = new FakeTime();
  await using server = await serve("udp://:0", picky);
  let asked = 0;
  const messages = ["a", "b", "c"].values().map((message) => (asked++, message));
  const exchanging = exchanged(server.url, messages, { timeoutMs: 50 });
  await time.until(() => asked === 2);
  await time.until(() => asked === 3, 50);
  const { answers, result } = await exchanging;
  assertEquals(answers, ["a", "c"]);
  assertEquals(result, { timedOut: true, attempts: 3 });
});

Deno.test("exchange() sends and reads side by side, so that nothing fills up", async () => {
  await using server = await serve("tcp://:0", echo);
  const block = new Uint8Array(1 << 20).fill(7);
  using session = await connect(server.url);
  let received = 0;
  for await (const part of exchange(session, Array.from({ length: 16 }, () => block))) {
    received += bytesOf(part).length;
  }
  assertEquals(received, 16 << 20);
});

Deno.test("exchange() takes messages as they come", async () => {
  await using server = await serve("tcp://:0", echo, {});
  async function* coming() {
    yield "one ";
    await Promise.resolve();
    yield "two";
  }
  const { answers, result } = await exchanged(server.url, coming());
  assertEquals([answers.join(""), result], ["one two", { timedOut: false, attempts: 1 }]);
});

async function* broken(): AsyncGenerator<Message> {
  yield "the beginning";
  await Promise.resolve();
  throw new Error("the file cannot be read");
}

Deno.test("exchange() lets its messages' own failure through", async () => {
  await using server = await serve(["tcp://:0", "udp://:0"], echo);
  for (const url of server.urls) {
    await assertRejects(() => exchanged(url, broken()), Error, "the file cannot be read");
  }
});

Deno.test("a peer that has had enough and closes is no failure", async () => {
  const brief = protocolOf(async (session) => {
    for await (const _message of session) break;
    await session.send("enough");
  });
  await using server = await serve("tcp://:0", brief);
  using session = await connect(server.url);
  const answers: string[] = [];
  const block = new Uint8Array(1 << 16);
  for await (const part of exchange(session, Array.from({ length: 20 }, () => block))) {
    answers.push(textOf(part));
  }
  assertEquals(answers, ["enough"]);
});

Deno.test("a peer that closes ends the exchange, though there may be more to say", async () => {
  const brief = protocolOf(async (session) => {
    for await (const message of session) return await session.send(message);
  });
  await using server = await serve("tcp://:0", brief);
  async function* undecided(): AsyncGenerator<Message> {
    yield "first";
    await new Promise(() => {});
  }
  const { answers, result } = await exchanged(server.url, undecided());
  assertEquals([answers, result], [["first"], { timedOut: false, attempts: 1 }]);
});

Deno.test("without halfClose our half stays open until the peer is done", async () => {
  const log = new EventLog();
  const lines = protocolOf(async (session) => {
    let ended = true;
    for await (const message of session) {
      await session.send(`heard ${textOf(message)}`);
      ended = false;
      break;
    }
    if (ended) await session.send("you hung up");
  });
  await using server = await serve("tcp://:0", lines, { emit: log.emit });
  assertEquals(textOf(await send(server.url, "hello", { halfClose: false })), "heard hello");
});

Deno.test("send() closes its session whatever happens", async () => {
  const log = new EventLog();
  await using server = await serve("udp://:0", discard, { emit: log.emit });
  await assertRejects(() => send(server.url, "?", { timeoutMs: 20 }), DOMException);
  await assertRejects(() => send(server.url, new Uint8Array(70_000)), RangeError, "70000 bytes");
});
