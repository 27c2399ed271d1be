// A chat at a terminal with a line editor: the line being typed stays below incoming messages.

import type { JoinedChat } from "../../dock/join_chat.ts";
import { ChatLines } from "./lines.ts";
import { ChatTalk } from "./talk.ts";
import { completeChat } from "./words.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { exitCodes } from "../exit_code.ts";
import { KeyReader } from "../terminal/key_reader.ts";
import { LineEditor } from "../terminal/line_editor.ts";
import { printable } from "../terminal/printable.ts";
import { cutToWidth, PromptLine } from "../terminal/prompt_line.ts";
import { stdinChunks } from "../terminal/stdin.ts";
import type { StopSignals } from "../terminal/stop_signals.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { textWidth } from "../terminal/text_width.ts";

/** Time that leaving waits for acknowledgements, in milliseconds. */
const LEAVING_MS = 2000;

interface ChatTerminalOptions {
  /** Whether a mention or a private message rings the terminal's bell. */
  readonly bell: boolean;
}

/** Runs a chat at a terminal until the user leaves or the chat ends; resolves to the exit code. */
export async function chatAtTerminal(
  link: JoinedChat,
  io: Stdio,
  terminal: Terminal,
  signals: Pick<StopSignals, "drain" | "exitCode">,
  { bell }: ChatTerminalOptions,
): Promise<number> {
  const leaving = Promise.withResolvers<void>();
  const editor = new LineEditor({ complete: (before) => completeChat(before, talk) });
  const prompt = new PromptLine(
    { columns: () => terminal.columns(), write: (text) => io.printRaw(text) },
    (columns) => {
      const prompt = promptText(link, columns);
      return { prompt, view: editor.view(columns - textWidth(prompt)) };
    },
  );
  const lines = new ChatLines({ color: io.colorStdout, dates: true });
  const talk = new ChatTalk(link, lines, {
    show: (shown) => prompt.above(shown),
    giveBack(line) {
      // When another line is being typed, the refused one is in the history of the editor.
      if (editor.text === "") editor.set(line);
      prompt.draw();
    },
    ring: () => bell && io.printRaw("\x07"),
  });
  let closedBecause: string | undefined;
  const hearing = (async () => {
    for await (const event of link) {
      if (event.event === "closed") closedBecause = event.reason;
      else talk.take(event);
      // The prompt shows the connection and our name, which every other event may change.
      if (event.event !== "message") prompt.draw();
    }
  })();
  const typing = type(io, editor, prompt, talk, lines, () => leaving.resolve());
  signals.drain.addEventListener("abort", () => leaving.resolve(), { once: true });
  if (signals.drain.aborted) leaving.resolve();

  terminal.setRaw(true);
  using _resizing = terminal.onResize(() => prompt.resized());
  prompt.open();
  try {
    await Promise.race([leaving.promise, hearing, typing]);
    // The last lines are awaited while there is a connection on which they can be acknowledged.
    if (closedBecause === undefined && link.unsaid > 0 && link.connected) {
      await acknowledged(link, LEAVING_MS);
    }
  } finally {
    prompt.close();
    terminal.setRaw(false);
  }
  if (closedBecause !== undefined && !signals.drain.aborted) {
    io.error(closedBecause);
    return exitCodes.failed;
  }
  const { unsaid } = link;
  if (unsaid > 0) {
    io.error(`${unsaid} of your messages ${unsaid === 1 ? "was" : "were"} not acknowledged`);
  }
  await link.close();
  await hearing;
  if (unsaid > 0) return exitCodes.timedOut;
  return signals.exitCode;
}

/** Reads keys until the terminal is closed. */
async function type(
  io: Stdio,
  editor: LineEditor,
  prompt: PromptLine,
  talk: ChatTalk,
  lines: ChatLines,
  leave: () => void,
): Promise<void> {
  const keys = new KeyReader();
  let interrupted = false;
  for await (const chunk of stdinChunks(io)) {
    for (const key of keys.push(chunk)) {
      const done = editor.press(key);
      const again = interrupted;
      interrupted = done?.action === "interrupt";
      switch (done?.action) {
        case "line":
          // Not awaited: the next line is typed meanwhile.
          talk.carryOut(done.line).then((stays) => stays || leave(), leave);
          break;
        case "interrupt":
          if (again) return leave();
          editor.clear();
          prompt.above([lines.notice("Ctrl-C again leaves, and so does Ctrl-D")]);
          break;
        case "end":
          return leave();
        case "clear-screen":
          prompt.clearScreen();
          break;
        case "bell":
          io.printRaw("\x07");
          break;
      }
    }
    prompt.draw();
  }
}

/** Resolves once no message waits for its acknowledgement, or after a time. */
async function acknowledged(link: JoinedChat, waitMs: number): Promise<void> {
  const until = performance.now() + waitMs;
  while (link.unsaid > 0 && link.connected && performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** `[room] name> `, cut where it would take more than half of the row. */
function promptText(link: JoinedChat, columns: number): string {
  const state = link.connected ? "" : " (offline)";
  const whole = printable(`[${link.room}] ${link.name}${state}> `);
  if (textWidth(whole) <= columns / 2) return whole;
  return columns < 30 ? "> " : `${cutToWidth(whole, Math.floor(columns / 2) - 3)}.> `;
}
