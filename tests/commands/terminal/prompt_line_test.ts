import { assertEquals } from "@std/assert";
import { cutToWidth, PromptLine } from "../../../commands/terminal/prompt_line.ts";

/** A prompt line over a screen of so many columns, and what it writes. */
function drawn(columns: number, before: string, after = "") {
  const screen = { width: columns, written: "" };
  const line = new PromptLine({
    columns: () => screen.width,
    write: (text) => void (screen.written += text),
  }, () => ({ prompt: "> ", view: { before, after } }));
  return {
    line,
    screen,
    /** What has been written since the last call. */
    take(): string {
      const { written } = screen;
      screen.written = "";
      return written;
    },
  };
}

const ROW = "\x1b[?7l> ab\x1b7cd\x1b8\x1b[?7h";

Deno.test("PromptLine leaves the cursor where the terminal itself has it", () => {
  const { line, take } = drawn(40, "ab", "cd");
  line.open();
  assertEquals(take(), `\x1b[?2004h${ROW}`);
  line.draw();
  assertEquals(take(), `\r\x1b[J${ROW}`);
  line.above(["one", "two"]);
  assertEquals(take(), `\r\x1b[Jone\r\ntwo\r\n${ROW}`);
  line.above([]);
  assertEquals(take(), "");
  line.clearScreen();
  assertEquals(take(), `\x1b[H\x1b[2J${ROW}`);
});

Deno.test("PromptLine goes up to the beginning of a row that a narrower window has broken", () => {
  const { line, screen, take } = drawn(60, "\u65e5".repeat(20), "cd");
  line.open();
  take();
  screen.width = 20;
  line.resized();
  // The cursor is in column 42, the third row of 20.
  assertEquals(take().slice(0, 8), "\x1b[2A\r\x1b[J");
  screen.width = 100;
  line.resized();
  assertEquals(take().slice(0, 4), "\r\x1b[J");
});

Deno.test("PromptLine draws nothing before it is opened and after it is closed", () => {
  const { line, take } = drawn(40, "ab");
  line.draw();
  line.resized();
  assertEquals(take(), "");
  line.above(["early"]);
  assertEquals(take(), "early\r\n");
  line.open();
  line.close();
  take();
  line.draw();
  line.clearScreen();
  assertEquals(take(), "");
  line.above(["late"]);
  assertEquals(take(), "late\r\n");
});

Deno.test("cutToWidth() cuts between characters", () => {
  assertEquals(cutToWidth("a\u65e5b", 2), "a");
  assertEquals(cutToWidth("a\u65e5b", 3), "a\u65e5");
  assertEquals(cutToWidth("ab", 9), "ab");
});
