import { assertRejects } from "@std/assert";
import {
  connect,
  copyTo,
  echo,
  joinChat,
  relay,
  send,
  serve,
  statelessProtocol,
  UsageError,
  waitFor,
} from "../../mod.ts";
import { createHttpClient, fetchUrl } from "../../mod/http.ts";

const NOWHERE = "tcp://127.0.0.1:1";

/** What a program in JavaScript may pass. */
function options(key: string): Record<string, never> {
  return { [key]: 5 as never };
}

const own = statelessProtocol({
  name: "own",
  summary: "Says nothing",
  framing: "none",
  datagramReply: "none",
  serve: () => Promise.resolve(),
});

const CASES: readonly [what: string, message: string, call: () => Promise<unknown>][] = [
  [
    "serve",
    "unknown option idleTimeout; did you mean idleTimeoutMs?",
    () => serve("tcp://127.0.0.1:0", echo, options("idleTimeout")),
  ],
  [
    "serve, of a protocol of one's own",
    "unknown option max_connections; did you mean maxConnections?",
    () => serve("tcp://127.0.0.1:0", own, options("max_connections")),
  ],
  [
    "serve, of a hook",
    "unknown option signall; did you mean signal?",
    () => serve("tcp://127.0.0.1:0", echo, options("signall")),
  ],
  [
    "serve, of another transport",
    "unknown option tlsCertt; did you mean tlsCert?",
    () => serve("tcp://127.0.0.1:0", echo, options("tlsCertt")),
  ],
  [
    "relay",
    "unknown option upstreamTlsCA; did you mean upstreamTlsCa?",
    () => relay("tcp://127.0.0.1:0", NOWHERE, options("upstreamTlsCA")),
  ],
  [
    "connect",
    "unknown option connectTimeout; did you mean connectTimeoutMs?",
    () => connect(NOWHERE, options("connectTimeout")),
  ],
  [
    "send",
    "unknown option timeout; did you mean timeoutMs?",
    () => send(NOWHERE, "x", options("timeout")),
  ],
  [
    "waitFor",
    "unknown option interval; did you mean intervalMs?",
    () => waitFor(NOWHERE, options("interval")),
  ],
  [
    "copyTo",
    "unknown option timeout; did you mean timeoutMs?",
    () => copyTo(NOWHERE, ["README.md"], options("timeout")),
  ],
  [
    "joinChat",
    "unknown option ackTimeout; did you mean ackTimeoutMs?",
    () => joinChat(NOWHERE, options("ackTimeout")),
  ],
];

for (const [what, message, call] of CASES) {
  Deno.test(`an unknown option is refused with the one that was meant: ${what}`, async () => {
    await assertRejects(call, UsageError, message);
  });
}

Deno.test("an unknown option of a request is refused with the one that was meant", async () => {
  const url = "http://127.0.0.1:1/";
  for (
    const [call, message] of [
      [() => fetchUrl(url, options("maxTime")), "maxTime; did you mean maxTimeMs?"],
      [() => fetchUrl(url, options("header")), "header; did you mean headers?"],
      [
        async () => await createHttpClient(options("cookie")).fetch(url),
        "cookie; did you mean cookies?",
      ],
    ] as const
  ) await assertRejects(call, TypeError, message);
});

Deno.test("a key far from every other is refused without a guess", async () => {
  const error = await assertRejects(
    () => serve("tcp://127.0.0.1:0", echo, options("zzz")),
    UsageError,
  );
  if (error.message !== "unknown option zzz") throw error;
});
