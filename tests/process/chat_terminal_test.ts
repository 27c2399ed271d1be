/** `chat` at a real pseudo-terminal: keys go in, a screen comes out. */

import { assert, assertEquals } from "@std/assert";
import { serve } from "../../dock/serve.ts";
import { peerTest, startPython } from "../peer.ts";
import { runProgram } from "../program.ts";
import { putSockdock } from "../program_on_path.ts";
import { ScriptedChat } from "../protocols/chat/scripted_server.ts";
import { Person } from "../person.ts";
import { newSeed, seeded } from "../seeded.ts";
import { temporaryFolder } from "../temporary_folder.ts";

type Body = (person: Person, room: ScriptedChat, url: string) => Promise<void>;

/** Runs `chat` at a terminal of 60 columns for the length of `body`. */
async function atTerminal(
  room: ScriptedChat,
  args: readonly string[],
  body: Body,
  url?: string,
): Promise<void> {
  await using folder = await temporaryFolder();
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  const program = await putSockdock(folder.path);
  await using process = startPython("terminal.py", [
    "60",
    "24",
    program,
    "chat",
    url ?? server.url,
    ...args,
  ]);
  await body(new Person(process, 60), room, server.url);
}

const PROMPT = "[lobby] ada> ";

function terminalTest(name: string, args: readonly string[], body: Body): void {
  peerTest(name, ["python3"], () => atTerminal(new ScriptedChat(), args, body));
}

const NAMED = ["--name", "ada", "--color", "never"];

terminalTest("what comes in never breaks the line being typed", NAMED, async (person, room) => {
  await person.seesPrompt(`${PROMPT}|`);
  await person.type("hello w\u00f6rld");
  await person.seesPrompt(`${PROMPT}hello w\u00f6rld|`);
  await person.type("\x1b[D\x1b[D");
  await room.said("bob", "first");
  await room.said("bob", "x".repeat(100));
  await room.said("bob", "last");
  await person.seesLine("bob: last");
  await person.seesPrompt(`${PROMPT}hello w\u00f6r|ld`);
  assertEquals(person.screen.lines.filter((line) => line.includes("hello")).length, 1);
  await person.type("\r");
  await person.seesLine("ada: hello w\u00f6rld");
  await person.seesPrompt(`${PROMPT}|`);
  assertEquals(room.log.at(-1)?.text, "hello w\u00f6rld");
  // Whole lines stand above, each where it belongs.
  const shown = person.screen.lines.map((line) => line.replace(/^\d\d:\d\d /, ""));
  assertEquals(shown, [
    "* you are in lobby as ada, 1 member",
    "bob: first",
    `bob: ${"x".repeat(49)}`,
    "x".repeat(51),
    "bob: last",
    "ada: hello w\u00f6rld",
    PROMPT.trimEnd(),
  ]);
});

terminalTest(
  "wide characters are typed, split between reads, edited and shown",
  NAMED,
  async (person, room) => {
    await person.seesPrompt(`${PROMPT}|`);
    for (const byte of new TextEncoder().encode("\u65e5\u672c\u8a9e")) {
      await person.type(Uint8Array.of(byte));
    }
    await person.seesPrompt(`${PROMPT}\u65e5\u672c\u8a9e|`);
    await person.type("\x1b[D\x7f!");
    await person.seesPrompt(`${PROMPT}\u65e5!|\u8a9e`);
    await person.type("\x05\u{1f469}\u200d\u{1f469}\u200d\u{1f467}x\x1b[D\x7f\r");
    await person.seesLine("ada: \u65e5!\u8a9ex");
    assertEquals(room.log.at(-1)?.text, "\u65e5!\u8a9ex");
  },
);

terminalTest(
  "a line longer than the window scrolls, also when the window changes",
  NAMED,
  async (person, room) => {
    await person.seesPrompt(`${PROMPT}|`);
    const long = "abcdefghij".repeat(9);
    await person.type(long);
    await person.seesPrompt(`${PROMPT}${long.slice(-45)}|`);
    await person.type("\x01");
    await person.seesPrompt(`${PROMPT}|${long.slice(0, 45)}`);
    await person.resize(40);
    await person.seesPrompt(`${PROMPT}|${long.slice(0, 25)}`);
    await room.said("bob", "meanwhile");
    await person.seesLine("bob: meanwhile");
    await person.seesPrompt(`${PROMPT}|${long.slice(0, 25)}`);
    await person.resize(20);
    await person.seesPrompt(`> |${long.slice(0, 16)}`);
    await person.resize(70);
    await person.seesPrompt(`${PROMPT}|${long.slice(0, 55)}`);
    await person.type("\r");
    // What was said is shown once it was stored, broken by the window itself.
    await person.seesLine(long.slice(-31));
    assert(room.log.some(({ text }) => text === long));
  },
);

terminalTest(
  "Tab completes, up brings back, Ctrl-C clears, Ctrl-D leaves",
  NAMED,
  async (person, room) => {
    await room.said("bob", "hi");
    await person.seesLine("bob: hi");
    await person.type("/w\t");
    await person.seesPrompt(`${PROMPT}/who|`);
    await person.type("\r");
    await person.seesLine("* in lobby: ada");
    await person.type("bo\taye");
    await person.seesPrompt(`${PROMPT}bob: aye|`);
    await person.type("\x03");
    await person.seesPrompt(`${PROMPT}|`);
    await person.type("\x1b[A");
    await person.seesPrompt(`${PROMPT}/who|`);
    await person.type("\x15\x04");
    assertEquals((await person.process.ended()).code, 0);
    await person.sees((screen) => !screen.marksPastes, "the end of bracketed paste");
    assertEquals(person.process.stderr.text, "");
  },
);

terminalTest("Ctrl-C twice leaves, and the terminal is as it was", NAMED, async (person) => {
  await person.seesPrompt(`${PROMPT}|`);
  await person.type("half a line\x03");
  await person.seesLine("* Ctrl-C again leaves, and so does Ctrl-D");
  await person.type("\x03");
  const { code, stderr } = await person.process.ended();
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
});

terminalTest(
  "commands do what they say, and a line that is refused comes back",
  NAMED,
  async (person, room) => {
    await person.seesPrompt(`${PROMPT}|`);
    await person.type("/me waves\r");
    await person.seesLine("* ada waves");
    await person.type("/name eve\r");
    await person.seesPrompt("[lobby] eve> |");
    await person.type("/join harbour\r");
    await person.seesPrompt("[harbour] eve> |");
    await person.type("/rooms\r");
    await person.seesLine("* rooms: harbour (1)");
    await person.type("/search wav\r");
    await person.seesLine("* nothing was found");
    await person.type("/msg bob psst\r");
    await person.seesLine("! nobody here is called bob");
    await person.seesPrompt("[harbour] eve> /msg bob psst|");
    await person.type("\x15forbidden\r");
    await person.seesLine("! nobody says that here");
    await person.seesPrompt("[harbour] eve> forbidden|");
    await person.type("\x15//quit\r");
    await person.seesLine("eve: /quit");
    await person.type("/help\r");
    await person.seesLine("shows this; //text says /text");
    await person.type("/quit\r");
    assertEquals((await person.process.ended()).code, 0);
    assertEquals(room.log.map(({ text }) => text), ["waves", "/quit"]);
  },
);

terminalTest("what peers send cannot steer the terminal", NAMED, async (person, room) => {
  await person.seesPrompt(`${PROMPT}|`);
  // The screen throws at every sequence that is not one of ours.
  await room.said("\x1b]0;owned\x07", "\x1b[2J\x1b[31m\u009b6n\r\n\u202etxt");
  await room.tell({ type: "notice", text: "\x1bc\x07" });
  await room.raw("\x1b[2J not JSON");
  await room.said("bob", "still here");
  await person.seesLine("bob: still here");
  const shown = "\\x1b]0;owned\\x07: \\x1b[2J\\x1b[31m\\x9b6n\\x0d\\x0a\\u202etxt";
  assert(person.screen.lines.join("").includes(shown), person.shown);
  assertEquals(person.screen.bells, 0);
});

terminalTest(
  "a lost connection takes one line to say so and one to be back, and nothing is lost",
  NAMED,
  async (person, room) => {
    await person.seesPrompt(`${PROMPT}|`);
    await person.type("half");
    room.script = { answer: ({ type }) => type === "hello" ? null : undefined };
    room.drop();
    await person.seesPrompt("[lobby] ada (offline)> half|");
    await room.said("bob", "you missed this");
    await person.type(" a line\r");
    await person.seesLine("* no connection just now: this is said once it is back");
    room.script = {};
    room.drop();
    await person.seesLine("ada: half a line");
    await person.seesPrompt(`${PROMPT}|`);
    const shown = person.screen.lines.map((line) => line.replace(/^\d\d:\d\d /, ""));
    assertEquals(shown.slice(1), [
      "! connection lost: the server ended the session",
      "* no connection just now: this is said once it is back",
      "* back in lobby as ada, 1 member",
      "bob: you missed this",
      "ada: half a line",
      PROMPT.trimEnd(),
    ]);
  },
);

terminalTest("a mention is marked and rings when asked to, names have their colours", [
  "--name",
  "ada",
  "--color",
  "always",
  "--bell",
], async (person, room) => {
  await person.seesPrompt(`${PROMPT}|`);
  await room.said("bob", "adamant");
  await room.said("bob", "ahoy Ada!");
  await person.seesLine("bob: ahoy Ada!");
  await person.sees(({ bells }) => bells === 1, "one bell");
  assert(person.process.stdout.text.includes("ahoy \x1b[1;7mAda\x1b[22;27m!"));
  // deno-lint-ignore no-control-regex
  assert(/\x1b\[38;5;\d+mbob\x1b\[0m/.test(person.process.stdout.text));
});

terminalTest("who is told to go is told why, and leaves with 1", NAMED, async (person, room) => {
  await person.seesPrompt(`${PROMPT}|`);
  await room.tell({ type: "went", room: "lobby", name: "ada", reason: "kicked by bob" });
  room.drop();
  assertEquals((await person.process.ended()).code, 1);
  await person.sees(({ lines }) => lines.some((line) => line === "error: kicked by bob"), "why");
});

terminalTest(
  "a name that is taken becomes another until it is free",
  NAMED,
  async (person, room, url) => {
    await person.seesPrompt(`${PROMPT}|`);
    await atTerminal(room, NAMED, async (second) => {
      await second.seesLine("ada is taken; you are ada-2 until it is free");
      await second.seesPrompt("[lobby] ada-2> |");
      await person.type("\x04");
      await second.seesPrompt(`${PROMPT}|`);
    }, url);
  },
);

terminalTest(
  "random keys while messages come in never leave anything behind",
  NAMED,
  async (person, room) => {
    const random = seeded(newSeed());
    await person.seesPrompt(`${PROMPT}|`);
    const keys = [
      ..."abc \u65e5\u{1f469}",
      "\x1b[A",
      "\x1b[B",
      "\x1b[C",
      "\x1b[D",
      ..."\x01\x05\x0b\x15\x17\x19\x7f\t",
      "\x1bb",
      "\x1bd",
      "\x1b[200~p\nq\x1b[201~",
      "long ".repeat(9),
    ];
    for (let step = 0; step < 40; step++) {
      let typed = "";
      for (let key = 0; key < 8; key++) typed += keys[Math.floor(random() * keys.length)]!;
      await person.type(typed);
      await room.said("bob", `message ${step}`);
    }
    await person.seesLine("bob: message 39");
    await person.type("\x05\x15end\x01");
    await person.seesPrompt(`${PROMPT}|end`);
    const above = person.screen.lines.slice(1, -1).map((line) => line.replace(/^\d\d:\d\d /, ""));
    assertEquals(above, Array.from({ length: 40 }, (_, step) => `bob: message ${step}`));
  },
);

Deno.test("echo hi | sockdock chat says it and ends, and --json is for programs", async () => {
  const room = new ScriptedChat();
  await using server = await serve("udp://127.0.0.1:0", room.protocol);
  const { code, stdout, stderr } = await runProgram(
    ["chat", `${server.url}/harbour`, "--name", "bot", "--wait", "0", "--json"],
    { stdin: "hi\n" },
  );
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const events = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(events[0].event, "connected");
  assert(events.some(({ event, scope }) => event === "acknowledged" && scope === "stored"), stdout);
  assertEquals(room.log.map(({ room, name, text }) => `${room} ${name} ${text}`), [
    "harbour bot hi",
  ]);
});
