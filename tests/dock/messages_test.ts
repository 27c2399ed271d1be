/** What is kept of a session's messages: `messages()` yields copies on every transport, on both
 * sides, and through whatever wraps a session. */

import { assertEquals } from "@std/assert";
import { framedSession } from "../../core/streams/framed_session.ts";
import {
  connect,
  type ConnectOptions,
  exchange,
  type Message,
  serve,
  type ServeOptions,
  type Session,
  statelessProtocol,
  textOf,
} from "../../mod.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** Two messages of one length, so that the second overwrites all of the first where it can. */
const SAID = ["first", "other"];

/** Echo that keeps what it is sent, as `read` yields it. */
function keeping(kept: Message[], read: (session: Session) => AsyncIterable<Message>) {
  return statelessProtocol({
    name: "keeping",
    summary: "Keeps what it is sent",
    framing: "none",
    datagramReply: "bounded",
    async serve(session) {
      for await (const message of read(session)) {
        kept.push(message);
        await session.send(message);
      }
    },
  });
}

async function converse(session: Session, read = session.messages()): Promise<string[]> {
  const answers: Message[] = [];
  for (const text of SAID) {
    await session.send(text);
    const { done, value } = await read.next();
    if (!done) answers.push(value);
  }
  return answers.map(textOf);
}

interface Place {
  readonly url: string;
  readonly served?: ServeOptions;
  readonly dialled?: ConnectOptions;
}

const PLACES: readonly Place[] = [
  { url: "tcp://127.0.0.1:0" },
  { url: "tls://127.0.0.1:0", dialled: { insecure: true } },
  { url: "unix://FOLDER/stream" },
  { url: "udp://127.0.0.1:0" },
  { url: "dtls://127.0.0.1:0", dialled: { insecure: true } },
  { url: "unixgram://FOLDER/datagram" },
  { url: "udp+reliable://127.0.0.1:0" },
  { url: "ws://127.0.0.1:0" },
];

for (const { url, served, dialled } of PLACES) {
  for (const watch of [false, true]) {
    Deno.test(`messages() yields copies on ${url}${watch ? ", watched" : ""}`, async () => {
      await using folder = await temporaryFolder();
      const kept: Message[] = [];
      const protocol = keeping(kept, (session) => session.messages());
      const place = url.replace("FOLDER", folder.path);
      await using server = await serve(place, protocol, { ...served, watch });
      using session = await connect(server.url, dialled);
      assertEquals(await converse(session), SAID);
      assertEquals(kept.map(textOf), SAID);
    });
  }
}

Deno.test("iterating a session itself on TCP yields views that the next read overwrites", async () => {
  const kept: Message[] = [];
  await using server = await serve("tcp://127.0.0.1:0", keeping(kept, (session) => session));
  using session = await connect(server.url);
  assertEquals(await converse(session), SAID);
  assertEquals(kept.map(textOf), [SAID[1], SAID[1]]);
});

Deno.test("messages() of a framed session yields copies", async () => {
  await using server = await serve("tcp://127.0.0.1:0", keeping([], (session) => session));
  using session = await connect(server.url);
  const framed = framedSession(session, "line");
  assertEquals(await converse(framed), SAID);
});

Deno.test("the answers of an exchange stay as they are", async () => {
  await using server = await serve(
    "udp://127.0.0.1:0",
    keeping([], (session) => session),
  );
  using session = await connect(server.url);
  assertEquals((await Array.fromAsync(exchange(session, SAID))).map(textOf), SAID);
});

Deno.test("leaving the loop over messages() stops reading", async () => {
  await using server = await serve("tcp://127.0.0.1:0", keeping([], (session) => session));
  using session = await connect(server.url);
  await session.send("first");
  for await (const message of session.messages()) {
    assertEquals(textOf(message), "first");
    break;
  }
  await session.send("other");
  for await (const message of session) {
    assertEquals(textOf(message), "other");
    break;
  }
});
