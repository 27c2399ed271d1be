// One command with every kind of option, for the tests of what is derived from a command.

import { type CommandEntry, defineCommand, type Invocation } from "../../commands/command.ts";
import { choice, duration, flag, integer, size, text } from "../../core/options/option.ts";

export const options = {
  key: text({ help: "file with the private key", short: "k", metavar: "file" }),
  header: text.many({ help: "header to send", short: "H", separator: "\n" }),
  idleTimeoutMs: duration({ help: "end a session that says nothing", default: 60_000 }),
  maxConnections: integer({ help: "connections at a time", default: 100, min: 1, max: 65_535 }),
  maxMessageBytes: size({ help: "longest message", default: 10_240 }),
  color: choice(["auto", "always", "never"], { help: "colours", default: "auto" }),
  json: flag({ help: "print events as JSON" }),
  quiet: flag({ help: "say less", short: "q" }),
  ipv4Only: flag({ help: "use IPv4", short: "4", negatable: false }),
  noDelay: flag({ help: "send at once" }),
  compress: flag({ help: "compress what compresses well", default: true }),
};

/** What `serve` was run with. */
export const invocations: Pick<Invocation<typeof options>, "options">[] = [];

export const serve = defineCommand({
  name: "serve",
  summary: "starts one protocol on one or several endpoints",
  usage: "<protocol> <url>...",
  details: "The endpoints share one state.\n\nPort 0 picks a free port.",
  options,
  groups: [{ title: "Limits", options: { maxConnections: options.maxConnections } }],
  examples: [{ run: "sockdock serve echo tcp://:9999", does: "answers with what it hears" }],
  complete: (before, current) =>
    before.length === 0 ? ["echo", "upper"] : [`tcp://:${current.length}`, "udp://"],
  run(invocation) {
    invocations.push(invocation);
    return Promise.resolve(0);
  },
});
export const entries: readonly CommandEntry[] = [
  { name: "serve", summary: serve.summary, load: () => Promise.resolve(serve) },
  { name: "send", summary: "sends one message", load: () => Promise.reject(new Error("loaded")) },
];
