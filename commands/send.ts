// The command `sockdock send`: sends messages and prints the replies on stdout.

import { formatAddress } from "../core/addresses/address.ts";
import { errorText } from "../core/event.ts";
import {
  duration,
  flag,
  formatDuration,
  integer,
  mergeTables,
  text,
} from "../core/options/option.ts";
import { bytesOf, type Message } from "../core/session.ts";
import { UsageError } from "../core/usage_error.ts";
import { connect as open } from "../dock/connect.ts";
import type { Delivery } from "../core/connection.ts";
import {
  DEFAULT_ANSWER_TIMEOUT_MS,
  DEFAULT_ATTEMPT_TIMEOUT_MS,
  exchange,
  hasEnd,
} from "../dock/send.ts";
import { defineCommand } from "./command.ts";
import { printingOptions, recordOptions } from "./line/common_options.ts";
import type { Stdio } from "./terminal/stdio.ts";
import { dialNotices, dialOptions, fittingDial, readDial } from "./line/dial_options.ts";
import { exitCodes } from "./exit_code.ts";
import { leaveOnSignal } from "./terminal/stop_signals.ts";
import { hexDump, printable } from "./terminal/printable.ts";
import { stdinChunks, stdinLines } from "./terminal/stdin.ts";
import { openTraffic } from "./terminal/traffic.ts";

const options = {
  line: flag({ help: "end each message with LF", negatable: false }),
  crlf: flag({ help: "end each message with CRLF", negatable: false }),
  hex: flag({
    help: "read messages as hexadecimal and show replies as a hex dump",
    negatable: false,
  }),
  file: text({ metavar: "file", help: "send this file as the message; - is stdin, as it is" }),
  shutdown: flag({
    default: true,
    help:
      "end our half of a stream after the last message; some peers take that for the end of all",
  }),
  timeoutMs: duration({
    min: 0,
    help: "how long to wait for the reply, after sending or for each attempt; 0 waits for none " +
      `(default ${formatDuration(DEFAULT_ANSWER_TIMEOUT_MS)}, ` +
      `or ${formatDuration(DEFAULT_ATTEMPT_TIMEOUT_MS)} with --retries)`,
  }),
  retries: integer({
    default: 0,
    min: 0,
    max: 1000,
    help: "try again this often: to connect, or for the reply to a datagram",
  }),
} as const;

const ownOptions = mergeTables(options, printingOptions, recordOptions);

export const send = defineCommand({
  name: "send",
  summary: "sends a message and prints the reply",
  usage: "<url> [word]...",
  details:
    `The words are joined by spaces. Without words, each line of stdin is a message. Nothing is
added to a message unless --line or --crlf asks for it.

On a stream all is sent, our half is closed, and the reply is printed to its end or until --timeout;
on datagrams and WebSockets the first reply to each message is printed. To a broadcast address or a
multicast group all replies that come in time are, each behind the address of who sent it. The layer
reliable makes a stream of datagrams: each reply is printed, and at the end how the delivery went. Exit
code 4 says that no reply came, or what was not delivered; 1 that a TCP peer closed without a reply
and without having taken all, as one does that refuses your address. One that closes only later than
50 ms cannot be told from one that has nothing to say, which is no error.`,
  options: mergeTables(ownOptions, dialOptions),
  examples: [
    { run: "sockdock send tcp://127.0.0.1:9999 hello world", does: "sends hello world" },
    {
      run: "sockdock send udp://127.0.0.1:9998 --retries 5 ahoy",
      does: "sends up to six times until a reply comes",
    },
    {
      run: "sockdock send udp://255.255.255.255:9998 who is there",
      does: "asks everybody on the network",
    },
    { run: "sockdock send tcp://127.0.0.1:50007 --hex 00 ff", does: "sends two bytes" },
  ],
  minArguments: 1,
  complete: async ([url], current) =>
    url === undefined ? (await import("./line/url_words.ts")).diallingWords(current) : [],
  fitting: (words) => ({ ...ownOptions, ...fittingDial(words) }),
  async run({ arguments: [url = "", ...words], options, given, flags, io }) {
    if (options.line && options.crlf) {
      throw new UsageError("--line and --crlf exclude each other; give one");
    }
    if (options.file !== undefined && words.length > 0) {
      throw new UsageError("--file and words exclude each other; give one");
    }
    const { endpoint, dial } = readDial(url, { options, given, flags });
    // Messages are checked before a connection is opened.
    const messages = await outgoing(words, options, io);
    using traffic = await openTraffic(io, options.record);
    const dialling = () => open(endpoint, { ...dial, emit: dialNotices(io) });
    using session = traffic.watch(await connectRetrying(dialling, options.retries, io));
    return await leaveOnSignal(session, async () => {
      if (options.timeoutMs === 0) {
        for await (const message of messages) await session.send(message);
        await session.end();
        session.close();
        report(session.delivery, io);
        return exitCodes.ok;
      }
      let retried = false;
      const answers = exchange(session, messages, {
        retries: options.retries,
        halfClose: options.shutdown,
        ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
        onRetry(attempt) {
          retried = true;
          io.note(`no reply; attempt ${attempt} of ${options.retries + 1}`);
        },
      });
      let received = 0;
      for (;;) {
        const { done, value } = await answers.next();
        if (!done) {
          received++;
          if (session.responder !== undefined && !io.json) {
            io.printRaw(`${io.paintStdout("cyan", formatAddress(session.responder))} `);
          }
          printReply(value, session.boundary, options.hex, io);
          continue;
        }
        report(session.delivery, io);
        // Without a retry, each attempt was for a message of its own.
        if (retried) {
          io.note(`${value.attempts} attempts, ${count(received, "reply", "replies")}`);
        }
        // The peer ended the session with a reason instead of an answer.
        if (session.farewell !== undefined && received < value.attempts) {
          io.error(printable(session.farewell));
          return exitCodes.failed;
        }
        return finish(value.timedOut, received, hasEnd(session), io);
      }
    });
  },
});

async function connectRetrying<T>(
  connect: () => Promise<T>,
  retries: number,
  io: Stdio,
): Promise<T> {
  for (let attempt = 1;; attempt++) {
    try {
      return await connect();
    } catch (error) {
      if (error instanceof UsageError || attempt > retries) throw error;
      io.note(`${errorText(error)}; attempt ${attempt + 1} of ${retries + 1}`);
      await new Promise((resolve) => setTimeout(resolve, DEFAULT_ATTEMPT_TIMEOUT_MS));
    }
  }
}

interface Wording {
  readonly line: boolean;
  readonly crlf: boolean;
  readonly hex: boolean;
  readonly file?: string | undefined;
  readonly maxMessageBytes?: unknown;
}

/** The messages to send. Words and a file are read at once, lines of stdin as they arrive. */
async function outgoing(
  words: readonly string[],
  wording: Wording,
  io: Stdio,
): Promise<Iterable<Message> | AsyncIterable<Message>> {
  if (wording.file !== undefined) return [await readMessage(wording.file, io)];
  if (words.length === 0) return lineMessages(wording, io);
  return [ended(wording.hex ? parseHex(words.join("")) : words.join(" "), wording)];
}

async function* lineMessages(wording: Wording, io: Stdio): AsyncGenerator<Message> {
  for await (const line of stdinLines(io, 64 * 1024 * 1024)) {
    yield ended(wording.hex ? parseHex(new TextDecoder().decode(line)) : line, wording);
  }
}

/** Reads a whole file: on a stream it could be sent in parts, but a datagram is one message. */
async function readMessage(path: string, io: Stdio): Promise<Message> {
  if (path !== "-") {
    try {
      return await Deno.readFile(path);
    } catch (error) {
      throw new UsageError(`--file: cannot read ${path}: ${errorText(error)}`);
    }
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of stdinChunks(io)) parts.push(chunk.slice());
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function ended(message: Message, { line, crlf }: Wording): Message {
  const ending = crlf ? "\r\n" : line ? "\n" : "";
  if (ending === "") return message;
  if (typeof message === "string") return message + ending;
  const whole = new Uint8Array(message.length + ending.length);
  whole.set(message);
  whole.set(bytesOf(ending), message.length);
  return whole;
}

/** Parses hexadecimal digits, which space, `:` and `0x` may separate.
 * @throws {UsageError} naming the text */
function parseHex(text: string): Uint8Array {
  const digits = text.replace(/0x|[\s:]/gi, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) {
    throw new UsageError(`--hex: expected pairs of hexadecimal digits, got "${text}"`);
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function printReply(reply: Message, boundary: "bytes" | "messages", hex: boolean, io: Stdio): void {
  if (io.json) return;
  if (hex) {
    for (const row of hexDump(bytesOf(reply))) io.print(row);
    return;
  }
  io.printPeer(bytesOf(reply));
  if (boundary === "messages" || io.stdoutIsTerminal) endLine(reply, io);
}

/** Adds a newline to a reply without one, on a terminal and between messages. */
function endLine(reply: Message, io: Stdio): void {
  const last = bytesOf(reply).at(-1);
  if (last !== 10) io.printPeer(bytesOf("\n"));
}

function count(amount: number, one: string, many: string): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

/** Prints the number of acknowledged messages, on a layer with acknowledgements. */
function report(delivery: Delivery | undefined, io: Stdio): void {
  if (delivery === undefined) return;
  const { sent, acknowledged, retransmitted, roundTripMs } = delivery;
  if (io.json) {
    io.printJson({ event: "delivery", sent, acknowledged, retransmitted, roundTripMs });
    return;
  }
  const messages = acknowledged === sent
    ? `${count(sent, "message", "messages")} acknowledged`
    : `${acknowledged} of ${count(sent, "message", "messages")} acknowledged`;
  const again = `${count(retransmitted, "datagram", "datagrams")} retransmitted`;
  const time = roundTripMs === undefined ? "" : `, round trip ${roundTripMs.toFixed(1)} ms`;
  io.note(`${messages}, ${again}${time}`);
}

function finish(timedOut: boolean, received: number, ends: boolean, io: Stdio): number {
  if (!timedOut) return exitCodes.ok;
  if (ends && received > 0) {
    io.note("the reply did not end in time; --timeout waits longer");
    return exitCodes.ok;
  }
  io.error("no reply in time; --timeout waits longer, --retries tries again");
  return exitCodes.timedOut;
}
