// The command `sockdock chat`: joins a chat room at a terminal, or sends the lines of a pipe. Past
// 300 lines because both show the same events, with what a terminal needs besides.

import type { Endpoint } from "../core/addresses/endpoint.ts";
import { errorText } from "../core/event.ts";
import { duration, flag, integer, mergeTables, text } from "../core/options/option.ts";
import {
  type ChatLinkEvent,
  joinChat,
  type JoinChatOptions,
  type JoinedChat,
  roomOf,
} from "../dock/join_chat.ts";
import { ChatError, ChatLostError, NoChatError } from "../protocols/chat/client/chat_over.ts";
import { chatEventJson } from "../protocols/chat/client/event_json.ts";
import { ChatLines } from "./chat/lines.ts";
import { ChatTalk } from "./chat/talk.ts";
import { chatAtTerminal } from "./chat/terminal.ts";
import { defineCommand } from "./command.ts";
import {
  editorOptions,
  hexOptions,
  printingOptions,
  recordOptions,
} from "./line/common_options.ts";
import type { Stdio } from "./terminal/stdio.ts";
import { dialNotices, dialOptions, fittingDial, readDial } from "./line/dial_options.ts";
import { exitCodes } from "./exit_code.ts";
import { stdinLines } from "./terminal/stdin.ts";
import { StopSignals } from "./terminal/stop_signals.ts";
import { processTerminal } from "./terminal/terminal.ts";
import { openTraffic } from "./terminal/traffic.ts";

const MAX_LINE_BYTES = 1024 * 1024;

const options = {
  name: text({ metavar: "name", help: "your name; the server gives you one when you have none" }),
  room: text({
    metavar: "room",
    help: "the room; on tcp, tls, udp and dtls it may stand in the URL as tcp://host:port/room",
  }),
  last: integer({
    default: 20,
    min: 0,
    max: 10_000,
    metavar: "count",
    help: "begin with so many of the last messages",
  }),
  noHistory: flag({ help: "begin with none, as --last 0 does", negatable: false }),
  bell: flag({
    help: "ring the bell of the terminal when you are mentioned or written to",
    negatable: false,
  }),
  ...editorOptions,
  reconnect: flag({ default: true, help: "come back when the connection is lost" }),
  reconnectMaxMs: duration({
    default: 30_000,
    min: 1,
    help: "the longest wait between two attempts to come back",
  }),
  ackTimeoutMs: duration({
    default: 30_000,
    min: 1,
    allowNone: true,
    help: "for a pipe, how long to wait until a line is acknowledged",
  }),
  waitMs: duration({
    default: 1000,
    min: 0,
    allowNone: true,
    help: "after the end of input, wait until nothing has come for so long",
  }),
} as const;

const ownOptions = mergeTables(options, printingOptions, hexOptions, recordOptions);

export const chat = defineCommand({
  name: "chat",
  summary: "takes part in a chat, from the terminal or a pipe",
  usage: "<url>",
  details:
    `At a terminal the line being typed stays below what comes in. Up and down go through what you
said, Tab completes names and commands, Ctrl-C clears the line, Ctrl-D leaves; /help lists the commands.
When the connection is lost it comes back by itself, shows what was missed, and says what was not
acknowledged, once.

Of a pipe, every line is said as it is and acknowledged before the next; what others say is printed,
as objects with --json. Exit code 4 says that lines were not acknowledged.

A name that is taken ends a pipe; at a terminal you enter as name-2 and get the name once it is free.`,
  options: mergeTables(ownOptions, dialOptions),
  examples: [
    {
      run: "sockdock chat tls://chat.example:9000/harbour --name alice",
      does: "talks in the room harbour",
    },
    {
      run: "sockdock chat ws://127.0.0.1:9001 --room harbour --name alice",
      does: "does so over a WebSocket",
    },
    { run: "echo hi | sockdock chat tcp://127.0.0.1:9000 --name bot", does: "says hi" },
    {
      run: "sockdock chat tcp://127.0.0.1:9000 --json --wait none < /dev/null",
      does: "listens, for programs",
    },
  ],
  minArguments: 1,
  maxArguments: 1,
  complete: async ([url], current) =>
    url === undefined ? (await import("./line/url_words.ts")).diallingWords(current) : [],
  fitting: (words) => ({ ...ownOptions, ...fittingDial(words) }),
  async run({ arguments: [url = ""], options, given, flags, io }) {
    const isTyped = io.stdin.isTerminal && !io.json;
    const isEdited = isTyped && io.stdoutIsTerminal && options.editor && !io.verbose;
    // --verbose prints the traffic and --record keeps it; --json prints the events instead.
    using traffic = await openTraffic(
      io.json ? io.with({ color: options.color, verbose: io.verbose, hex: io.hex }) : io,
      options.record,
    );
    using signals = new StopSignals();
    const { endpoint, dial } = readDial(url, { options, given, flags });
    const link = await enter(endpoint, signals, {
      ...dial,
      emit: dialNotices(io),
      name: options.name,
      room: options.room,
      last: options.noHistory ? 0 : options.last,
      otherName: isTyped,
      reconnectAttempts: options.reconnect ? Infinity : 0,
      reconnectMaxMs: options.reconnectMaxMs,
      reconnectFirstMs: Math.min(500, options.reconnectMaxMs),
      ackTimeoutMs: isTyped ? Infinity : options.ackTimeoutMs,
      wrap: (session) => traffic.watch(session),
      signal: signals.drain,
    });
    if (link === undefined) return signals.exitCode;
    // A verified client has the name in its certificate or key, which may look like a numbered one.
    if (isTyped && link.name.startsWith(`${options.name}-`) && link.standing === "plain") {
      io.note(`${options.name} is taken; you are ${link.name} until it is free`);
    }
    if (isEdited) {
      return await chatAtTerminal(link, io, processTerminal, signals, options);
    }
    if (isTyped) return await chatWithoutEditor(link, io, signals, options.bell);
    return await chatInPipe(link, io, signals, options.waitMs);
  },
});

/** Joins the chat; undefined when a signal ended the attempt. */
async function enter(
  endpoint: Endpoint,
  signals: StopSignals,
  options: JoinChatOptions,
): Promise<JoinedChat | undefined> {
  try {
    return await joinChat(endpoint, options);
  } catch (error) {
    if (signals.drain.aborted) return undefined;
    if (error instanceof ChatError && error.code === "name-taken") {
      throw new Error(`${error.message}; choose another with --name`, { cause: error });
    }
    if (error instanceof NoChatError) {
      throw new Error(
        `Cannot chat with ${endpoint.text}: ${error.message}; talk to it as it is with: ` +
          `sockdock connect ${bareUrl(endpoint)}`,
        { cause: error },
      );
    }
    if (error instanceof ChatLostError) {
      const isSilent = error.message.startsWith("no answer");
      throw new Error(
        `Cannot enter the chat at ${endpoint.text}: ${error.message}` +
          (isSilent ? `; it may be no chat: sockdock connect ${bareUrl(endpoint)}` : ""),
        { cause: error },
      );
    }
    throw error;
  }
}

/** The URL without the room that it names. */
function bareUrl(endpoint: Endpoint): string {
  const { text, path } = endpoint;
  return roomOf(endpoint) === undefined ? text : text.slice(0, -path.length);
}

/** Runs a chat at a terminal in line mode, which edits lines itself. */
async function chatWithoutEditor(
  link: JoinedChat,
  io: Stdio,
  signals: StopSignals,
  bell: boolean,
): Promise<number> {
  const lines = new ChatLines({ color: io.colorStdout, dates: true });
  const talk = new ChatTalk(link, lines, {
    show: (shown) => shown.forEach((line) => io.print(line)),
    giveBack: () => {},
    ring: () => bell && io.stdoutIsTerminal && io.printRaw("\x07"),
  });
  let closedBecause: string | undefined;
  const hearing = (async () => {
    for await (const event of link) {
      if (event.event === "closed") closedBecause = event.reason;
      else talk.take(event);
    }
  })();
  const typing = (async () => {
    for await (const line of stdinLines(io, MAX_LINE_BYTES)) {
      if (!await talk.carryOut(new TextDecoder().decode(line))) return;
    }
  })();
  await Promise.race([hearing, typing, aborted(signals.drain)]);
  if (closedBecause !== undefined && !signals.drain.aborted) {
    io.error(closedBecause);
    return exitCodes.failed;
  }
  await link.close();
  await hearing;
  return signals.exitCode;
}

async function chatInPipe(
  link: JoinedChat,
  io: Stdio,
  signals: StopSignals,
  waitMs: number,
): Promise<number> {
  const lines = new ChatLines({ color: io.colorStdout, dates: false });
  let closedBecause: string | undefined;
  let lastArrivalMs = performance.now();
  const hearing = (async () => {
    for await (const event of link) {
      if (event.event === "closed") closedBecause = event.reason;
      lastArrivalMs = performance.now();
      if (io.json) io.printJson(chatEventJson(event));
      else printEvent(event, link, lines, io);
    }
  })();
  let unsaid = 0;
  let refused = 0;
  const saying = (async () => {
    for await (const bytes of stdinLines(io, MAX_LINE_BYTES)) {
      const line = new TextDecoder().decode(bytes);
      if (line.trim() === "") continue;
      try {
        const ack = await link.say(line);
        if (io.json) io.printJson({ event: "acknowledged", ...ack });
      } catch (error) {
        if (error instanceof ChatError) refused++;
        else unsaid++;
        const code = error instanceof ChatError ? error.code : "lost";
        if (io.json) {
          io.printJson({ event: "unsaid", code, text: line, reason: errorText(error) });
        } else io.error(`not said: ${errorText(error)}`);
      }
    }
    lastArrivalMs = performance.now();
    await quiet(() => lastArrivalMs, waitMs);
  })();
  await Promise.race([saying, hearing, aborted(signals.drain)]);
  // A signal also ends a chat that is reconnecting; that is no failure.
  const endedBecause = signals.drain.aborted ? undefined : closedBecause;
  if (endedBecause !== undefined) {
    // The waiting messages have just been rejected; their handlers run before they are counted.
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (!io.json) io.error(endedBecause);
  } else {
    unsaid += signals.exitCode === exitCodes.ok ? 0 : link.unsaid;
    await link.close();
    await hearing;
  }
  if (unsaid > 0) {
    io.error(`${unsaid} ${unsaid === 1 ? "line was" : "lines were"} not acknowledged`);
    return exitCodes.timedOut;
  }
  if (refused > 0 || endedBecause !== undefined) return exitCodes.failed;
  return signals.exitCode;
}

function printEvent(event: ChatLinkEvent, link: JoinedChat, lines: ChatLines, io: Stdio): void {
  if (event.event === "message") {
    // Plain clients do not receive their own messages either.
    if (event.own) return;
    for (const line of lines.message(event.message, link.name)) io.print(line);
  } else if (event.event === "private") {
    for (const line of lines.whisper(event.whisper)) io.print(line);
  } else {
    const line = new ChatLines({ color: io.color, dates: false }).event(event);
    if (line !== undefined) io.note(line);
  }
}

/** Resolves once no message has arrived for a time. */
async function quiet(lastArrivalMs: () => number, waitMs: number): Promise<void> {
  for (;;) {
    const leftMs = lastArrivalMs() + waitMs - performance.now();
    if (leftMs <= 0) return;
    await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs, 2 ** 31 - 1)));
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
