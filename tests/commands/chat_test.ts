/** What a person types in a chat and what they see, without a terminal. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { chatEventJson } from "../../protocols/chat/client/event_json.ts";
import { mentions } from "../../protocols/chat/client/mentions.ts";
import { ChatLines, nameColour } from "../../commands/chat/lines.ts";
import { completeChat, parseChatLine } from "../../commands/chat/words.ts";
import { runCommandLine } from "../../commands/run.ts";
import { serve } from "../../dock/serve.ts";
import type { ChatMessage } from "../../protocols/chat/message.ts";
import { echo } from "../../protocols/echo.ts";
import { ScriptedChat } from "../protocols/chat/scripted_server.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { type FakeParts, FakeStdio } from "./fake_stdio.ts";

const NOON = new Date(2026, 10, 21, 12, 4).getTime();
const message = (fields: Partial<ChatMessage> = {}): ChatMessage => ({
  id: "1",
  room: "lobby",
  seq: 1,
  name: "bob",
  standing: "plain",
  kind: "say",
  text: "ahoy",
  timeMs: NOON,
  sentAtMs: undefined,
  ...fields,
});

Deno.test("parseChatLine() tells what is said from what is to be done", () => {
  assertEquals(parseChatLine("hello /quit"), { wish: "say", text: "hello /quit" });
  assertEquals(parseChatLine("  /quit"), { wish: "say", text: "  /quit" });
  assertEquals(parseChatLine("//quit"), { wish: "say", text: "/quit" });
  assertEquals(parseChatLine(" "), { wish: "nothing" });
  assertEquals(parseChatLine("/me  waves twice "), { wish: "me", text: "waves twice" });
  assertEquals(parseChatLine("/Msg bob  a  b"), { wish: "msg", name: "bob", text: "a  b" });
  assertEquals(parseChatLine("/kick bob"), { wish: "kick", name: "bob", reason: undefined });
  assertEquals(parseChatLine("/ban bob for  all"), {
    wish: "ban",
    name: "bob",
    reason: "for  all",
  });
  assertEquals(parseChatLine("/history"), { wish: "history", count: undefined });
  assertEquals(parseChatLine("/history 7"), { wish: "history", count: 7 });
  for (const quiet of ["/who", "/rooms", "/help", "/quit"]) {
    assertEquals(parseChatLine(quiet).wish, quiet.slice(1));
  }
});

Deno.test("parseChatLine() says how a command is written", () => {
  const why = (line: string) => {
    const wish = parseChatLine(line);
    return wish.wish === "wrong" ? wish.why : wish;
  };
  assertEquals(why("/msg bob"), "write it as /msg NAME TEXT");
  assertEquals(why("/name a b"), "write it as /name NAME");
  assertEquals(why("/history -1"), "write it as /history [N]");
  assertEquals(why("/kick"), "write it as /kick NAME [REASON]");
  assertEquals(why("/nonsense x"), "there is no /nonsense; /help lists what there is");
});

Deno.test("completeChat() completes commands, names and rooms where they belong", () => {
  const known = { names: ["Bob", "bert", "ada"], rooms: ["harbour", "lobby"] };
  const completed = (before: string) => completeChat(before, known).candidates;
  assertEquals(completed("/m"), ["/me ", "/msg "]);
  assertEquals(completed("/who"), ["/who"]);
  assertEquals(completed("b"), ["Bob: ", "bert: "]);
  assertEquals(completed("hi b"), ["Bob ", "bert "]);
  assertEquals(completeChat("hi b", known).from, 3);
  assertEquals(completed("/msg a"), ["ada "]);
  assertEquals(completed("/msg "), ["Bob ", "bert ", "ada "]);
  assertEquals(completed("/join h"), ["harbour"]);
  assertEquals(completed("hi "), []);
  assertEquals(completed("nobody"), []);
});

Deno.test("ChatLines shows messages as the design has them, with the day when it is another", () => {
  const lines = new ChatLines({ color: false, dates: true });
  assertEquals(
    lines.message(message()),
    ["-- 2026-11-21 --", "12:04 bob: ahoy"].slice(
      new Date().toDateString() === new Date(NOON).toDateString() ? 1 : 0,
    ),
  );
  assertEquals(lines.message(message({ kind: "me", text: "waves" })), ["12:04 * bob waves"]);
  assertEquals(lines.message(message({ standing: "verified" })), ["12:04 bob\u2713: ahoy"]);
  assertEquals(lines.message(message({ timeMs: NOON + 86_400_000 })), [
    "-- 2026-11-22 --",
    "12:04 bob: ahoy",
  ]);
  const whisper = { name: "bob", standing: "plain", text: "psst", timeMs: NOON } as const;
  assertEquals(lines.whisper(whisper), ["-- 2026-11-21 --", "12:04 [bob] psst"]);
});

Deno.test("ChatLines makes everything harmless that others wrote", () => {
  const evil = "\x1b[2J\u202e\r\n\x9b";
  const lines = new ChatLines({ color: true, dates: false });
  const shown = [
    ...lines.message(message({ name: evil, text: evil }), evil),
    ...lines.whisper({ name: evil, standing: "plain", text: evil, timeMs: NOON }),
    lines.event({ event: "came", room: evil, name: evil }),
    lines.event({ event: "went", room: evil, name: evil, reason: evil }),
    lines.event({ event: "renamed", room: evil, name: evil, to: evil }),
    lines.event({ event: "named", name: evil, standing: "plain" }),
    lines.event({ event: "joined", room: evil, members: 1 }),
    lines.event({ event: "notice", text: evil }),
    lines.event({ event: "error", code: evil, text: evil }),
    lines.event({ event: "lost", reason: evil, unsaid: 1 }),
  ];
  for (const line of shown) {
    // deno-lint-ignore no-control-regex
    assertEquals(line?.replace(/\x1b\[[\d;]*m/g, "").match(/[\x00-\x1f\x80-\x9f\u202e]/g), null);
  }
  assertEquals(
    new ChatLines({ color: false, dates: false }).message(message({ name: "ada\u2713" })),
    ["12:04 ada?: ahoy"],
  );
  const [long = ""] = lines.message(message({ text: "x".repeat(1_000_000) }));
  assert(long.length < 20_000 && long.endsWith("more characters)"));
});

Deno.test("ChatLines colours names the same always, and marks a mention", () => {
  const lines = new ChatLines({ color: true, dates: false });
  const [line = ""] = lines.message(message({ text: "ada, ADA and adamant" }), "ada");
  // deno-lint-ignore no-control-regex
  assertEquals(line.match(/\x1b\[1;7mada\x1b\[22;27m/gi)?.length, 1);
  assert(line.includes(`\x1b[38;5;${nameColour("bob")}mbob\x1b[0m`), line);
  assertEquals(nameColour("bob"), nameColour("bob"));
  const colours = new Set(Array.from({ length: 200 }, (_, n) => nameColour(`guest-${n}`)));
  assertEquals(colours.size, 16);
});

Deno.test("mentions() finds a name as a word of its own", () => {
  assert(mentions("hi ADA!", "ada") && mentions("ada", "ada") && mentions("a.b?", "a.b"));
  assert(mentions("\u65e5\u672c, hi", "\u65e5\u672c"));
  assert(!mentions("adamant canada", "ada") && !mentions("axb", "a.b"));
  assert(mentions("a-b (c)", "a-b") && mentions("(c)", "(c)"));
});

Deno.test("chatEventJson() writes times as the protocol does", () => {
  assertEquals(chatEventJson({ event: "message", own: false, message: message() }), {
    event: "message",
    id: "1",
    room: "lobby",
    seq: 1,
    name: "bob",
    standing: "plain",
    kind: "say",
    text: "ahoy",
    time: new Date(NOON).toISOString(),
    own: false,
  });
});

/** Runs `sockdock chat` with its input in a pipe. */
async function inPipe(
  args: readonly string[],
  stdin: FakeParts["stdin"] = [],
): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = new FakeStdio({ stdin: stdin ?? [] });
  // The streams of the command are others with the same parts.
  const code = await runCommandLine(["chat", ...args], io, () => undefined);
  return { code, stdout: io.stdoutText, stderr: io.stderrText };
}

Deno.test("chat in a pipe says each line, prints what others say, and ends after the acks", async () => {
  const room = new ScriptedChat({ verified: ["ada"] });
  await room.said("ada", "earlier \x1b[2J");
  await room.said("bob", "waves", "lobby", "me");
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  const { code, stdout, stderr } = await inPipe(
    [server.url, "--name", "bot", "--wait", "50ms"],
    ["one\n\n/quit\ntw", "o"],
  );
  assertEquals({ code, stderr }, { code: 0, stderr: "* you are in lobby as bot, 1 member\n" });
  assertMatch(stdout, /^\d\d:\d\d ada✓: earlier \\x1b\[2J\n\d\d:\d\d \* bob waves\n$/);
  assertEquals(room.log.slice(2).map(({ text }) => text), ["one", "/quit", "two"]);
});

Deno.test("chat --json prints an object for everything, also for what was said", async () => {
  const room = new ScriptedChat();
  await room.said("bob", "earlier");
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  const { code, stdout, stderr } = await inPipe(
    [`${server.url}/lobby`, "--name", "bot", "--wait", "0", "--json", "--no-history"],
    ["one\nforbidden\n"],
  );
  assertEquals({ code, stderr }, { code: 1, stderr: "" });
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(
    events.map(({ event }) => event),
    [
      "connected",
      "message",
      "acknowledged",
      "unsaid",
      "lost",
      "closed",
    ].filter((name) => events.some(({ event }) => event === name)),
  );
  const [said] = events.filter(({ event }) => event === "message");
  assertEquals([said.text, said.name, said.own, said.room], ["one", "bot", true, "lobby"]);
  const [unsaid] = events.filter(({ event }) => event === "unsaid");
  assertEquals([unsaid.code, unsaid.text], ["text-refused", "forbidden"]);
});

Deno.test("chat ends with 1 and a remedy when the name is taken in a pipe or nobody answers", async () => {
  const room = new ScriptedChat();
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  const io = new FakeStdio({ stdin: [] });
  const first = runCommandLine(
    ["chat", server.url, "--name", "bot", "--wait", "5s"],
    io,
    () => undefined,
  );
  while (room.seats.size === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals(await inPipe([server.url, "--name", "bot"]), {
    code: 1,
    stdout: "",
    stderr: "error: the name bot is taken in lobby; choose another with --name\n",
  });
  assertEquals(await first, 0);
  const { url } = server;
  await server[Symbol.asyncDispose]();
  const refused = await inPipe([url]);
  assertEquals(refused.code, 1);
  assertMatch(refused.stderr, /^error: Cannot connect to tcp:\/\/127\.0\.0\.1:\d+: /);
});

Deno.test("chat names the command that works with a server that is no chat of ours", async () => {
  for (const scheme of ["tcp", "udp"]) {
    await using server = await serve(`${scheme}://127.0.0.1:0`, echo);
    const { code, stderr } = await inPipe([`${server.url}/harbour`]);
    assertEquals(code, 1);
    assertEquals(
      stderr,
      `error: Cannot chat with ${server.url}/harbour: what answers is no chat of sockdock; talk to ` +
        `it as it is with: sockdock connect ${server.url}\n`,
    );
  }
});

Deno.test("chat ends with 4 when lines are not acknowledged", async () => {
  const room = new ScriptedChat({ answer: ({ type }) => type === "say" ? null : undefined });
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  const { code, stderr } = await inPipe(
    [server.url, "--name", "bot", "--ack-timeout", "50ms", "--wait", "0", "-q"],
    ["one\ntwo\n"],
  );
  assertEquals({ code, stderr }, {
    code: 4,
    stderr: "error: not said: no acknowledgement within 50 ms\n".repeat(2) +
      "error: 2 lines were not acknowledged\n",
  });
});

Deno.test("chat ends with 4 when the connection is lost and it may not come back", async () => {
  const room = new ScriptedChat({ dies: (moment) => moment === "arrived" });
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  const { code } = await inPipe([server.url, "--no-reconnect", "--wait", "0", "-q"], ["one\n"]);
  assertEquals(code, 4);
});

Deno.test("chat comes back while a pipe speaks, and says each line once", async () => {
  let deaths = 2;
  const room = new ScriptedChat({ dies: (moment) => moment === "stored" && deaths-- > 0 });
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  const { code } = await inPipe(
    [server.url, "--name", "bot", "--reconnect-max", "10ms", "--wait", "0", "-q"],
    ["one\ntwo\nthree\n"],
  );
  assertEquals(code, 0);
  assertEquals(room.log.map(({ text }) => text), ["one", "two", "three"]);
});

Deno.test("chat --verbose shows what passes on stderr, and --record keeps it", async () => {
  await using folder = await temporaryFolder();
  const record = `${folder.path}/record`;
  const room = new ScriptedChat();
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  const { code, stdout, stderr } = await inPipe(
    [server.url, "--name", "bot", "--wait", "0", "-v", "--record", record],
    ["one\n"],
  );
  assertEquals({ code, stdout }, { code: 0, stdout: "" });
  assertMatch(stderr, / sent \d+ B "\{\\"type\\":\\"say\\",/);
  assertMatch(await Deno.readTextFile(record), /"event":"received",.*welcome/);
});
