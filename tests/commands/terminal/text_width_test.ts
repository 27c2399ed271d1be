import { assertEquals } from "@std/assert";
import { graphemes, graphemeWidth, textWidth } from "../../../commands/terminal/text_width.ts";
import { peerTest, runPeer } from "../../peer.ts";

Deno.test("textWidth() counts the columns that a terminal takes", () => {
  assertEquals(textWidth("ahoy"), 4);
  assertEquals(textWidth("caf\u00e9 cafe\u0301"), 9);
  assertEquals(textWidth("\u65e5\u672c\u8a9e \uff21\uff71\u30a2"), 12);
  assertEquals(textWidth("\ud55c\uae00"), 4);
  assertEquals(
    textWidth("\u{1f469}\u200d\u{1f469}\u200d\u{1f467}\u{1f1e9}\u{1f1ea}\u2764\ufe0f"),
    6,
  );
  assertEquals(textWidth("\u2764\u2713\u20ac"), 3);
  assertEquals(graphemes("e\u0301x"), ["e\u0301", "x"]);
});

peerTest("graphemeWidth() knows every wide character that Python's Unicode data knows", [
  "python3",
], async () => {
  const script = "import unicodedata as u\n" +
    "print(''.join(chr(c) for c in range(0x110000) if u.east_asian_width(chr(c)) in 'WF'" +
    " and u.category(chr(c)) not in ('Cn', 'Co', 'Mn')))";
  const { stdout } = await runPeer("python3", ["-c", script], {
    env: { PYTHONIOENCODING: "utf-8" },
  });
  const narrow = Array.from(stdout.trimEnd()).filter((one) => graphemeWidth(one) !== 2);
  assertEquals(narrow.map((one) => one.codePointAt(0)!.toString(16)), []);
});
