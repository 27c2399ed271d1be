import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { textOf } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";
import { connect, type ConnectOptions } from "../../dock/connect.ts";
import { send } from "../../dock/send.ts";
import { serve } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import { freePort } from "../free_port.ts";
import { EventLog, utf8 } from "../memory.ts";
import { temporaryFolder } from "../temporary_folder.ts";

function portOf(url: string): number {
  return Number(/:(\d+)$/.exec(url)?.[1]);
}

/** A listener that accepts and then says nothing. */
function silentListener(): { readonly port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const held: Deno.Conn[] = [];
  const loop = (async () => {
    for await (const conn of listener) held.push(conn);
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await loop;
      for (const conn of held) conn.close();
    },
  };
}

async function refusal(url: string, options: ConnectOptions = {}): Promise<string> {
  return (await assertRejects(() => connect(url, options), UsageError)).message;
}

/** One message over a session and what comes back. */
async function echoed(url: string, options: ConnectOptions = {}): Promise<string> {
  using session = await connect(url, options);
  await session.send("hello");
  for await (const message of session) return textOf(message);
  return "";
}

Deno.test("connect() says what is wrong with a URL or an option", async () => {
  assertEquals(
    await refusal("tpc://:1"),
    'unknown scheme "tpc" in "tpc://:1" (did you mean tcp?); ' +
      "known are tcp, tls, unix, udp, dtls, unixgram, ws, wss",
  );
  assertEquals(await refusal("tcp://host"), '"tcp://host" names no port, such as tcp://host:9999');
  assertEquals(await refusal("tcp://:0"), '"tcp://:0" cannot be dialled; ports start at 1');
  assertEquals(
    await refusal("tcp+nonsense://:1"),
    'unknown layer "nonsense" in "tcp+nonsense://:1"; known are fault, signed, sealed, reliable',
  );
  assertEquals(
    await refusal("tcp://:1", { localPath: "/tmp/x" }),
    "--local-path has no effect on tcp; it goes with unixgram",
  );
  assertEquals(
    await refusal("tcp://:1", { nonsense: 1 } as ConnectOptions),
    "unknown option nonsense",
  );
  await assertRejects(
    () => connect("tcp://:1", { maxMessageBytes: "big" } as unknown as ConnectOptions),
    TypeError,
    "maxMessageBytes",
  );
});

Deno.test("connect() says that nothing listens, and where", async () => {
  const port = freePort();
  const error = await assertRejects(() => connect(`tcp://:${port}`), Error);
  assertEquals(
    error.message,
    `Cannot connect to tcp://127.0.0.1:${port}: connection refused; nothing listens there`,
  );
  assertInstanceOf(error.cause, Deno.errors.ConnectionRefused);
});

for (const scheme of ["unix", "unixgram"]) {
  Deno.test(`connect() says that there is no such ${scheme} socket`, async () => {
    const error = await assertRejects(() => connect(`${scheme}:///no/such/socket`), Error);
    assertEquals(
      error.message,
      `Cannot connect to ${scheme}:///no/such/socket: there is no such socket`,
    );
  });
}

Deno.test("connect() gives up in time, and says so with the error that callers branch on", async () => {
  await using silent = silentListener();
  const url = `tls://127.0.0.1:${silent.port}`;
  const error = await assertRejects(() => connect(url, { connectTimeoutMs: 50 }), DOMException);
  assertEquals(error.name, "TimeoutError");
  assertEquals(error.message, `Cannot connect to ${url}: no answer within 50 ms`);
});

Deno.test("aborting the signal ends the attempt and leaves no timer behind", async () => {
  await using silent = silentListener();
  const stop = new AbortController();
  const attempt = connect(`ws://127.0.0.1:${silent.port}`, { signal: stop.signal });
  stop.abort(new Error("changed my mind"));
  const error = await assertRejects(() => attempt, Error);
  assertEquals(error.message.includes("changed my mind"), true, error.message);
  await assertRejects(
    () => connect(`tcp://127.0.0.1:${silent.port}`, { signal: AbortSignal.abort() }),
    Error,
  );
});

Deno.test("aborting the signal leaves an open session alone", async () => {
  await using server = await serve("tcp://:0", echo);
  const stop = new AbortController();
  using session = await connect(server.url, { signal: stop.signal });
  stop.abort();
  await session.send("still here");
  for await (const message of session) {
    assertEquals(textOf(message), "still here");
    break;
  }
});

Deno.test("closing a session aborts its signal and ends its input", async () => {
  await using server = await serve(["tcp://:0", "udp://:0"], echo);
  for (const url of server.urls) {
    const session = await connect(url);
    const next = session[Symbol.asyncIterator]().next();
    session.close();
    assertEquals((await next).done, true, url);
    assertEquals(session.signal.aborted, true, url);
  }
});

for (const scheme of ["tcp", "udp"] as const) {
  Deno.test(`local chooses the address and port that a ${scheme} server sees`, async () => {
    const log = new EventLog();
    await using server = await serve(`${scheme}://:0`, echo, { emit: log.emit });
    assertEquals(await echoed(server.url, { local: "127.0.0.2" }), "hello");
    assertEquals((await log.next("opened")).peer.startsWith("127.0.0.2:"), true);
    const port = freePort();
    assertEquals(await echoed(server.url, { local: `127.0.0.1:${port}` }), "hello");
    assertEquals((await log.next("opened")).peer, `127.0.0.1:${port}`);
  });

  Deno.test(`a local ${scheme} port that is in use is refused`, async () => {
    await using server = await serve(`${scheme}://:0`, echo);
    const local = `127.0.0.1:${portOf(server.url)}`;
    const error = await assertRejects(() => connect(server.url, { local }), Error);
    assertEquals(error.message, `Cannot connect to ${server.url}: the local port is in use`);
  });

  Deno.test(`a local ${scheme} address that is not ours is refused`, async () => {
    await using server = await serve(`${scheme}://:0`, echo);
    const error = await assertRejects(() => connect(server.url, { local: "192.0.2.1" }), Error);
    assertEquals(
      error.message,
      `Cannot connect to ${server.url}: this machine has no such local address`,
    );
  });
}

Deno.test("local that is no address is refused", async () => {
  for (const local of ["", "127.0.0.1:99999", "::1", "[::1", "127.0.0.1:http"]) {
    assertEquals(
      (await assertRejects(() => connect("tcp://:9", { local }), Error)).message.endsWith(
        `--local: expected an address such as 127.0.0.1:5000 or [::1]:0, got "${local}"`,
      ),
      true,
      local,
    );
  }
});

Deno.test("a session dialled from a local address half-closes like any other", async () => {
  await using server = await serve("tcp://:0", echo);
  const answer = await send(server.url, "half-closed", { local: "127.0.0.2" });
  assertEquals(textOf(answer), "half-closed");
});

Deno.test("ipv4 and ipv6 choose between the addresses of a name", async () => {
  for (const scheme of ["tcp", "udp"]) {
    await using four = await serve(`${scheme}://127.0.0.1:0`, echo);
    assertEquals(
      await echoed(`${scheme}://localhost:${portOf(four.url)}`, { ipv4: true }),
      "hello",
    );
    await using six = await serve(`${scheme}://[::1]:0`, echo);
    assertEquals(await echoed(six.url, { ipv6: true }), "hello");
  }
});

Deno.test("ipv4 and ipv6 exclude each other and literal addresses of the other kind", async () => {
  for (const scheme of ["tcp", "udp"]) {
    const message = async (url: string, options: ConnectOptions) =>
      (await assertRejects(() => connect(url, options), Error)).message;
    const both = await message(`${scheme}://localhost:9`, { ipv4: true, ipv6: true });
    assertEquals(both.endsWith("-4 and -6 exclude each other; give one"), true, both);
    const four = await message(`${scheme}://[::1]:9`, { ipv4: true });
    assertEquals(four.endsWith("::1 is not an IPv4 address"), true, four);
    const six = await message(`${scheme}://127.0.0.1:9`, { ipv6: true });
    assertEquals(six.endsWith("127.0.0.1 is not an IPv6 address"), true, six);
  }
});

Deno.test("a datagram session hears its peer alone", async () => {
  using peer = disposable(
    Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }),
  );
  using stranger = disposable(
    Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 }),
  );
  using session = await connect(`udp://127.0.0.1:${(peer.addr as Deno.NetAddr).port}`);
  await session.send("who is there?");
  const [, client] = await peer.receive();
  await stranger.send(utf8("a stranger"), client);
  await peer.send(utf8("the peer"), client);
  for await (const message of session) {
    assertEquals(textOf(message), "the peer");
    break;
  }
});

function disposable(socket: Deno.DatagramConn): Deno.DatagramConn & Disposable {
  return Object.assign(socket, { [Symbol.dispose]: () => socket.close() });
}

Deno.test("a datagram peer is known by its address, however the URL writes it", async () => {
  await using four = await serve("udp://0.0.0.0:0", echo);
  await using six = await serve("udp://[::]:0", echo);
  const urls = [
    four.url,
    `udp://0.0.0.0:${portOf(four.url)}`,
    `udp://[::ffff:127.0.0.1]:${portOf(four.url)}`,
    six.url,
    `udp://[0:0:0:0:0:0:0:1]:${portOf(six.url)}`,
    `udp://[::0001]:${portOf(six.url)}`,
    `udp://[::FFFF:127.0.0.1]:${portOf(six.url)}`,
    `udp://127.0.0.1:${portOf(six.url)}`,
    `udp://localhost:${portOf(six.url)}`,
  ];
  for (const url of urls) {
    const answer = await send(url, "hello").catch((error: Error) => error.message);
    assertEquals(typeof answer === "string" ? answer : textOf(answer), "hello", url);
  }
});

Deno.test("localPath is where the answers of a Unix datagram peer arrive", async () => {
  await using folder = await temporaryFolder();
  const log = new EventLog();
  await using server = await serve(`unixgram://${folder.path}/server`, echo, { emit: log.emit });
  const localPath = `${folder.path}/client`;
  assertEquals(await echoed(server.url, { localPath }), "hello");
  assertEquals((await log.next("opened")).peer, localPath);
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["server"]);
});

Deno.test("a Unix datagram socket sends while it waits to receive", async () => {
  await using folder = await temporaryFolder();
  await using server = await serve(`unixgram://${folder.path}/server`, echo);
  using session = await connect(server.url);
  const messages = session[Symbol.asyncIterator]();
  const first = messages.next();
  await Promise.all(["a", "b", "c"].map((text) => session.send(text)));
  const answers = [textOf((await first).value ?? "")];
  while (answers.length < 3) answers.push(textOf((await messages.next()).value ?? ""));
  assertEquals(answers, ["a", "b", "c"]);
});
