import { assertEquals, assertRejects } from "@std/assert";
import { Stdio } from "../../../commands/terminal/stdio.ts";
import { hasTerminal, stdinChunks, stdinLines } from "../../../commands/terminal/stdin.ts";
import { FakeStdio } from "../fake_stdio.ts";

async function lines(stdin: readonly (string | Uint8Array)[], maxBytes = 100): Promise<string[]> {
  const all: string[] = [];
  for await (const line of stdinLines(new FakeStdio({ stdin }), maxBytes)) {
    all.push(new TextDecoder().decode(line));
  }
  return all;
}

Deno.test("stdinChunks() hands on what each read gave, byte for byte", async () => {
  const stdin = [Uint8Array.of(0, 255, 10, 13), "text"];
  const chunks: number[][] = [];
  for await (const chunk of stdinChunks(new FakeStdio({ stdin }))) chunks.push([...chunk]);
  assertEquals(chunks, [[0, 255, 10, 13], [116, 101, 120, 116]]);
});

Deno.test("stdinLines() cuts lines at LF and CRLF, wherever the reads fell", async () => {
  assertEquals(await lines(["one\ntwo\r\n\nthree\n"]), ["one", "two", "", "three"]);
  assertEquals(await lines(["o", "ne\r", "\nt", "wo\n", "\n"]), ["one", "two", ""]);
  assertEquals(await lines([]), []);
});

Deno.test("stdinLines() counts a last line without a newline", async () => {
  assertEquals(await lines(["one\ntwo"]), ["one", "two"]);
});

Deno.test("stdinLines() puts a character together that two reads split", async () => {
  const [first, second] = [Uint8Array.of(0xe2, 0x82), Uint8Array.of(0xac, 10)];
  assertEquals(await lines([first, second]), ["€"]);
});

Deno.test("stdinLines() yields copies that a later read leaves alone", async () => {
  const held: Uint8Array[] = [];
  for await (const line of stdinLines(new FakeStdio({ stdin: ["aaa\n", "bbb\n"] }), 100)) {
    held.push(line);
  }
  assertEquals(held.map((line) => new TextDecoder().decode(line)), ["aaa", "bbb"]);
});

Deno.test("stdinLines() refuses a line over the limit, before it has its end", async () => {
  assertEquals(await lines(["x".repeat(10)], 10), ["x".repeat(10)]);
  await assertRejects(() => lines(["x".repeat(20)], 10), RangeError, "larger than 10 bytes");
});

function consoleWith(isTerminal: boolean): Stdio {
  const output = { isTerminal: false, writeSync: () => {} };
  return new Stdio({
    stdout: output,
    stderr: output,
    stdin: { isTerminal, read: () => Promise.resolve(null) },
    columns: 80,
    noColor: true,
    promptSecret: () => null,
  });
}

Deno.test("nobody types where stdin is no terminal", () => {
  assertEquals(hasTerminal(consoleWith(false)), false);
});

Deno.test("a terminal in whose foreground we are not is not ours", {
  ignore: Deno.build.os !== "linux",
}, () => {
  const fields = Deno.readTextFileSync("/proc/self/stat").replace(/^.*\) /s, "").split(" ");
  assertEquals(hasTerminal(consoleWith(true)), fields[2] === fields[5]);
});
