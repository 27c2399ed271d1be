// Prints the events of a server: as text for users, as JSON for programs, and to the transcript.

import type { Stats } from "../../core/counters.ts";
import type { Emit, InspectedEvent, RoomEvent, ServerEvent } from "../../core/event.ts";
import { eventJson, messageJson } from "../../core/event_json.ts";
import { flagName } from "../../core/options/option.ts";
import { bytesOf, type Message, textOf } from "../../core/session.ts";
import { ReaderGoneError, type Stdio } from "./stdio.ts";
import { hexDump, printable } from "./printable.ts";
import type { TranscriptFile } from "./transcript_file.ts";
import { type LogFormat, requestLine } from "./request_log.ts";

export { eventJson, messageJson } from "../../core/event_json.ts";

interface RequestLog {
  /** Whether requests are printed without --verbose too. */
  readonly shown: boolean;
  readonly format: LogFormat;
}

/** The receiver of a command's events: prints them, and adds them to the transcript if given. */
export function eventSink(
  io: Stdio,
  record?: TranscriptFile,
  requests: RequestLog = { shown: false, format: "common" },
): Emit {
  return (event) => {
    record?.write(event);
    if (event.event === "request" && requests.shown && !io.json) {
      io.note(requestLine(event, requests.format));
      return;
    }
    if (io.json) {
      if (shown(event, io) || event.event === "request" && requests.shown) {
        io.printJson(eventJson(event));
      }
      return;
    }
    if (event.event === "message") printMessage(event, io);
    else if (event.event === "inspected") printInspected(event, io);
    else if (event.event === "chat") printRoom(event, io);
    else if (shown(event, io)) noteEvent(event, io);
  };
}

/** The same for a server, whose events must not throw: once the reader of stdout has closed it,
 * `finish` is called. */
export function serverEventSink(
  io: Stdio,
  record: TranscriptFile | undefined,
  onReaderGone: () => void,
  requests?: RequestLog,
): Emit {
  const emit = eventSink(io, record, requests);
  return (event) => {
    try {
      emit(event);
    } catch (error) {
      if (!(error instanceof ReaderGoneError)) throw error;
      onReaderGone();
    }
  };
}

function shown(event: ServerEvent, io: Stdio): boolean {
  switch (event.event) {
    case "received":
    case "sent":
    case "request":
    case "dialled":
      return io.verbose;
    case "opened":
    case "closed":
      // People see the requests of an HTTP connection, if anything.
      return io.json || io.verbose || event.carries === undefined;
    default:
      return true;
  }
}

function printMessage(event: ServerEvent & { event: "message" }, io: Stdio): void {
  const harmless = (text: string) => io.stdoutIsTerminal ? printable(text) : text;
  const peer = io.paintStdout("cyan", harmless(event.peer));
  io.print(`${peer} ${harmless(textOf(event.message))}`);
  if (!io.hex) return;
  for (const row of hexDump(bytesOf(event.message))) io.print(io.paintStdout("dim", `  ${row}`));
}

/** Prints the events of a chat room: messages as data, members that join and leave as notes. */
function printRoom(event: RoomEvent, io: Stdio): void {
  const harmless = (text: string) => io.stdoutIsTerminal ? printable(text) : text;
  const date = new Date(event.time);
  const time = [date.getHours(), date.getMinutes()]
    .map((number) => String(number).padStart(2, "0")).join(":");
  const { kind, text = "" } = event;
  const mark = event.standing === "verified" ? "✓" : "";
  const room = event.room === "lobby" ? "" : `${event.room} `;
  if (kind !== "say" && kind !== "me") {
    const what = kind === "came"
      ? "came"
      : kind === "renamed"
      ? `is ${printable(text)} now`
      : `left${text === "" ? "" : ` (${printable(text)})`}`;
    io.note(`${time} ${room}* ${printable(event.name)}${mark} ${what}`);
    return;
  }
  const name = io.paintStdout("cyan", `${harmless(event.name)}${mark}`);
  const before = io.paintStdout("dim", `${time} ${harmless(room)}`);
  io.print(
    kind === "me" ? `${before}* ${name} ${harmless(text)}` : `${before}${name}: ${harmless(text)}`,
  );
}

/** Prints a request as it was sent, with an empty line before the next. */
function printInspected(event: InspectedEvent, io: Stdio): void {
  const { time, peer, method, target, httpVersion, headers, bodyBytes, message } = event;
  const harmless = (text: string) => io.stdoutIsTerminal ? printable(text) : text;
  const version = httpVersion === undefined ? "" : ` HTTP/${httpVersion}`;
  io.print(io.paintStdout("dim", `${time} ${harmless(peer)}`));
  io.print(`${io.paintStdout("green", harmless(method))} ${harmless(target)}${version}`);
  for (const [name, value] of headers) {
    io.print(`${io.paintStdout("cyan", harmless(name))}: ${harmless(value)}`);
  }
  const json = messageJson(message);
  const shownBytes = bytesOf(message).length;
  if (bodyBytes > 0) {
    io.print("");
    if ("text" in json) {
      const text = json.text.replace(/\r?\n$/, "");
      for (const line of text.split(/\r?\n/)) io.print(harmless(line));
    } else for (const row of hexDump(bytesOf(message))) io.print(row);
  }
  if (shownBytes < bodyBytes) {
    io.print(
      io.paintStdout("dim", `(${bodyBytes - shownBytes} more bytes of ${bodyBytes})`),
    );
  }
  io.print("");
}

type NotedEvent = Exclude<ServerEvent, { event: "message" | "inspected" | "chat" }>;

function noteEvent(event: NotedEvent, io: Stdio): void {
  const peer = "peer" in event ? io.paint("cyan", printable(whoOf(event))) : "";
  switch (event.event) {
    case "listening":
      io.note(
        `${io.paint("green", "listening")} ${io.paint("bold", event.url)} ` +
          `(${event.protocol})` +
          (event.fingerprint === undefined
            ? ""
            : `\n          certificate SHA-256 ${event.fingerprint}`),
      );
      break;
    case "opened":
      io.note(
        event.identity === undefined
          ? `${peer} opened on ${event.url}`
          : `${peer} (${printable(event.identity.name)}) opened on ${event.url}`,
      );
      break;
    case "closed":
      io.note(
        `${peer} closed: ${printable(event.reason)} ` +
          io.paint("dim", `(${event.bytesReceived} B in, ${event.bytesSent} B out)`),
      );
      break;
    case "dialled":
      io.note(`${peer} goes on to ${event.upstream}`);
      break;
    case "moved":
      io.note(`${event.from} moved to ${peer}`);
      break;
    case "denied":
      io.note(
        `${peer} ${io.paint("yellow", "denied")} on ${event.url}: ${printable(event.reason)}`,
      );
      break;
    case "failed":
      io.note(
        `${peer} ${io.paint("red", "failed")} on ${event.upstream ?? event.url}: ${
          printable(event.error)
        }`,
      );
      break;
    case "accept-failed":
      io.note(`${io.paint("red", "cannot accept")} on ${event.url}: ${event.error}`);
      break;
    case "stored":
      io.note(
        `${peer} ${event.already ? "sent again" : io.paint("green", "stored")} ` +
          `${printable(event.file)} ` +
          io.paint("dim", `(${event.bytes} B, SHA-256 ${event.sha256})`),
      );
      break;
    case "refused":
      io.note(
        `${peer} ${io.paint("yellow", "refused")}` +
          `${event.file === undefined ? "" : ` ${printable(event.file)}`}: ${
            printable(event.reason)
          }`,
      );
      break;
    case "request":
      io.note(requestLine(event, "common"));
      break;
    case "received":
    case "sent":
      noteBytes(event.event, peer, event.message, io);
      break;
    case "notice":
      io.note(printable(event.text));
      break;
    case "stopped":
      io.note(`stopped ${(event.urls ?? [event.url]).join(" ")}: ${statsText(event.stats)}`);
      break;
  }
}

/** The address of a peer; of one that stores files, the name that it proved. */
function whoOf(event: NotedEvent & { readonly peer: string }): string {
  const isSender = event.event === "stored" || event.event === "refused";
  return isSender && event.identity !== undefined ? event.identity.name : event.peer;
}

function noteBytes(event: "received" | "sent", peer: string, message: Message, io: Stdio): void {
  const bytes = bytesOf(message);
  io.note(`${peer} ${event} ${bytes.length} B ${quoted(textOf(message))}`);
  if (!io.hex) return;
  for (const row of hexDump(bytes)) io.note(io.paint("dim", `  ${row}`));
}

function quoted(text: string): string {
  return `"${printable(text.replaceAll("\\", "\\\\").replaceAll('"', '\\"'))}"`;
}

/** The counters that are not zero, in a line. */
export function statsText(stats: Stats): string {
  const counted = Object.entries(stats).filter(([name, count]) => count > 0 && name !== "open");
  if (counted.length === 0) return "nobody came";
  return counted.map(([name, count]) => `${words(name)} ${count}`).join(", ");
}

/** `bytesReceived` as `bytes received`. */
function words(name: string): string {
  return flagName(name).replaceAll("-", " ");
}
