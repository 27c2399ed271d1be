/** Pages are taken apart as their readers read them. */

import { assertEquals, assertThrows } from "@std/assert";
import {
  isShownAs,
  onFreePorts,
  onRealPorts,
  portKey,
  readPage,
  shownUrls,
  sockdockCalls,
} from "./page.ts";

Deno.test("isShownAs() compares by the line, with gaps and placeholders", () => {
  assertEquals(isShownAs("a\nb\n", "a\nb"), true);
  assertEquals(isShownAs("a\r\nb", "a\nb"), true);
  assertEquals(isShownAs("a\nb\nc", "a\nb"), false);
  assertEquals(isShownAs("a\n\nb", "a\nb"), false);
  assertEquals(isShownAs("a (x)", "a <what>"), true);
  assertEquals(isShownAs("a ", "a <what>"), false);
  assertEquals(isShownAs("a 1\nb 2", "a <what>"), false);
  assertEquals(isShownAs("a\n1\n2\nb", "a\n...\nb"), true);
  assertEquals(isShownAs("a\nb", "a\n...\nb"), true);
  assertEquals(isShownAs("a\n1\n2", "a\n...\nb"), false);
  assertEquals(isShownAs("a.b", "a?b"), false);
});

Deno.test("ports are freed on the server's side, and found again on the client's", () => {
  const server = `sockdock serve echo tcp://:5007 udp://[::1]:5007 unix://echo.sock "ws://:80/x"`;
  assertEquals(
    onFreePorts(server),
    `sockdock serve echo tcp://:0 udp://[::1]:0 unix://echo.sock "ws://:0/x"`,
  );
  assertEquals(shownUrls(server).map(portKey), [
    "tcp:5007",
    "udp:5007",
    "unix:undefined",
    "ws:80",
  ]);
  const real = new Map([["udp:5007", "41"], ["tcp:5007", "42"], ["ws:80", "5007"]]);
  assertEquals(
    onRealPorts("x udp://h:5007 ws://h:80/y\nnc h 5007 # 15007, 50071", real),
    "x udp://h:41 ws://h:5007/y\nnc h 42 # 15007, 50071",
  );
});

Deno.test("sockdockCalls() finds the calls in a piece of shell", () => {
  const shell = `alias sockdock='deno task sockdock'
printf 'sockdock no' | sockdock send "a b" --tls-fingerprint <the print> 2>/dev/null | head
sockdock wait x \\
  --quiet && echo sockdock; sockdock list > file # sockdock nothing`;
  assertEquals(sockdockCalls(shell), [
    ["send", "a b", "--tls-fingerprint", "placeholder"],
    ["wait", "x", "--quiet"],
    ["list"],
  ]);
});

Deno.test("readPage() keeps what stands under the title apart from the sections", () => {
  const page = readPage(
    "a.md",
    "# A\n\n```sh setup\nmkdir a\n```\n\n## B\n\n```sh\nls\n```\n\n## C\n",
  );
  assertEquals(page.opening.blocks, [{ kind: "setup", code: "mkdir a" }]);
  assertEquals(page.sections, [{ heading: "B", blocks: [{ kind: "client", code: "ls" }] }]);
  assertThrows(
    () => readPage("a.md", "```bash\nls\n```"),
    SyntaxError,
    'a.md: unknown kind of block "bash"',
  );
});
