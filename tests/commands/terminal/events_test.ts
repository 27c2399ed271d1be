import { assertEquals, assertMatch, assertThrows, fail } from "@std/assert";
import {
  eventJson,
  eventSink,
  messageJson,
  serverEventSink,
  statsText,
} from "../../../commands/terminal/events.ts";
import { TranscriptFile } from "../../../commands/terminal/transcript_file.ts";
import { createCounters } from "../../../core/counters.ts";
import type { ServerEvent } from "../../../core/event.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { FakeStdio } from "../fake_stdio.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const url = "tcp://127.0.0.1:9999";
const peer = "127.0.0.1:40001";
const time = "2026-11-29T21:18:18.123Z";
const stamp = { url, time } as const;
const STAMP = `"url":"${url}","time":"${time}"`;
const OF_PEER = `"session":7,"peer":"${peer}"`;
const ofPeer = { ...stamp, session: 7, peer } as const;
const stats = { ...createCounters(), opened: 2, open: 1, bytesReceived: 5 };

/** Every event, as people and as programs see it. */
const EVENTS: readonly {
  readonly event: ServerEvent;
  readonly stderr: string;
  readonly stdout?: string;
  readonly json: string;
  /** Whether it takes --verbose to see it. */
  readonly verbose?: true;
}[] = [
  {
    event: { event: "listening", ...stamp, protocol: "echo" },
    stderr: `listening ${url} (echo)\n`,
    json: `{"event":"listening",${STAMP},"protocol":"echo"}`,
  },
  {
    event: { event: "listening", ...stamp, protocol: "echo", fingerprint: "ab12" },
    stderr: `listening ${url} (echo)\n          certificate SHA-256 ab12\n`,
    json: `{"event":"listening",${STAMP},"protocol":"echo","fingerprint":"ab12"}`,
  },
  {
    event: { event: "opened", ...ofPeer },
    stderr: `${peer} opened on ${url}\n`,
    json: `{"event":"opened",${STAMP},${OF_PEER}}`,
  },
  {
    event: {
      event: "closed",
      ...ofPeer,
      reason: "done",
      durationMs: 1.5,
      bytesReceived: 5,
      bytesSent: 7,
    },
    stderr: `${peer} closed: done (5 B in, 7 B out)\n`,
    json: `{"event":"closed",${STAMP},${OF_PEER},"reason":"done",` +
      `"durationMs":1.5,"bytesReceived":5,"bytesSent":7}`,
  },
  {
    event: { event: "denied", ...ofPeer, reason: "address" },
    stderr: `${peer} denied on ${url}: address\n`,
    json: `{"event":"denied",${STAMP},${OF_PEER},"reason":"address"}`,
  },
  {
    event: { event: "failed", ...ofPeer, error: "reset" },
    stderr: `${peer} failed on ${url}: reset\n`,
    json: `{"event":"failed",${STAMP},${OF_PEER},"error":"reset"}`,
  },
  {
    event: { event: "accept-failed", ...stamp, error: "too many open files" },
    stderr: `cannot accept on ${url}: too many open files\n`,
    json: `{"event":"accept-failed",${STAMP},"error":"too many open files"}`,
  },
  {
    event: { event: "message", ...ofPeer, message: bytes("hello") },
    stderr: "",
    stdout: `${peer} hello\n`,
    json: `{"event":"message",${STAMP},${OF_PEER},"text":"hello"}`,
  },
  {
    event: {
      event: "request",
      ...ofPeer,
      method: "GET",
      path: "/",
      status: 200,
      bytes: 2,
      durationMs: 1,
    },
    stderr: `127.0.0.1 - - [29/Nov/2026:21:18:18 +0000] "GET /" 200 2\n`,
    json: `{"event":"request","url":"${url}","time":"${time}","session":7,"peer":"${peer}",` +
      `"method":"GET","path":"/","status":200,"bytes":2,"durationMs":1}`,
    verbose: true,
  },
  {
    event: { event: "received", ...ofPeer, message: bytes('say "hi"\\\n') },
    stderr: `${peer} received 10 B "say \\"hi\\"\\\\\\x0a"\n` +
      `  000000  73 61 79 20 22 68 69 22 5c 0a                    say "hi"\\.\n`,
    json: `{"event":"received",${STAMP},${OF_PEER},"text":"say \\"hi\\"\\\\\\n"}`,
    verbose: true,
  },
  {
    event: { event: "sent", ...ofPeer, message: Uint8Array.of(0xff, 0) },
    stderr: `${peer} sent 2 B "\ufffd\\x00"\n` +
      `  000000  ff 00                                            ..\n`,
    json: `{"event":"sent",${STAMP},${OF_PEER},"base64":"/wA="}`,
    verbose: true,
  },
  {
    event: { event: "notice", ...stamp, text: "stopping: enough" },
    stderr: "stopping: enough\n",
    json: `{"event":"notice",${STAMP},"text":"stopping: enough"}`,
  },
  {
    event: {
      event: "dialled",
      ...ofPeer,
      upstream: "tcp://127.0.0.1:1",
      upstreamSession: 8,
    },
    stderr: `${peer} goes on to tcp://127.0.0.1:1\n`,
    json: `{"event":"dialled",${STAMP},${OF_PEER},"upstream":"tcp://127.0.0.1:1",` +
      `"upstreamSession":8}`,
    verbose: true,
  },
  {
    event: { event: "stopped", ...stamp, stats },
    stderr: `stopped ${url}: opened 2, bytes received 5\n`,
    json: `{"event":"stopped",${STAMP},"stats":${JSON.stringify(stats)}}`,
  },
];

for (const { event, stderr, stdout = "", json, verbose = false } of EVENTS) {
  const name = "fingerprint" in event ? `${event.event}, with a fingerprint,` : event.event;
  const words = verbose ? " with --verbose alone" : "";

  Deno.test(`${name} is shown to people${words}, and never coloured in a pipe`, () => {
    const io = new FakeStdio({}, { verbose, hex: verbose });
    eventSink(io)(event);
    assertEquals({ stdout: io.stdoutText, stderr: io.stderrText }, { stdout, stderr });
    if (!verbose) return;
    const terse = new FakeStdio();
    eventSink(terse)(event);
    assertEquals(terse.stdoutText + terse.stderrText, "");
  });

  Deno.test(`${name} is shown to programs${words}, as one line of JSON on stdout`, () => {
    const io = new FakeStdio({}, { json: true, verbose });
    eventSink(io)(event);
    assertEquals(io.stdoutText, `${json}\n`);
    assertEquals(io.stderrText, "");
    assertEquals(Object.keys(JSON.parse(io.stdoutText))[0], "event");
    if (!verbose) return;
    const terse = new FakeStdio({}, { json: true });
    eventSink(terse)(event);
    assertEquals(terse.stdoutText + terse.stderrText, "");
  });

  Deno.test(`${name} has the same words under its colours on a terminal`, () => {
    const terminal = { stdoutIsTerminal: true, stderrIsTerminal: true };
    const io = new FakeStdio(terminal, { verbose, hex: verbose });
    eventSink(io)(event);
    // deno-lint-ignore no-control-regex
    const plain = (text: string) => text.replace(/\x1b\[\d+m/g, "");
    assertEquals(plain(io.stdoutText), stdout);
    assertEquals(plain(io.stderrText), stderr);
  });
}

Deno.test("what passes and what arrives is shown as text, and in hexadecimal too with --hex", () => {
  const received: ServerEvent = { event: "received", ...ofPeer, message: bytes("hi") };
  const message: ServerEvent = { event: "message", ...ofPeer, message: bytes("hi") };
  const hexRow = "  000000  68 69                                            hi\n";
  for (const hex of [false, true]) {
    const io = new FakeStdio({}, { verbose: true, hex });
    eventSink(io)(received);
    eventSink(io)(message);
    assertEquals(io.stderrText, `${peer} received 2 B "hi"\n${hex ? hexRow : ""}`);
    assertEquals(io.stdoutText, `${peer} hi\n${hex ? hexRow : ""}`);
  }
});

Deno.test("quiet drops what is for people and keeps messages", () => {
  const io = new FakeStdio({}, { quiet: true, verbose: true });
  const emit = eventSink(io);
  for (const { event } of EVENTS) emit(event);
  assertEquals(io.stdoutText, `${peer} hello\n`);
  assertEquals(io.stderrText, "");
});

const EVIL = "\x1b[2J\x07\u009b31m\u202e";

Deno.test("a message with escapes is harmless on a terminal and left alone in a pipe", () => {
  const path = `/tmp/${EVIL}`;
  const event: ServerEvent = { event: "message", ...ofPeer, peer: path, message: EVIL };
  const harmless = "\\x1b[2J\\x07\\x9b31m\\u202e";

  const shown = new FakeStdio({ stdoutIsTerminal: true, noColor: true });
  eventSink(shown)(event);
  assertEquals(shown.stdoutText, `/tmp/${harmless} ${harmless}\n`);

  const piped = new FakeStdio();
  eventSink(piped)(event);
  assertEquals(piped.stdoutText, `${path} ${EVIL}\n`);
});

Deno.test("nothing that a peer names reaches the words for people unescaped", () => {
  const io = new FakeStdio({ stderrIsTerminal: true, noColor: true }, { verbose: true, hex: true });
  const emit = eventSink(io);
  const evil = `x${EVIL}\n`;
  emit({ event: "opened", ...ofPeer, peer: evil });
  emit({
    event: "closed",
    ...ofPeer,
    peer: evil,
    reason: evil,
    durationMs: 0,
    bytesReceived: 0,
    bytesSent: 0,
  });
  emit({ event: "denied", ...ofPeer, peer: evil, reason: evil });
  emit({ event: "failed", ...ofPeer, peer: evil, error: evil });
  emit({
    event: "request",
    ...ofPeer,
    peer: evil,
    method: evil,
    path: evil,
    status: 400,
    bytes: 0,
    durationMs: 1,
  });
  emit({ event: "received", ...ofPeer, peer: evil, message: evil });
  emit({ event: "sent", ...ofPeer, peer: evil, message: bytes(evil) });
  emit({ event: "notice", ...stamp, text: evil });
  const rows = io.stderrText.trimEnd().split("\n");
  // Eight lines and the hex dumps of two messages.
  assertEquals(rows.length, 8 + 2 * Math.ceil(bytes(evil).length / 16));
  // deno-lint-ignore no-control-regex
  assertEquals(rows.filter((row) => /[\x00-\x1f\x7f-\x9f\u202e]/.test(row)), []);
});

Deno.test("a message is text in JSON when it is UTF-8, to the byte, and base64 otherwise", () => {
  assertEquals(messageJson("text"), { text: "text" });
  assertEquals(messageJson(bytes("é\0\ufeff")), { text: "é\0\ufeff" });
  assertEquals(messageJson(bytes("\ufeffmarked")), { text: "\ufeffmarked" });
  assertEquals(messageJson(new Uint8Array(0)), { text: "" });
  assertEquals(messageJson(Uint8Array.of(0xc3)), { base64: "ww==" });
  const all = Uint8Array.from({ length: 256 }, (_, index) => index);
  const json = messageJson(all);
  assertEquals("base64" in json && Uint8Array.fromBase64(json.base64), all);
});

Deno.test("an event becomes JSON with its message in place of the bytes", () => {
  const event: ServerEvent = { event: "message", ...ofPeer, message: Uint8Array.of(0xff) };
  assertEquals(eventJson(event), { event: "message", ...ofPeer, base64: "/w==" });
});

Deno.test("counters are named in words, and those that are zero left out", () => {
  assertEquals(statsText(createCounters()), "nobody came");
  assertEquals(statsText({ ...createCounters(), open: 3 }), "nobody came");
  assertEquals(
    statsText({ ...createCounters(), opened: 1, acceptFailures: 2, inboxDropped: 3 }),
    "opened 1, inbox dropped 3, accept failures 2",
  );
});

Deno.test("a transcript has every event with its time, whatever is printed", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/transcript`;
  {
    using record = new TranscriptFile(path, fail);
    const emit = eventSink(new FakeStdio({}, { quiet: true }), record);
    for (const { event } of EVENTS) emit(event);
  }
  const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
  assertEquals(lines.length, EVENTS.length);
  lines.forEach((line, index) => {
    assertEquals(line, EVENTS[index]?.json);
  });
});

Deno.test("a transcript is for its owner alone and is appended to", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/transcript`;
  for (const text of ["first", "second"]) {
    using record = new TranscriptFile(path, fail);
    record.write({ event: "notice", ...stamp, text });
  }
  const texts = (await Deno.readTextFile(path)).trimEnd().split("\n")
    .map((line) => JSON.parse(line).text);
  assertEquals(texts, ["first", "second"]);
  if (Deno.build.os !== "windows") {
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  }
});

Deno.test("a transcript that cannot be opened is refused by its option and name", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/missing/transcript`;
  assertThrows(() => new TranscriptFile(path, fail), UsageError, `--record: cannot open ${path}: `);
});

Deno.test("a server's events never throw for want of a reader, and say so", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/transcript`;
  using record = new TranscriptFile(path, fail);
  let gone = 0;
  const io = new FakeStdio({ broken: ["stdout"] }, { json: true });
  const emit = serverEventSink(io, record, () => gone++);
  emit({ event: "opened", ...ofPeer });
  emit({ event: "notice", ...stamp, text: "still recorded" });
  assertEquals(gone, 2);
  assertEquals((await Deno.readTextFile(path)).match(/\n/g)?.length, 2);
});

Deno.test("a record that can no longer be written warns once and lets its sessions go on", {
  ignore: Deno.build.os !== "linux",
}, () => {
  const warnings: string[] = [];
  // Every write to it fails as on a full disk.
  using record = new TranscriptFile("/dev/full", (line) => warnings.push(line));
  record.write({ event: "notice", ...stamp, text: "one" });
  record.write({ event: "notice", ...stamp, text: "two" });
  assertEquals(warnings.length, 1);
  assertMatch(warnings[0] ?? "", /^the record \/dev\/full has gaps from here on: /);
});

const INSPECTED = {
  event: "inspected",
  ...ofPeer,
  method: "POST",
  target: "http://127.0.0.1:8080/post",
  httpVersion: "1.1",
  headers: [["Host", "127.0.0.1:8080"], ["x-Dock", "7"]],
  bodyBytes: 4,
  message: bytes("ahoy"),
} as const satisfies ServerEvent;

Deno.test("an inspected request is shown on stdout as it was written", () => {
  const io = new FakeStdio();
  eventSink(io)(INSPECTED);
  eventSink(io)({ ...INSPECTED, bodyBytes: 0, message: "" });
  const head = `${time} ${peer}\n` +
    "POST http://127.0.0.1:8080/post HTTP/1.1\nHost: 127.0.0.1:8080\nx-Dock: 7\n";
  assertEquals(io.stdoutText, `${head}\nahoy\n\n${head}\n`);
  assertEquals(io.stderrText, "");
});

Deno.test("an inspected body that is no text is shown in hex, and one cut short says so", () => {
  const io = new FakeStdio();
  eventSink(io)({ ...INSPECTED, bodyBytes: 9, message: new Uint8Array([255, 0]) });
  assertMatch(io.stdoutText, /\n\n000000 {2}ff 00 .*\n\(7 more bytes of 9\)\n\n$/);
});

Deno.test("an inspected request is one line of JSON for programs, its body as text or base64", () => {
  const io = new FakeStdio({}, { json: true });
  eventSink(io)(INSPECTED);
  const { message: _, ...rest } = INSPECTED;
  assertEquals(io.stdoutText, `${JSON.stringify({ ...rest, text: "ahoy" })}\n`);
  assertEquals(eventJson({ ...INSPECTED, message: new Uint8Array([255]) }).base64, "/w==");
});

Deno.test("nothing in an inspected request moves a terminal", () => {
  const io = new FakeStdio({ stdoutIsTerminal: true, noColor: true });
  eventSink(io)({
    ...INSPECTED,
    method: EVIL,
    target: EVIL,
    headers: [[EVIL, EVIL]],
    message: `${EVIL}\n${EVIL}`,
  });
  // deno-lint-ignore no-control-regex
  assertEquals(io.stdoutText.match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/g), null);
});
