import { assertEquals, assertThrows } from "@std/assert";
import { inboxNames } from "../../../protocols/inbox/names.ts";
import { InboxRefusal } from "../../../protocols/inbox/refusal.ts";

/** Names that are refused, and what the refusal says of them. */
const REFUSED: readonly (readonly [name: string, why: string])[] = [
  ["", "is empty"],
  [".", "would leave"],
  ["..", "would leave"],
  ["../x", "would leave"],
  ["a/../../x", "would leave"],
  ["a/..", "would leave"],
  ["./x", "would leave"],
  ["/etc/passwd", "is absolute"],
  ["//x", "is absolute"],
  ["a//b", "cannot be that of a file"],
  ["a/", "cannot be that of a file"],
  ["a\0b", "NUL"],
  ["..\\x", "backslash"],
  ["C:\\x", "backslash"],
  ["\\\\host\\share", "backslash"],
  ["a\nb", "control character"],
  ["a\x1b[2Jb", "control character"],
  ["a\x7f", "control character"],
  ["a\u0085b", "control character"],
  ["a\u2028b", "control character"],
  ["a\u202egpj.exe", "hides its order"],
  [".ssh/authorized_keys", "--hidden"],
  ["a/.git/hooks/pre-commit", "--hidden"],
  ["\u200c.git/config", "--hidden"],
  ["...", "--hidden"],
  ["a\ud800", "cannot be that of a file"],
  ["x".repeat(256), "cannot be that of a file"],
  ["ü".repeat(128), "cannot be that of a file"],
  [".sockdock-partial-0", "is kept"],
  ["a/.sockdock-partial-0", "is kept"],
  [".sockdock-upload-0", "is kept"],
  [".SockDock-Partial-0", "is kept"],
  [".sockdock\u200b-partial-0", "is kept"],
  [".sockdock-\uff50artial-0", "is kept"],
  [".sockdoc\u212a-partial-0", "is kept"],
  [Array.from({ length: 9 }, () => "x").join("/"), "folders deep"],
  [`${"x".repeat(200)}/`.repeat(11) + "x", "more than 2048 bytes"],
];

for (const [name, why] of REFUSED) {
  Deno.test(`inboxNames() refuses ${JSON.stringify(name.slice(0, 40))}`, () => {
    const maxDepth = why.startsWith("more than") ? 32 : 8;
    assertThrows(() => inboxNames(name, { maxDepth, hidden: false }), InboxRefusal, why);
  });
}

Deno.test("inboxNames() takes names apart that mean what they say", () => {
  for (
    const name of ["x", "a/b/c", "a b/ü/日本", "%2e%2e/x", "~", "-rf", "con", "\u2026"]
  ) {
    assertEquals(inboxNames(name, { maxDepth: 8, hidden: false }), name.split("/"));
  }
  for (const name of ["...", ".hidden", ".ssh/authorized_keys"]) {
    assertEquals(inboxNames(name, { maxDepth: 8, hidden: true }), name.split("/"));
  }
});
