/** Protocols and applications of one's own, with options like those of the house. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  choice,
  decimal,
  duration,
  flag,
  type HttpApp,
  integer,
  type OptionValues,
  type Protocol,
  send,
  serve,
  type ServeOptions,
  size,
  text,
  textOf,
  UsageError,
} from "../../mod.ts";

const options = {
  greeting: text({ default: "Hello", help: "what every name is answered with" }),
  times: integer({ default: 1, min: 1, max: 3, help: "how often" }),
  mark: choice(["!", "."], { default: "!", help: "what ends the answer" }),
  loud: flag({ help: "answer in capitals" }),
  pauseMs: duration({ default: 0, help: "how long to wait before an answer" }),
  chance: decimal({ default: 1, min: 0, max: 1, help: "how likely an answer is" }),
  longestBytes: size({ default: 100, help: "longest name" }),
  titles: text.many({ help: "what may stand before a name" }),
  from: text({ help: "who greets" }),
} as const;

/** What the protocol was opened with. */
const opened: OptionValues<typeof options>[] = [];

const greet: Protocol<typeof options> = {
  name: "greet",
  summary: "Greets whoever says a name",
  framing: "line",
  datagramReply: "larger",
  options,
  open(values) {
    opened.push(values);
    const { greeting, times, mark, loud } = values;
    return {
      async serve(session) {
        for await (const message of session) {
          const answer = `${greeting}, ${textOf(message).trim()}${mark}`.repeat(times);
          await session.send(loud ? answer.toUpperCase() : answer);
        }
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};

async function greeted(url: string, given?: ServeOptions<typeof options>): Promise<string> {
  await using server = await serve(url, greet, given);
  return new TextDecoder().decode(await send(server.url, "Ada")).trim();
}

Deno.test("a protocol of one's own has its defaults, and what a caller gives", async () => {
  assertEquals(await greeted("tcp://127.0.0.1:0"), "Hello, Ada!");
  assertEquals(opened.at(-1), {
    greeting: "Hello",
    times: 1,
    mark: "!",
    loud: false,
    pauseMs: 0,
    chance: 1,
    longestBytes: 100,
    titles: [],
    from: undefined,
  });
  const given = { greeting: "Ahoy", times: 2, mark: ".", loud: true } as const;
  for (const url of ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", "ws://127.0.0.1:0"]) {
    assertEquals(await greeted(url, given), "AHOY, ADA.AHOY, ADA.");
  }
});

Deno.test("its options stand beside those of transports and layers", async () => {
  const given = { greeting: "Ahoy", maxConnections: 2, fault: ["latency=1ms"] };
  assertEquals(await greeted("tcp://127.0.0.1:0", given), "Ahoy, Ada!");
});

Deno.test("a wrong value of its options is refused by name", async () => {
  const url = "tcp://127.0.0.1:0";
  await assertRejects(
    () => greeted(url, { times: 4 }),
    RangeError,
    "times: expected a whole number",
  );
  await assertRejects(
    () => greeted(url, { loud: "yes" as unknown as boolean }),
    TypeError,
    "loud: expected true or false",
  );
  await assertRejects(
    () => greeted(url, { greetings: "Ahoy" } as ServeOptions<typeof options>),
    UsageError,
    "unknown option greetings; did you mean greeting?",
  );
});

Deno.test("an application of one's own has options too", async () => {
  const page = { line: text({ required: true, help: "what the page says" }) } as const;
  const app: HttpApp<typeof page> = {
    name: "page",
    summary: "Says a line",
    options: page,
    open: ({ line }) => ({
      handle: () => new Response(line),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }),
  };
  await using server = await serve("http://127.0.0.1:0", app, { line: "ahoy" });
  assertEquals(await (await fetch(server.url)).text(), "ahoy");
  await assertRejects(() => serve("http://127.0.0.1:0", app), TypeError, "line is required");
});
