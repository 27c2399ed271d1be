// The command `sockdock wait`: waits until an endpoint answers.

import { duration, mergeTables } from "../core/options/option.ts";
import { errorText } from "../core/event.ts";
import {
  DEFAULT_WAIT_INTERVAL_MS,
  DEFAULT_WAIT_TIMEOUT_MS,
  waitFor,
  waitSchemes,
} from "../dock/wait.ts";
import { defineCommand } from "./command.ts";
import { printingOptions } from "./line/common_options.ts";
import { fittingDial, readDial, transportOptions } from "./line/dial_options.ts";
import { exitCodes } from "./exit_code.ts";

const options = {
  timeoutMs: duration({
    default: DEFAULT_WAIT_TIMEOUT_MS,
    min: 1,
    help: "give up after this long, with exit code 3",
  }),
  intervalMs: duration({
    default: DEFAULT_WAIT_INTERVAL_MS,
    min: 1,
    help: "pause between two tries",
  }),
} as const;

const ownOptions = mergeTables(options, printingOptions);

export const wait = defineCommand({
  name: "wait",
  summary: "waits until an endpoint answers",
  usage: "<url>",
  details:
    `Streams and WebSockets answer by completing a connection, TLS by keeping it for a second, since a
server may refuse a client after its handshake, http and https by taking a TCP connection, datagram
endpoints by replying to an empty datagram.`,
  options: mergeTables(ownOptions, transportOptions),
  examples: [
    {
      run: "sockdock wait http://127.0.0.1:8080 --timeout 10s",
      does: "waits for a web server to come up",
    },
  ],
  minArguments: 1,
  maxArguments: 1,
  async complete([url], current) {
    if (url !== undefined) return [];
    const { diallingWords } = await import("./line/url_words.ts");
    return [...diallingWords(current), "http://", "https://"];
  },
  fitting: (words) => ({ ...ownOptions, ...fittingDial(words) }),
  async run({ arguments: [url = ""], options, given, flags, io }) {
    const { endpoint, dial } = readDial(url, { options, given, flags }, waitSchemes);
    const { connectTimeoutMs: _own, ...asked } = dial;
    const started = performance.now();
    try {
      await waitFor(endpoint, {
        ...asked,
        timeoutMs: options.timeoutMs,
        intervalMs: options.intervalMs,
      });
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
      if (io.json) io.printJson({ event: "timed-out", url, error: errorText(error) });
      else io.error(errorText(error));
      return exitCodes.checkFailed;
    }
    const tookMs = Math.round(performance.now() - started);
    if (io.json) io.printJson({ event: "answered", url, tookMs });
    else io.note(`${url} answered after ${tookMs} ms`);
    return exitCodes.ok;
  },
});
