/** Prompts for passwords at a real pseudo-terminal: what is typed is never shown, and Ctrl-C ends. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { passwordCheck } from "../../core/keys/password_hash.ts";
import { peerTest, startPython } from "../peer.ts";
import { putSockdock } from "../program_on_path.ts";
import type { RunningProcess } from "../running_process.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const CTRL_C = "\x03";
const CTRL_D = "\x04";
const CTRL_U = "\x15";

/** Runs a command line of ours at a terminal for the length of `body`. */
async function atTerminal(
  args: readonly string[],
  body: (terminal: RunningProcess) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const program = await putSockdock(folder.path);
  await using terminal = startPython("terminal.py", ["100", "24", program, ...args]);
  await body(terminal);
}

/** Waits for a question, which the terminal shows for the `nth` time, and types. */
async function answer(
  terminal: RunningProcess,
  question: string,
  typed: string,
  nth = 1,
): Promise<void> {
  await terminal.stdout.until((text) => text.split(question).length > nth, question);
  await terminal.write(typed);
}

const COMMANDS = {
  "key password": ["key", "password", "alice"],
  "fetch -u": ["fetch", "-u", "alice", "http://127.0.0.1:9/"],
  "fetch --proxy-user": [
    ...["fetch", "--proxy", "http://127.0.0.1:9", "--proxy-user", "alice"],
    "http://127.0.0.1:9/",
  ],
  "serve --auth": ["serve", "hello", "http://127.0.0.1:0", "--auth", "alice"],
};

for (const [name, args] of Object.entries(COMMANDS)) {
  peerTest(
    `${name}: Ctrl-C at the question for a password ends with 130`,
    ["python3"],
    () =>
      atTerminal(args, async (terminal) => {
        await answer(terminal, "Password of alice: ", `se${CTRL_C}same\r`);
        const { code, stdout, stderr } = await terminal.finish();
        assertEquals([code, stderr], [130, ""], stdout);
        assertEquals(stdout.replaceAll("\r", "").trimEnd(), "Password of alice:");
      }),
  );
}

peerTest(
  "Ctrl-D at the question for a password is an end of input",
  ["python3"],
  () =>
    atTerminal(COMMANDS["key password"], async (terminal) => {
      await answer(terminal, "Password of alice: ", CTRL_D);
      const { code, stdout } = await terminal.finish();
      assertEquals(code, 2);
      assertMatch(stdout, /error: the input ended before there was a password/);
    }),
);

peerTest(
  "key password asks twice, and again when the two differ",
  ["python3"],
  () =>
    atTerminal(COMMANDS["key password"], async (terminal) => {
      await answer(terminal, "Password of alice: ", "wrong\x7f\x7f\r");
      await answer(terminal, "The same once more: ", "other\r");
      await answer(terminal, "Password of alice: ", `oops${CTRL_U}sesa\x1b[Dmx\x7fe\r`, 2);
      await answer(terminal, "The same once more: ", "sesame\r", 2);
      const { code, stdout } = await terminal.finish();
      assertEquals(code, 0, stdout);
      assertMatch(stdout, /those two were not the same/);
      assert(!/sesa|wro|other|oops/.test(stdout), stdout);
      const hash = /^alice:(\S+)/m.exec(stdout)![1]!;
      assertEquals(await passwordCheck(hash)("sesame"), true);
    }),
);

peerTest(
  "serve --auth asks twice for the password that it will want",
  ["python3"],
  () =>
    atTerminal(COMMANDS["serve --auth"], async (terminal) => {
      await answer(terminal, "Password of alice: ", "sesame\r");
      await answer(terminal, "The same once more: ", "sesame\r");
      const [url] = await terminal.stdout.line(/http:\/\/127\.0\.0\.1:\d+/);
      const authorization = `Basic ${btoa("alice:sesame")}`;
      const answered = await fetch(url, { headers: { authorization } });
      await answered.body?.cancel();
      assertEquals(answered.status, 200);
      await terminal.write(CTRL_C);
      assertEquals((await terminal.finish()).code, 130);
    }),
);
