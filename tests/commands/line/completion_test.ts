import { assertEquals } from "@std/assert";
import { FILES, FOLDERS } from "../../../commands/command.ts";
import { commands } from "../../../commands/index.ts";
import { complete, completionsScript, shells } from "../../../commands/line/completion.ts";
import { peerTest } from "../../peer.ts";
import { RunningProcess } from "../../running_process.ts";
import { entries } from "../example_command.ts";

Deno.test("complete() offers commands, options, their words and arguments", async () => {
  assertEquals(await complete(entries, ["se"]), ["serve", "send"]);
  assertEquals(await complete(entries, []), ["serve", "send"]);
  assertEquals(await complete(entries, ["serve", ""]), ["echo", "upper"]);
  assertEquals(await complete(entries, ["serve", "--json", "u"]), ["upper"]);
  assertEquals(await complete(entries, ["serve", "echo", "-k", "x", "tcp"]), ["tcp://:3"]);
  assertEquals(await complete(entries, ["serve", "--max"]), ["--max-connections", "--max-message"]);
  assertEquals(await complete(entries, ["serve", "--color", "a"]), ["auto", "always"]);
  assertEquals(await complete(entries, ["serve", "--color=n"]), ["--color=never"]);
  assertEquals(await complete(entries, ["serve", "--json", "--j"]), [], "used already");
  assertEquals(await complete(entries, ["serve", "-H", "a", "--he"]), ["--header", "--help"]);
  assertEquals(await complete(entries, ["serve", "--no-j"]), ["--no-json"]);
  assertEquals((await complete(entries, ["serve", "--"])).includes("--no-compress"), true);
  assertEquals((await complete(entries, ["serve", "--"])).includes("--no-json"), false);
  assertEquals(await complete(entries, ["serve", "--", "--"]), []);
  assertEquals(await complete(entries, ["unheard-of", ""]), []);
});

Deno.test("complete() offers a shell's own files, or words that a value may begin with", async () => {
  assertEquals(await complete(entries, ["serve", "--key", ""]), [FILES]);
  assertEquals(await complete(entries, ["serve", "--key=led"]), [FILES]);
  assertEquals(await complete(entries, ["serve", "--header", ""]), [], "no file is a header");
  const real = (...words: string[]) => complete(commands, words);
  assertEquals(await real("serve", "files", "--root", ""), [FOLDERS]);
  assertEquals(await real("send", "x", "--layers", "sealed,re"), ["sealed,reliable"]);
  assertEquals(await real("send", "x", "--fault", "loss=1%,lat"), ["loss=1%,latency="]);
  assertEquals(await real("chat", "tls://:1", "--tls-ca="), ["--tls-ca=local", FILES]);
  assertEquals(await real("serve", "chat", "x", "--history", "o"), ["off", FILES]);
});

Deno.test("complete() offers the URLs and options that fit", async () => {
  const offered = (...words: string[]) => complete(commands, words);
  const schemes = (words: string[]) => words.filter((word) => word.includes("://"));
  assertEquals((await offered("serve", "echo", "")).includes("http://"), false);
  assertEquals(schemes(await offered("serve", "files", "")), ["http://", "https://", "unix://"]);
  assertEquals(await offered("serve", "inbox", "ud"), ["udp+reliable://", FOLDERS]);
  assertEquals(await offered("serve", "inbox", "kept", "ud"), ["udp+reliable://"]);
  assertEquals(await offered("send", "udp+sealed+"), ["udp+sealed+reliable://"]);
  assertEquals(await offered("send", "tcp://127.0.0.1:1", ""), [], "words of a message");
  assertEquals(await offered("copy", "ledger", "t"), ["tcp://", "tls://", FILES]);
  const onTcp = await offered("serve", "echo", "tcp://:1", "--");
  assertEquals(
    ["--max-connections", "--fault", "--json", "--max-peers", "--history", "--tls-cert"]
      .filter((name) => onTcp.includes(name)),
    ["--max-connections", "--fault", "--json"],
  );
  assertEquals((await offered("send", "tls://h:1", "--tls-f")).length, 1);
  assertEquals((await offered("send", "tcp://h:1", "--tls-f")).length, 0);
});

for (const shell of shells) {
  peerTest(
    `the completions script for ${shell} is one that ${shell} can read`,
    [shell],
    async () => {
      await using process = new RunningProcess(shell, ["-n"]);
      const { code, stderr } = await process.finish(completionsScript(shell));
      assertEquals([code, stderr], [0, ""]);
    },
  );
}

peerTest(
  "in bash a URL is completed across its colon, with no space behind it",
  ["bash"],
  async () => {
    const script = `
    program() { [[ "$*" == "__complete -- serve echo --json tcp:" ]] && echo tcp://; }
    complete() { :; }
    compopt() { echo "compopt $*"; }
    ${completionsScript("bash")}
    COMP_LINE="program serve echo --json tcp:"
    COMP_POINT=\${#COMP_LINE}
    COMP_LINE+="//behind the cursor"
    _sockdock program
    printf '[%s]' "\${COMPREPLY[@]}"`;
    await using bash = new RunningProcess("bash", ["-c", script]);
    assertEquals((await bash.finish()).stdout, "compopt -o nospace\n[//]");
  },
);
