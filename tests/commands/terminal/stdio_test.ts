import { assertEquals, assertThrows } from "@std/assert";
import { ReaderGoneError } from "../../../commands/terminal/stdio.ts";
import { FakeStdio } from "../fake_stdio.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("data goes to stdout, words for people to stderr", () => {
  const io = new FakeStdio();
  io.print("data");
  io.printRaw("raw");
  io.note("a note");
  io.warn("careful");
  io.error("wrong");
  io.draw("50 %\r");
  assertEquals(io.stdoutText, "data\nraw");
  assertEquals(io.stderrText, "a note\nwarning: careful\nerror: wrong\n50 %\r");
});

Deno.test("quiet leaves data, warnings and errors, and drops notes", () => {
  const io = new FakeStdio({}, { quiet: true });
  io.print("data");
  io.note("a note");
  io.warn("careful");
  io.error("wrong");
  assertEquals(io.stdoutText, "data\n");
  assertEquals(io.stderrText, "warning: careful\nerror: wrong\n");
});

Deno.test("an error or a warning is one harmless line, whatever it quotes", () => {
  const io = new FakeStdio();
  io.error("a\nb\x1b[2J");
  io.warn("a\r\nb\u009b");
  assertEquals(
    io.stderrText,
    "error: a\\x0ab\\x1b[2J\nwarning: a\\x0d\\x0ab\\x9b\n",
  );
});

Deno.test("each side is coloured when it is a terminal itself", () => {
  const out = new FakeStdio({ stdoutIsTerminal: true });
  assertEquals(out.paintStdout("cyan", "x"), "\x1b[36mx\x1b[39m");
  assertEquals(out.paint("cyan", "x"), "x");
  assertEquals([out.color, out.stdoutIsTerminal, out.stderrIsTerminal], [false, true, false]);

  const err = new FakeStdio({ stderrIsTerminal: true });
  assertEquals(err.paintStdout("bold", "x"), "x");
  assertEquals(err.paint("bold", "x"), "\x1b[1mx\x1b[22m");
  err.error("wrong");
  assertEquals(err.stderrText, "\x1b[31merror\x1b[39m: wrong\n");
});

Deno.test("a pipe is never coloured unless always is asked for", () => {
  const piped = new FakeStdio();
  const asked = (color: "auto" | "always" | "never") => piped.with({ color });
  assertEquals(asked("auto").paintStdout("red", "x"), "x");
  assertEquals(asked("never").paint("red", "x"), "x");
  assertEquals(asked("always").paintStdout("red", "x"), "\x1b[31mx\x1b[39m");
  assertEquals(asked("always").paint("red", "x"), "\x1b[31mx\x1b[39m");
});

Deno.test("NO_COLOR and never keep colour off a terminal, always puts it back", () => {
  const terminal = { stdoutIsTerminal: true, stderrIsTerminal: true };
  const noColor = new FakeStdio({ ...terminal, noColor: true });
  assertEquals([noColor.paint("dim", "x"), noColor.paintStdout("dim", "x")], ["x", "x"]);
  assertEquals(noColor.with({ color: "always" }).paint("dim", "x"), "\x1b[2mx\x1b[22m");
  const never = new FakeStdio(terminal, { color: "never" });
  assertEquals([never.paint("dim", "x"), never.paintStdout("dim", "x")], ["x", "x"]);
});

Deno.test("with() keeps the sides and takes the options", () => {
  const io = new FakeStdio({ columns: 42 });
  const adjusted = io.with({ json: true, quiet: true, verbose: true });
  assertEquals([adjusted.json, adjusted.quiet, adjusted.verbose], [true, true, true]);
  assertEquals([io.json, io.quiet, io.verbose], [false, false, false]);
  assertEquals(adjusted.columns, 42);
  adjusted.print("x");
  assertEquals(io.stdoutText, "x\n");
});

Deno.test("a peer's bytes are left alone in a pipe, all 256 of them", () => {
  const io = new FakeStdio();
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  io.printPeer(all);
  assertEquals(io.stdoutBytes, all);
});

Deno.test("a peer's bytes that a terminal would obey are escaped on a terminal", () => {
  const io = new FakeStdio({ stdoutIsTerminal: true });
  io.printPeer(bytes("\x1b]0;title\x07 hello\twörld\r\n\x1b[2J\u009b31m\u202e.\n"));
  assertEquals(
    io.stdoutText,
    "\\x1b]0;title\\x07 hello\twörld\r\n\\x1b[2J\\x9b31m\\u202e.\n",
  );
});

Deno.test("a character split between two pieces of a peer's bytes is shown whole on a terminal", () => {
  const io = new FakeStdio({ stdoutIsTerminal: true });
  const whole = bytes("é€😀");
  for (let at = 0; at < whole.length; at++) io.printPeer(whole.subarray(at, at + 1));
  assertEquals(io.stdoutText, "é€😀");
});

Deno.test("JSON is a line, and on a terminal harmless without changing its meaning", () => {
  const value = { text: "\x1b\n\u009b\x7f\u202eé" };
  const piped = new FakeStdio();
  piped.printJson(value);
  assertEquals(piped.stdoutText, `${JSON.stringify(value)}\n`);
  const shown = new FakeStdio({ stdoutIsTerminal: true });
  shown.printJson(value);
  assertEquals(shown.stdoutText, `{"text":"\\u001b\\n\\u009b\\u007f\\u202eé"}\n`);
  assertEquals(JSON.parse(shown.stdoutText), value);
});

Deno.test("data that nobody reads any more is told apart from a broken connection", () => {
  const io = new FakeStdio({ broken: ["stdout"] });
  assertThrows(() => io.print("x"), ReaderGoneError);
  assertThrows(() => io.printPeer(bytes("x")), ReaderGoneError);
  assertThrows(() => io.printJson({}), ReaderGoneError);
});

Deno.test("words that nobody reads any more are no reason to end", () => {
  const io = new FakeStdio({ broken: ["stderr"] });
  io.note("x");
  io.error("x");
  io.print("still here");
  assertEquals(io.stdoutText, "still here\n");
});
