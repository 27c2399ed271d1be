import { assert, assertEquals } from "@std/assert";
import { helpText } from "../../../commands/line/help_text.ts";
import { entries, serve } from "../example_command.ts";

Deno.test("helpText() of a command shows usage, groups, units, defaults and examples", () => {
  assertEquals(
    helpText(serve, { widthColumns: 10 }),
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
  -h, --help                       show this help

Limits:
      --max-connections <number>   connections at a time (default 100)

Examples:
  sockdock serve echo tcp://:9999
      answers with what it hears

An option may also come from the environment: SOCKDOCK_KEY for --key, and so on.
The command line wins.`,
  );
});

Deno.test("helpText() wraps at the terminal's width, between 80 and 100 columns", () => {
  const wordy = { ...serve, details: "word ".repeat(100) };
  for (const [asked, most] of [[20, 80], [90, 90], [300, 100], [undefined, 100]] as const) {
    const text = helpText(wordy, asked === undefined ? {} : { widthColumns: asked });
    const longest = Math.max(...text.split("\n").map((line) => line.length));
    assert(longest <= most && longest > most - 5, `${longest} columns when asked for ${asked}`);
  }
});

Deno.test("helpText() of all commands loads none of them", () => {
  assertEquals(
    helpText(entries),
    `Usage: sockdock <command> [arguments] [options]

Commands:
  serve  starts one protocol on one or several endpoints
  send   sends one message

Run sockdock help <command> for its options and examples.`,
  );
});
