import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Context, Protocol } from "../../core/protocol.ts";
import { textOf } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";
import { connect } from "../../dock/connect.ts";
import { send } from "../../dock/send.ts";
import { serve, type ServeOptions } from "../../dock/serve.ts";
import { chargen } from "../../protocols/chargen.ts";
import { daytime } from "../../protocols/daytime.ts";
import { echo } from "../../protocols/echo.ts";
import { print } from "../../protocols/print.ts";
import { freePort } from "../free_port.ts";
import { EventLog } from "../memory.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** Answers every message with how many came before, on any endpoint; notes its life. */
function counting(): Protocol & { readonly life: string[] } {
  const life: string[] = [];
  return {
    name: "counting",
    summary: "Counts",
    framing: "none",
    datagramReply: "bounded",
    options: {},
    life,
    open() {
      let count = 0;
      life.push("opened");
      return {
        async serve(session) {
          for await (const _message of session) await session.send(`${count++}`);
        },
        async [Symbol.asyncDispose]() {
          await Promise.resolve();
          life.push("disposed");
        },
      };
    },
  };
}

async function ask(url: string, text = "?"): Promise<string> {
  return textOf(await send(url, text));
}

function portOf(url: string): number {
  return Number(/:(\d+)$/.exec(url)?.[1]);
}

/** The message of what `serve` throws. */
async function refusal(
  urls: string | readonly string[],
  options: Readonly<Record<string, unknown>> = {},
  protocol: Protocol = echo,
): Promise<string> {
  const error = await assertRejects(
    () => serve(urls, protocol, options as ServeOptions),
    UsageError,
  );
  return error.message;
}

Deno.test("serve() shares one service among its endpoints and disposes of it last", async () => {
  await using folder = await temporaryFolder();
  const protocol = counting();
  const places = ["tcp://:0", "udp://:0", `unix://${folder.path}/a`, "tcp://[::1]:0"];
  {
    await using server = await serve(places, protocol);
    assertEquals(server.url, server.urls[0]);
    assertEquals(server.urls.map((url) => url.replace(/:\d+$/, ":N")), [
      "tcp://127.0.0.1:N",
      "udp://127.0.0.1:N",
      `unix://${folder.path}/a`,
      "tcp://[::1]:N",
    ]);
    const answers: string[] = [];
    for (const url of server.urls) answers.push(await ask(url));
    assertEquals(answers, ["0", "1", "2", "3"]);
    assertEquals(server.stats().opened, 4);
    assertEquals(protocol.life, ["opened"]);
  }
  assertEquals(protocol.life, ["opened", "disposed"]);
});

Deno.test("when one endpoint cannot listen, the others are closed and the service disposed", async () => {
  const protocol = counting();
  await using taken = await serve("tcp://127.0.0.1:0", echo);
  const port = freePort();
  const error = await assertRejects(
    () => serve([`tcp://127.0.0.1:${port}`, taken.url], protocol),
    Error,
  );
  assertEquals(
    error.message,
    `Cannot listen on ${taken.url}: port ${portOf(taken.url)} is in use; ` +
      "choose another, or :0 for any free one",
  );
  assertEquals(protocol.life, ["opened", "disposed"]);
  await assertRejects(() => connect(`tcp://127.0.0.1:${port}`), Error, "connection refused");
});

Deno.test("a UDP port in use is named too", async () => {
  await using taken = await serve("udp://127.0.0.1:0", echo);
  const error = await assertRejects(() => serve(taken.url, echo), Error);
  assertEquals(
    error.message,
    `Cannot listen on ${taken.url}: port ${portOf(taken.url)} is in use; ` +
      "choose another, or :0 for any free one",
  );
});

Deno.test("an address that is not this machine's is refused with its URL", async () => {
  const error = await assertRejects(() => serve("tcp://192.0.2.1:0", echo), Error);
  assertEquals(
    error.message,
    "Cannot listen on tcp://192.0.2.1:0: this machine has no such address",
  );
});

for (const scheme of ["unix", "unixgram"] as const) {
  Deno.test(`${scheme}: a socket file that a dead process left is taken over`, async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/socket`;
    await leaveBehind(scheme, path);
    assert((await Deno.lstat(path)).isSocket);
    await using server = await serve(`${scheme}://${path}`, echo);
    assertEquals(await ask(server.url, "hello"), "hello");
  });

  Deno.test(`${scheme}: a socket file that is in use is left alone`, async () => {
    await using folder = await temporaryFolder();
    // What ends like the port of a host is still a path.
    await using server = await serve(`${scheme}://${folder.path}/socket:9`, echo);
    const error = await assertRejects(() => serve(server.url, echo), Error);
    assertEquals(
      error.message,
      `Cannot listen on ${server.url}: ` +
        "the socket file exists already; remove it if nothing uses it",
    );
    assertEquals(await ask(server.url, "still here"), "still here");
  });

  Deno.test(`${scheme}: a file that is no socket is left alone`, async () => {
    await using folder = await temporaryFolder();
    const path = `${folder.path}/precious`;
    await Deno.writeTextFile(path, "data");
    await assertRejects(
      () => serve(`${scheme}://${path}`, echo),
      Error,
      "something else than a socket is there",
    );
    assertEquals(await Deno.readTextFile(path), "data");
  });

  Deno.test(`${scheme}: the socket file is gone after the server`, async () => {
    await using folder = await temporaryFolder();
    await (await serve(`${scheme}://${folder.path}/socket`, echo)).shutdown();
    assertEquals([...Deno.readDirSync(folder.path)], []);
  });

  Deno.test(`${scheme}: a folder that does not exist is said to be missing`, async () => {
    const error = await assertRejects(
      () => serve(`${scheme}:///no/such/folder/socket`, echo),
      Error,
    );
    assertEquals(
      error.message,
      `Cannot listen on ${scheme}:///no/such/folder/socket: the folder of the socket does not exist`,
    );
  });

  Deno.test(`${scheme}: an abstract socket needs no file`, async () => {
    const name = `sockdock-test-${crypto.randomUUID()}`;
    await using server = await serve(`${scheme}://@${name}`, echo);
    assertEquals(server.url, `${scheme}://@${name}`);
    assertEquals(await ask(server.url, "hello"), "hello");
  });
}

/** Lets a process bind a socket file and be killed before it can remove it. */
async function leaveBehind(scheme: "unix" | "unixgram", path: string): Promise<void> {
  const open = scheme === "unix"
    ? `Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} })`
    : `Deno.listenDatagram({ transport: "unixpacket", path: ${JSON.stringify(path)} })`;
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--unstable-net", `${open}; console.log("bound"); setInterval(() => {}, 1e6)`],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
}

Deno.test("serve() says what is wrong with a URL", async () => {
  const known = "known are tcp, tls, unix, udp, dtls, unixgram, ws, wss, http, https";
  assertEquals(
    await refusal("tpc://:0"),
    `unknown scheme "tpc" in "tpc://:0" (did you mean tcp?); ${known}`,
  );
  assertEquals(
    await refusal("tcp://localhost"),
    '"tcp://localhost" names no port; add one, or :0 for any free port',
  );
  assertEquals(
    await refusal("tcp://:70000"),
    'port 70000 in "tcp://:70000" is out of range; ports are 0 to 65535',
  );
  assertEquals(
    await refusal("tcp+nonsense://:0"),
    'unknown layer "nonsense" in "tcp+nonsense://:0"; known are fault, signed, sealed, reliable',
  );
  assertEquals(await refusal([]), "echo needs a URL to listen on");
});

Deno.test("serve() says what goes with what", async () => {
  assertEquals(
    await refusal("http://:0"),
    "echo cannot run on http; it runs on tcp, tls, unix, udp, dtls, unixgram, ws, wss",
  );
  const error = await assertRejects(() => serve("tcp://:0", () => new Response()), UsageError);
  assertEquals(error.message, "handler cannot run on tcp; it runs on http, https, unix");
  assertEquals(
    await refusal("tcp://:0", { maxPeers: 5 }),
    "--max-peers has no effect on tcp; it goes with udp, dtls, unixgram",
  );
  assertEquals(
    await refusal(["tcp://:0", "unix:///tmp/x"], { maxConections: 5 }),
    "unknown option maxConections; did you mean maxConnections?",
  );
  const elsewhere = { idleTimeoutMs: 5000 } as unknown as ServeOptions;
  const foreign = await assertRejects(() => serve("http://:0", () => new Response(), elsewhere));
  assert(foreign instanceof UsageError);
  assertEquals(foreign.message, "handler on http has no option idle-timeout");
});

Deno.test("serve() checks the values of options", async () => {
  const wrong = { maxConnections: "many" } as unknown as ServeOptions;
  await assertRejects(() => serve("tcp://:0", echo, wrong), TypeError, "maxConnections");
  await assertRejects(
    () => serve("tcp://:0", echo, { maxConnections: 0 }),
    RangeError,
    "maxConnections",
  );
  assertEquals(
    await refusal("tcp://:0", { ipv4: true, ipv6: true }),
    "-4 and -6 exclude each other; give one",
  );
});

Deno.test("serve() leaves the caller's options as they were", async () => {
  const options = Object.freeze({ maxConnections: 5, allow: Object.freeze(["127.0.0.1"]) });
  await using server = await serve("tcp://:0", echo, options);
  assertEquals(await ask(server.url, "hello"), "hello");
});

Deno.test("an amplifier beyond loopback must be told whom to answer", async () => {
  const message = await refusal("udp://0.0.0.0:0", {}, chargen);
  assertEquals(
    message,
    "udp://0.0.0.0:0: chargen can answer a datagram with a larger one, which lets a forged " +
      "sender address aim it at others; say whom to answer with --allow, such as --allow 192.0.2.0/24, " +
      "or have senders prove who they are with a layer, such as udp+reliable://",
  );
  await using allowed = await serve("udp://0.0.0.0:0", daytime, { allow: ["127.0.0.0/8"] });
  assertEquals((await ask(`udp://127.0.0.1:${portOf(allowed.url)}`)).endsWith("+0000\r\n"), true);
  await using bounded = await serve("udp://0.0.0.0:0", echo);
  assertEquals(await ask(`udp://127.0.0.1:${portOf(bounded.url)}`, "hello"), "hello");
});

Deno.test("denied peers are turned away on every endpoint and counted", async () => {
  const log = new EventLog();
  const options = { deny: ["127.0.0.0/8"], emit: log.emit };
  await using server = await serve(["tcp://:0", "udp://:0"], echo, options);
  const [tcp, udp] = server.urls;
  using session = await connect(tcp!);
  const next = session[Symbol.asyncIterator]().next();
  assertEquals((await next.catch(() => ({ done: true }))).done, true);
  using datagrams = await connect(udp!);
  await datagrams.send("anyone?");
  await log.next("denied");
  await log.next("denied");
  assertEquals([server.stats().denied, server.stats().opened], [2, 0]);
});

Deno.test("finished resolves when the server was shut down, by whomever", async () => {
  const server = await serve(["tcp://:0", "udp://:0"], echo);
  let finished = false;
  void server.finished.then(() => finished = true);
  assertEquals(await ask(server.url, "hello"), "hello");
  assertEquals(finished, false);
  await server.shutdown();
  await server.finished;
  await assertRejects(() => connect(server.url), Error, "connection refused");
});

Deno.test("a shutdown waits for what is being answered, and a second one need not", async () => {
  const gate = Promise.withResolvers<void>();
  const slow: Protocol = {
    ...echo,
    name: "slow",
    open: () => ({
      async serve(session) {
        for await (const message of session) {
          const copy = textOf(message);
          await gate.promise;
          await session.send(copy);
        }
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
  const log = new EventLog();
  const server = await serve("tcp://:0", slow, { emit: log.emit, watch: true });
  const asking = ask(server.url, "patience");
  await log.next("received");
  const down = server.shutdown({ graceMs: 60_000 });
  gate.resolve();
  assertEquals(await asking, "patience");
  await down;

  const stuck = Promise.withResolvers<void>();
  const other = await serve("tcp://:0", {
    ...slow,
    open: () => ({
      async serve(session) {
        for await (const _message of session) await stuck.promise;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  }, { emit: log.emit, watch: true });
  using session = await connect(other.url);
  await session.send("?");
  await log.next("received");
  const graceful = other.shutdown({ graceMs: 60_000 });
  const now = other.shutdown({ graceMs: 0 });
  await log.next("closed");
  stuck.resolve();
  await Promise.all([graceful, now]);
});

Deno.test("aborting the signal shuts the server down, also when it was aborted before", async () => {
  const stop = new AbortController();
  const server = await serve("tcp://:0", echo, { signal: stop.signal });
  stop.abort();
  await server.finished;
  const late = await serve("tcp://:0", echo, { signal: AbortSignal.abort() });
  await late.finished;
});

Deno.test("once ends all endpoints after the first session on any of them", async () => {
  const server = await serve(["tcp://:0", "udp://:0"], echo, { once: true });
  assertEquals(await ask(server.urls[1]!, "only"), "only");
  await server.finished;
  await assertRejects(() => connect(server.urls[0]!), Error, "connection refused");
});

Deno.test("once ends an HTTP server after its first request, which is answered whole", async () => {
  const server = await serve("http://127.0.0.1:0", () => new Response("x".repeat(1 << 20)), {
    once: true,
  });
  const response = await fetch(server.url);
  assertEquals((await response.text()).length, 1 << 20);
  await server.finished;
  assertEquals(server.stats().requests, 1);
});

Deno.test("once does not count a peer that was denied", async () => {
  const server = await serve("tcp://:0", echo, { once: true, deny: ["127.0.0.2"] });
  using denied = await connect(server.url, { local: "127.0.0.2" });
  const answer = denied[Symbol.asyncIterator]().next();
  assertEquals((await answer.catch(() => ({ done: true }))).done, true);
  assertEquals(await ask(server.url, "admitted"), "admitted");
  await server.finished;
});

Deno.test("a protocol that stops its server stops all endpoints and says why", async () => {
  const log = new EventLog();
  const server = await serve(["tcp://:0", "udp://:0"], print, { until: "q", emit: log.emit });
  using session = await connect(server.urls[1]!);
  await session.send("q");
  await server.finished;
  assertEquals(/^stopping: 127\.0\.0\.1:\d+ sent q$/.test((await log.next("notice")).text), true);
});

Deno.test("watch shows every message either way", async () => {
  const log = new EventLog();
  await using server = await serve("udp://:0", echo, { watch: true, emit: log.emit });
  assertEquals(await ask(server.url, "hello"), "hello");
  assertEquals(textOf((await log.next("received")).message), "hello");
  assertEquals(textOf((await log.next("sent")).message), "hello");
});

Deno.test("without watch no message is shown", async () => {
  const log = new EventLog();
  await using server = await serve("tcp://:0", echo, { emit: log.emit });
  assertEquals(await ask(server.url, "hello"), "hello");
  await log.next("closed");
  assertEquals(log.events.map(({ event }) => event), ["listening", "opened", "closed"]);
});

Deno.test("serve() says once where each endpoint listens", async () => {
  const log = new EventLog();
  await using server = await serve(["tcp://:0", "udp://:0"], echo, { emit: log.emit });
  assertEquals(
    log.happened,
    server.urls.map((url) => ({ event: "listening", url, protocol: "echo" })),
  );
});

Deno.test("listening comes before what happens while further endpoints open", async () => {
  const events: string[] = [];
  const eager: Protocol = {
    ...echo,
    open(_options, context) {
      context.emit?.({ event: "notice", text: "hello" });
      return echo.open({}, context);
    },
  };
  await using _server = await serve(["tcp://:0", "tcp://:0"], eager, {
    emit: ({ event }) => void events.push(event),
  });
  assertEquals(events, ["listening", "listening", "notice"]);
});

Deno.test("an emit that throws on listening leaves no port open", async () => {
  let url = "";
  const failed = serve("tcp://:0", echo, {
    emit(event) {
      if (event.event !== "listening") return;
      url = event.url;
      throw new Error("no room for events");
    },
  });
  await assertRejects(() => failed, Error, "no room for events");
  await assertRejects(() => connect(url), Error, "Cannot connect");
});

Deno.test("a protocol gets the clock, the chance and the dialler it was given", async () => {
  let seen: Context | undefined;
  await using target = await serve("tcp://:0", echo);
  const curious: Protocol = {
    ...echo,
    open(_options, context) {
      seen = context;
      return echo.open({}, context);
    },
  };
  await using _server = await serve("tcp://:0", curious, { now: () => 42, random: () => 0.25 });
  assertEquals([seen?.now(), seen?.random()], [42, 0.25]);
  const session = await seen!.dial(target.url);
  await session.send("through the context");
  for await (const message of session) {
    assertEquals(textOf(message), "through the context");
    break;
  }
  session.close();
});

Deno.test("a request handler is an application", async () => {
  await using server = await serve(
    "http://127.0.0.1:0",
    async (request) => new Response(`${request.method} ${await request.text()}`),
  );
  const response = await fetch(server.url, { method: "POST", body: "hello" });
  assertEquals(await response.text(), "POST hello");
});
