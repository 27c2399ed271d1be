// The command `sockdock connect`: connects the terminal or a pipe to a session.

import { formatAddress } from "../core/addresses/address.ts";
import type { DialledSession } from "../core/client_kind.ts";
import { duration, flag, mergeTables } from "../core/options/option.ts";
import { bytesOf, type Message } from "../core/session.ts";
import { connect as open } from "../dock/connect.ts";
import { hasEnd } from "../dock/send.ts";
import { defineCommand } from "./command.ts";
import { editorOptions, printingOptions, recordOptions } from "./line/common_options.ts";
import type { Stdio } from "./terminal/stdio.ts";
import { dialNotices, dialOptions, fittingDial, readDial } from "./line/dial_options.ts";
import { exitCodes } from "./exit_code.ts";
import { EditedLines } from "./terminal/edited_lines.ts";
import { leaveOnSignal } from "./terminal/stop_signals.ts";
import { hexDump, printable } from "./terminal/printable.ts";
import { stdinChunks, stdinLines } from "./terminal/stdin.ts";
import { processTerminal } from "./terminal/terminal.ts";
import { openTraffic } from "./terminal/traffic.ts";

const LF = 10;
const MAX_LINE_BYTES = 64 * 1024 * 1024;

const options = {
  ...editorOptions,
  crlf: flag({ help: "end typed lines with CRLF instead of LF", negatable: false }),
  hex: flag({ help: "show what arrives as a hex dump", negatable: false }),
  shutdown: flag({
    default: true,
    help: "end our half of a stream at the end of input; some peers take that for the end of all",
  }),
  waitMs: duration({
    default: 1000,
    min: 0,
    allowNone: true,
    help: "after the end of input, on transports without an end, wait this long for more",
  }),
} as const;

const ownOptions = mergeTables(options, printingOptions, recordOptions);

export const connect = defineCommand({
  name: "connect",
  summary: "talks to an endpoint from the terminal or a pipe",
  usage: "<url>",
  details:
    `At a terminal every line you type is sent, with LF on streams and without on datagrams and
WebSockets; a line with q alone ends it and is never sent. The line is edited as in a shell: the arrow
keys bring earlier lines back, and what arrives meanwhile is printed above it. Piped input goes out as it is: as bytes on
a stream, a line a message elsewhere. The end of input closes our half of a stream, or of what the
layer reliable makes of datagrams, and the rest of what the peer sends is still printed. A peer that
is lost is an error.`,
  options: mergeTables(ownOptions, dialOptions),
  examples: [
    { run: "sockdock connect tcp://127.0.0.1:50007", does: "talks to an echo server" },
    { run: "sockdock connect udp://127.0.0.1:12345", does: "sends each line as a datagram" },
  ],
  minArguments: 1,
  maxArguments: 1,
  complete: async ([url], current) =>
    url === undefined ? (await import("./line/url_words.ts")).diallingWords(current) : [],
  fitting: (words) => ({ ...ownOptions, ...fittingDial(words) }),
  async run({ arguments: [url = ""], options, given, flags, io: below }) {
    const { endpoint, dial } = readDial(url, { options, given, flags });
    const typed = below.stdin.isTerminal;
    using edited = typed && options.editor && below.stdoutIsTerminal && !below.json
      ? new EditedLines(below, processTerminal, "> ")
      : undefined;
    const io = edited?.io ?? below;
    using traffic = await openTraffic(io, options.record);
    using session = traffic.watch(await open(endpoint, { ...dial, emit: dialNotices(io) }));
    if (typed) io.note(`connected to ${url}; q on a line of its own ends it`);
    return await leaveOnSignal(session, async () => {
      const arrival = { lastMs: -Infinity };
      // The command ends when the peer or the person at the terminal ends. A read from stdin cannot
      // be taken back, so the sending half is left alone when the peer ends first.
      const receiving = receive(session, options.hex, io, arrival);
      const sending = sendAll(session, { typed, edited }, options, io).then(async (quit) => {
        if (quit) {
          // With acknowledgements, `end` resolves once all typed lines are delivered.
          if (session.delivery !== undefined) await session.end();
          session.close();
        } else if (!hasEnd(session)) await closeAfter(session, options.waitMs, arrival);
      });
      sending.catch(() => {});
      await Promise.race([
        receiving,
        sending.then(() => receiving),
        ...(edited === undefined ? [] : [interruption(session, edited)]),
      ]);
      if (session.farewell !== undefined) io.note(printable(session.farewell));
      return exitCodes.ok;
    }, edited !== undefined);
  },
});

/** Rejects after Ctrl-C. As after the signal, the peer of a datagram session is told: no system
 * tells it that the program has died. */
async function interruption(session: DialledSession, edited: EditedLines): Promise<never> {
  try {
    return await edited.interrupted;
  } finally {
    const { transport } = session.peer;
    if (transport === "udp" || transport === "unixgram") session.close("interrupted");
  }
}

/** When the last message arrived, by `performance.now()`. */
interface Arrival {
  lastMs: number;
}

/** Time without data after which the last line of a stream is ended on a terminal. */
const LINE_QUIET_MS = 50;

async function receive(
  session: DialledSession,
  hex: boolean,
  io: Stdio,
  arrival: Arrival,
): Promise<void> {
  // Answers without a newline would run into each other and into what is typed next.
  using lines = io.stdoutIsTerminal
    ? new LineEnder(session.boundary === "messages" ? 0 : LINE_QUIET_MS, io)
    : undefined;
  for await (const message of session) {
    arrival.lastMs = performance.now();
    if (io.json) continue;
    const from = session.responder;
    if (from !== undefined) {
      io.printRaw(`${io.paintStdout("cyan", formatAddress(from))} `);
    }
    const bytes = bytesOf(message);
    if (hex) {
      for (const row of hexDump(bytes)) io.print(row);
    } else {
      io.printPeer(bytes);
      lines?.printed(bytes);
      // A message that is printed with its sender is a line, in a pipe too.
      if (from !== undefined && lines === undefined && bytes.at(-1) !== LF) io.printRaw("\n");
    }
  }
}

/** Ends a printed line that the peer sent without a newline. */
class LineEnder implements Disposable {
  readonly #quietMs: number;
  readonly #io: Stdio;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(quietMs: number, io: Stdio) {
    this.#quietMs = quietMs;
    this.#io = io;
  }

  /** To be called with the bytes that were printed just now. */
  printed(bytes: Uint8Array): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (bytes.length === 0 || bytes.at(-1) === LF) return;
    if (this.#quietMs === 0) this.#end();
    else this.#timer = setTimeout(() => this.#end(), this.#quietMs);
  }

  [Symbol.dispose](): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#end();
  }

  #end(): void {
    this.#timer = undefined;
    this.#io.printPeer(bytesOf("\n"));
  }
}

/** Sends stdin. Resolves to whether the user asked to quit. */
async function sendAll(
  session: DialledSession,
  { typed, edited }: { readonly typed: boolean; readonly edited: EditedLines | undefined },
  { crlf, shutdown }: { readonly crlf: boolean; readonly shutdown: boolean },
  io: Stdio,
): Promise<boolean> {
  const isStream = session.boundary === "bytes";
  if (!typed && isStream) {
    for await (const chunk of stdinChunks(io)) await session.send(chunk);
    if (shutdown) await session.end();
    return false;
  }
  const ending = isStream ? (crlf ? "\r\n" : "\n") : "";
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const lines = edited?.lines() ?? stdinLines(io, MAX_LINE_BYTES);
  for await (const line of lines) {
    const text = typeof line === "string" ? line : decoder.decode(line);
    if (typed && text === "q") return true;
    const isWebSocket = !isStream && session.peer.transport === "tcp";
    const message: Message = isStream || isWebSocket
      ? text + ending
      : typeof line === "string"
      ? encoder.encode(line)
      : line;
    await session.send(message);
  }
  if (hasEnd(session) && shutdown) await session.end();
  return false;
}

/** Closes a session once nothing has arrived for a while. */
async function closeAfter(
  session: DialledSession,
  waitMs: number,
  arrival: Readonly<Arrival>,
): Promise<void> {
  const started = performance.now();
  while (Number.isFinite(waitMs)) {
    const quietMs = performance.now() - Math.max(started, arrival.lastMs);
    if (quietMs >= waitMs) return session.close();
    await new Promise((resolve) => setTimeout(resolve, waitMs - quietMs));
  }
}
