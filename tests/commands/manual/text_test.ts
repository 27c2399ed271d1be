import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { commands } from "../../../commands/index.ts";
import { commandPage } from "../../../commands/manual/commands.ts";
import { findPage, manual, overview } from "../../../commands/manual/manual.ts";
import { pageText } from "../../../commands/manual/text.ts";
import { flagName } from "../../../core/options/option.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { entries, serve } from "../example_command.ts";

const WIDTHS = [60, 80, 100] as const;

Deno.test("pageText() of a command shows usage, groups, units, defaults and examples", () => {
  assertEquals(
    pageText(commandPage(serve), { widthColumns: 80 }),
    `serve: starts one protocol on one or several endpoints

Usage: sockdock serve <protocol> <url>... [options]

The endpoints share one state.

Port 0 picks a free port.

Options:
  -k, --key <file>                 file with the private key
  -H, --header <text>              header to send (repeatable)
      --idle-timeout <duration>    end a session that says nothing (default 1m)
      --max-message <size>         longest message (default 10k)
      --color <auto|always|never>  colours (default auto)
      --json                       print events as JSON
  -q, --quiet                      say less
  -4, --ipv4-only                  use IPv4
      --no-delay                   send at once
      --[no-]compress              compress what compresses well (default on)

Limits:
      --max-connections <number>   connections at a time (default 100)

Examples:
  sockdock serve echo tcp://:9999  answers with what it hears

sockdock help NAME explains a name above; SOCKDOCK_KEY sets --key, and so on.`,
  );
});

Deno.test("pageText() of all commands loads none of them", () => {
  const text = pageText(overview(entries));
  assertStringIncludes(
    text,
    "Commands:\n  serve  starts one protocol on one or several endpoints\n  send   sends one message\n",
  );
});

/** The words of a text, however its lines are broken. */
const words = (text: string) => text.split(/[\s\\]+/).filter((word) => word !== "");

for (const width of WIDTHS) {
  Deno.test(`every page keeps to ${width} columns, and breaks no word`, async () => {
    const whole = { widthColumns: 100 };
    const pages = await Promise.all(manual(commands).map((entry) => entry.load()));
    for (const page of [...pages, overview(commands)]) {
      const text = pageText(page, { widthColumns: width });
      const over = text.split("\n").filter((line) => line.length > width);
      assertEquals(over, [], page.usage[0]);
      assertEquals(words(text), words(pageText(page, whole)), page.usage[0]);
    }
  });
}

for (const width of [80, 100]) {
  Deno.test(`help serve has at most 60 lines of ${width} columns`, async () => {
    const page = await findPage(commands, ["serve"]);
    const lines = pageText(page, { widthColumns: width }).split("\n");
    // An option that several parts share belongs to a topic, whose page explains it.
    assert(lines.length <= 60, `${lines.length} lines:\n${lines.join("\n")}`);
  });
}

Deno.test("help serve has a line for every protocol and transport", async () => {
  const text = pageText(await findPage(commands, ["serve"]), { widthColumns: 80 });
  for (const { folder, name, summary } of manual(commands)) {
    const label = folder === "protocols"
      ? name
      : folder === "transports"
      ? `${name}://`
      : undefined;
    if (label === undefined) continue;
    const line = text.split("\n").find((line) => line.trimStart().startsWith(`${label} `));
    assertEquals(line?.trim().slice(label.length).trim(), summary);
  }
});

Deno.test("every option of every command is explained on some page, and none on many", async () => {
  const pages = await Promise.all(manual(commands).map((entry) => entry.load()));
  const explained = new Map<unknown, string[]>();
  for (const { folder, name, sections } of pages) {
    for (const section of sections) {
      if (section.kind !== "options") continue;
      for (const option of Object.values(section.options)) {
        explained.set(option, [...explained.get(option) ?? [], `${folder}/${name}`]);
      }
    }
  }
  for (const { load } of commands) {
    const { name, options } = await load();
    for (const [key, option] of Object.entries(options)) {
      const where = explained.get(option) ?? [];
      assert(where.length > 0, `no page explains --${flagName(key)} of ${name}`);
      // A command repeats what it prints, and the few options of others that it groups itself.
      const elsewhere = where.filter((page) => !page.startsWith("commands/"));
      assert(elsewhere.length <= 2, `--${flagName(key)} is on ${elsewhere.join(", ")}`);
    }
  }
});

Deno.test("findPage() knows a command, what it serves, a transport, a layer and a topic", async () => {
  const found = async (...words: string[]) => {
    const { folder, name } = await findPage(commands, words);
    return `${folder}/${name}`;
  };
  assertEquals(await found("chat"), "commands/chat");
  assertEquals(await found("serve", "chat"), "protocols/chat");
  assertEquals(await found("serve", "relay"), "protocols/relay");
  assertEquals(await found("files"), "protocols/files");
  assertEquals(await found("tls"), "transports/tls");
  assertEquals(await found("tls://"), "transports/tls");
  assertEquals(await found("reliable"), "layers/reliable");
  assertEquals(await found("limits"), "topics/limits");
});

Deno.test("findPage() suggests what was meant", async () => {
  for (
    const [typed, meant] of [
      [["reliabel"], "reliable"],
      [["limit"], "limits"],
      [["serv"], "serve"],
      [["serve", "chta"], "chat"],
      [["serve", "htps"], "https"],
    ] as const
  ) {
    const error = await assertRejects(() => findPage(commands, typed), UsageError);
    assertStringIncludes(error.message, `did you mean ${meant}?`);
  }
});
