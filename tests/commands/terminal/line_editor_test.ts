import { assert, assertEquals } from "@std/assert";
import { type Key, KeyReader } from "../../../commands/terminal/key_reader.ts";
import { type EditorAction, LineEditor } from "../../../commands/terminal/line_editor.ts";
import { graphemes, textWidth } from "../../../commands/terminal/text_width.ts";
import { newSeed, seeded } from "../../seeded.ts";

const encoder = new TextEncoder();
const FAMILY = "\u{1f469}\u200d\u{1f469}\u200d\u{1f467}";

/** An editor at which keys are pressed as a terminal sends them. */
function typist(editor = new LineEditor()) {
  const reader = new KeyReader();
  const actions: EditorAction[] = [];
  return {
    editor,
    actions,
    /** Presses keys; returns the line with a bar at the cursor. */
    press(bytes: string): string {
      for (const key of reader.push(encoder.encode(bytes))) {
        const action = editor.press(key);
        if (action !== undefined) actions.push(action);
      }
      return `${editor.text.slice(0, editor.cursor)}|${editor.text.slice(editor.cursor)}`;
    },
  };
}

const [UP, DOWN, RIGHT, LEFT] = ["\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"];

Deno.test("LineEditor edits by characters as a person counts them", () => {
  const { press } = typist();
  assertEquals(press(`a\u65e5${FAMILY}e\u0301`), `a\u65e5${FAMILY}e\u0301|`);
  assertEquals(press("\x7f"), `a\u65e5${FAMILY}|`);
  assertEquals(press(LEFT), `a\u65e5|${FAMILY}`);
  assertEquals(press("\x1b[3~"), "a\u65e5|");
  assertEquals(press(`${LEFT}b`), "ab|\u65e5");
  assertEquals(press(`${RIGHT}${RIGHT}!`), "ab\u65e5!|");
  assertEquals(press("\x01>"), ">|ab\u65e5!");
  assertEquals(press("\x05<"), ">ab\u65e5!<|");
  assertEquals(press("\x01\x04"), "|ab\u65e5!<");
});

Deno.test("LineEditor moves and cuts by words and halves of the line, and puts back what was cut", () => {
  const { press } = typist();
  assertEquals(press("one two-three \u65e5\u672c"), "one two-three \u65e5\u672c|");
  assertEquals(press("\x1bb"), "one two-three |\u65e5\u672c");
  assertEquals(press("\x1b[1;5D"), "one two-|three \u65e5\u672c");
  assertEquals(press("\x1bf"), "one two-three| \u65e5\u672c");
  assertEquals(press("\x17"), "one | \u65e5\u672c");
  assertEquals(press("\x19"), "one two-three| \u65e5\u672c");
  assertEquals(press("\x0b"), "one two-three|");
  assertEquals(press("\x1b\x7f"), "one |");
  assertEquals(press("more\x15"), "|");
  assertEquals(press("\x19!"), "one more!|");
  assertEquals(press("\x01\x1bd"), "| more!");
});

Deno.test("LineEditor goes through what was entered, and keeps the line being typed", () => {
  const { press, actions } = typist(new LineEditor({ maxHistory: 2 }));
  press("one\rtwo\r\rtwo\rthree\n");
  assertEquals(actions.map((one) => "line" in one ? one.line : one.action), [
    "one",
    "two",
    "",
    "two",
    "three",
  ]);
  assertEquals(press("draft"), "draft|");
  assertEquals(press(UP), "three|");
  assertEquals(press(`${UP}${UP}`), "two|");
  assertEquals(actions.at(-1), { action: "bell" });
  assertEquals(press(`${DOWN}${DOWN}`), "draft|");
  assertEquals(press("\x10"), "three|");
  assertEquals(press("\x0e"), "draft|");
});

Deno.test("LineEditor says what it cannot do itself", () => {
  const { press, actions } = typist();
  press("x\x03\x7f\x04\x0c\t");
  assertEquals(actions.map(({ action }) => action), ["interrupt", "end", "clear-screen", "bell"]);
});

Deno.test("LineEditor goes round the completions, back to what was typed", () => {
  const { press } = typist(
    new LineEditor({
      complete: (before) => ({
        from: before.lastIndexOf(" ") + 1,
        candidates: ["bob ", "bo\u0301rk "].filter((one) => one.startsWith(before.slice(3))),
      }),
    }),
  );
  press("hi b x\x1b[D\x1b[D");
  assertEquals(press("\t"), "hi bob | x");
  assertEquals(press("\t"), "hi bo\u0301rk | x");
  assertEquals(press("\t"), "hi b| x");
  assertEquals(press("\t\x1b[Z"), "hi b| x");
  assertEquals(press("ob\tx"), "hi bob x| x");
});

Deno.test("LineEditor takes a paste as one line and without what a terminal obeys", () => {
  const { press, actions } = typist();
  assertEquals(press("\x1b[200~one\r\n  two\x1b[2J\x07\u202e\x1b[201~!"), "one two[2J!|");
  assertEquals(actions, []);
  press("\x15");
  assertEquals(press(`\x1b[200~${"x".repeat(5000)}\x1b[201~`), "|");
  assertEquals(actions, [{ action: "bell" }]);
  assertEquals(press(`\x1b[200~${"x".repeat(500_000)}\x1b[201~y`), "y|");
});

Deno.test("KeyReader puts together what is split between two reads", () => {
  const whole = encoder.encode(
    `\u65e5\u{1f469}\x1b[1;5C\x1bOA\x1b\x1bb\x1b[200~p\u00e9\x1b[201~\x1b[9;9;9~e`,
  );
  const expected: Key[] = [
    { key: "text", text: "\u65e5\u{1f469}" },
    { key: "word-right" },
    { key: "up" },
    { key: "word-left" },
    { key: "paste", text: "p\u00e9" },
    { key: "text", text: "e" },
  ];
  assertEquals(new KeyReader().push(whole), expected);
  for (let cut = 1; cut < whole.length; cut++) {
    const reader = new KeyReader();
    const keys = [...reader.push(whole.subarray(0, cut)), ...reader.push(whole.subarray(cut))];
    const text = keys.map((key) => "text" in key ? key.text : `<${key.key}>`).join("");
    assertEquals(text, "\u65e5\u{1f469}<word-right><up><word-left>p\u00e9e");
  }
});

Deno.test("KeyReader gives up a sequence that has no end", () => {
  const reader = new KeyReader();
  reader.push(encoder.encode(`\x1b[${"1;".repeat(20)}`));
  assertEquals(reader.push(encoder.encode("\r")), [{ key: "enter" }]);
});

Deno.test("LineEditor's view always holds the cursor and never takes more than its columns", () => {
  const { press, editor } = typist();
  press("0123456789\u65e5\u672c\u8a9e0123456789");
  const shown = (columns: number) => {
    const { before, after } = editor.view(columns);
    return `${before}|${after}`;
  };
  assertEquals(shown(80), "0123456789\u65e5\u672c\u8a9e0123456789|");
  assertEquals(shown(10), "123456789|");
  press("\x01");
  assertEquals(shown(10), "|012345678");
  assertEquals(shown(80), "|0123456789\u65e5\u672c\u8a9e0123456789");
});

Deno.test("LineEditor keeps its promises under random keys", () => {
  const seed = newSeed();
  const random = seeded(seed);
  const keys = [
    ..."ab \u65e5\u0301\u200d\ufe0f\u0e33",
    "\u{1f469}",
    "\u{1f1e9}\u{1f1ea}",
    FAMILY,
    UP,
    DOWN,
    LEFT,
    RIGHT,
    ..."\x01\x02\x04\x05\x06\x0b\x0e\x10\x15\x17\x19\x7f\t\r\x03",
    "\x1bb",
    "\x1bf",
    "\x1bd",
    "\x1b[3~",
    "\x1b[Z",
    "\x1b[200~p\nq\x1b[201~",
    "\x1b",
    "\x1b[",
    "\x9b",
    "\u202e",
  ];
  const { press, editor } = typist(
    new LineEditor({
      complete: (before) => ({ from: before.length >> 1, candidates: ["\u0301x", "\u65e5 "] }),
      maxLength: 60,
    }),
  );
  for (let step = 0; step < 20_000; step++) {
    press(keys[Math.floor(random() * keys.length)]!);
    const { text, cursor } = editor;
    // deno-lint-ignore no-control-regex
    assert(text.length <= 60 && !/[\x00-\x1f\x7f-\x9f\u202e]/.test(text), JSON.stringify(text));
    let boundary = 0;
    const boundaries = [0, ...graphemes(text).map((one) => boundary += one.length)];
    assert(boundaries.includes(cursor), `${JSON.stringify(text)} at ${cursor}, step ${step}`);
    const columns = 4 + Math.floor(random() * 40);
    const { before, after } = editor.view(columns);
    assert(text.slice(0, cursor).endsWith(before) && text.slice(cursor).startsWith(after));
    // A character of two columns may stand alone in the least there is.
    assert(textWidth(before) + textWidth(after) <= columns, `${columns}: ${before}|${after}`);
  }
});
