// The command `sockdock relay`: short for `serve relay`.

import { mergeTables } from "../core/options/option.ts";
import { serveOptions } from "../dock/applicable.ts";
import { layerOptions } from "../dock/layer_stack.ts";
import { upstreamOptions } from "../dock/upstream.ts";
import { relay as relayProtocol } from "../protocols/relay.ts";
import { serverKinds } from "../servers/index.ts";
import { defineCommand } from "./command.ts";
import { fittingServing, runningOptions } from "./line/serve_options.ts";
import { serveUntilStopped } from "./serve.ts";

const transports = mergeTables(
  ...serverKinds.filter(({ carries }) => carries === "sessions").map(({ options }) => options),
);

const ownOptions = mergeTables(serveOptions, runningOptions);

export const relay = defineCommand({
  name: "relay",
  summary: "passes sessions on to another endpoint, with faults on request",
  usage: "<listen-url> <upstream-url>",
  details:
    `Every session gets one of its own at the upstream, and the end of one ends the other. The two
sides may have different transports and layers: streams are passed on as they come, messages one to
one; where a stream meets messages, what one read returns becomes a message. UDP has no end, so a
session there ends when its peer is idle.

With --fault the listening side misbehaves in both directions, so loss=1% loses one in a hundred each
way. HTTP goes through tcp:// on both sides. Options of the upstream side begin with --upstream.`,
  options: mergeTables(
    ownOptions,
    transports,
    layerOptions,
    upstreamOptions,
  ),
  examples: [
    {
      run: "sockdock relay tcp://:8081 tcp://127.0.0.1:8080 --fault latency=200ms",
      does: "puts a slow network in front of a server",
    },
    {
      run: "sockdock relay udp://:9000 udp://127.0.0.1:9001 --fault loss=5%,reorder=2% --seed 7",
      does: "loses and reorders datagrams, the same ones on every run",
    },
    {
      run: "sockdock relay tls://:8443 tcp://127.0.0.1:8080",
      does: "speaks TLS for a server that does not",
    },
  ],
  minArguments: 2,
  maxArguments: 2,
  async complete([listens, upstream], current) {
    const { diallingWords, listeningWords } = await import("./line/url_words.ts");
    if (listens === undefined) return listeningWords(relayProtocol, current);
    return upstream === undefined ? diallingWords(current) : [];
  },
  fitting: ([listens = ""]) => ({
    ...ownOptions,
    ...fittingServing(relayProtocol, [listens]),
  }),
  run: ({ arguments: [listenUrl = "", to = ""], ...invocation }) =>
    serveUntilStopped(relayProtocol, [listenUrl], { to }, invocation),
});
