import { assertEquals } from "@std/assert";
import { alignedRows } from "../../../commands/terminal/table.ts";

Deno.test("alignedRows() makes each column as wide as its widest cell", () => {
  assertEquals(alignedRows([["a", "bb", "c"], ["aaa", "b", "cc"]]), ["a    bb  c", "aaa  b   cc"]);
  assertEquals(alignedRows([["a", "b"], ["aa", "b"]], " | "), ["a  | b", "aa | b"]);
  assertEquals(alignedRows([]), []);
});

Deno.test("alignedRows() ends no line with a space, also where cells are missing or empty", () => {
  assertEquals(alignedRows([["aaa", "b"], ["a"], ["a", ""], []]), ["aaa  b", "a", "a", ""]);
});

Deno.test("alignedRows() gives colour escapes no width and counts characters, not code units", () => {
  assertEquals(alignedRows([["\x1b[36mab\x1b[39m", "x"], ["😀", "y"], ["abc", "z"]]), [
    "\x1b[36mab\x1b[39m   x",
    "😀    y",
    "abc  z",
  ]);
});
