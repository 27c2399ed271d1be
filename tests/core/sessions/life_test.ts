/** How sessions end, whatever carries them: one table for streams, datagrams and WebSockets. */

import { assertEquals } from "@std/assert";
import type { Address } from "../../../core/addresses/address.ts";
import { serveDatagrams } from "../../../core/datagrams/serve_datagrams.ts";
import { datagramOptions, streamOptions } from "../../../core/limits.ts";
import { resolveOptions } from "../../../core/options/option.ts";
import type { RunningServer } from "../../../core/running_server.ts";
import type { SessionWork } from "../../../core/server_kind.ts";
import type { Session } from "../../../core/session.ts";
import { acceptingServer } from "../../../core/streams/accept_loop.ts";
import { Ledger } from "../../../core/sessions/life.ts";
import { serveStream } from "../../../core/streams/serve_stream.ts";
import { WebSocketSessions } from "../../../core/websocket/sessions.ts";
import { FakeTime, settled } from "../../fake_time.ts";
import {
  connectionPair,
  EventLog,
  MemoryAcceptor,
  MemoryDatagramSocket,
  stillContext,
  udpAddress,
  utf8,
} from "../../memory.ts";
import { rawFrame } from "../../raw_websocket.ts";

const URL = "test://here";
const IDLE_MS = 10_000;
const MAX_MESSAGE_BYTES = 10;

/** What a peer does. */
interface Peer {
  /** A message, after which the session is open. */
  say(text: string): Promise<void>;
  /** Says that no more will come, in good order. */
  end(): Promise<void>;
  /** Is gone in the middle of things. */
  reset(): void;
  /** Takes in nothing more, where a peer can refuse to. */
  stopReading?(): void;
}

type Carrier = "stream" | "datagrams" | "WebSocket";

/** Starts a server with one peer. */
function start(carrier: Carrier, serve: (session: Session) => Promise<void>) {
  const log = new EventLog();
  const work: SessionWork = {
    protocol: { name: "test", framing: "line", datagramReply: "bounded" },
    service: { serve, [Symbol.asyncDispose]: () => Promise.resolve() },
    layers: [],
    context: stillContext({ emit: log.tell }),
  };
  const { server, peer } = { stream, datagrams, WebSocket: webSocket }[carrier](work);
  return { server, peer, log };
}

interface Started {
  readonly server: RunningServer;
  readonly peer: Peer;
}

function stream(work: SessionWork): Started {
  const acceptor = new MemoryAcceptor();
  const server = serveStream({ url: URL, acceptor }, {
    admits: () => true,
    limits: resolveOptions(streamOptions, {
      idleTimeoutMs: IDLE_MS,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    }),
    work,
  });
  const { client: connection, server: end } = connectionPair();
  acceptor.offer(end);
  return {
    server,
    peer: {
      stopReading: () => end.capacityBytes = 0,
      say: (text) => connection.write(utf8(`${text}\n`)),
      end: () => connection.closeWrite(),
      reset: () => connection.reset(),
    },
  };
}

function datagrams(work: SessionWork): Started {
  const socket = new MemoryDatagramSocket();
  const server = serveDatagrams({ url: URL, socket }, {
    admits: () => true,
    limits: resolveOptions(datagramOptions, {
      peerTimeoutMs: IDLE_MS,
      maxMessageBytes: MAX_MESSAGE_BYTES,
    }),
    work,
  });
  const from: Address = udpAddress(5001);
  return {
    server,
    peer: {
      say: (text) => Promise.resolve(socket.arriveFrom(from, text)),
      end: () => Promise.resolve(socket.arrive({ from, finished: true })),
      reset: () => socket.arrive({ from, ended: "connection reset by peer", lost: true }),
    },
  };
}

function webSocket(work: SessionWork): Started {
  const acceptor = new MemoryAcceptor();
  const ledger = new Ledger(URL, work.context.emit);
  const webSockets = new WebSocketSessions(ledger, {
    idleTimeoutMs: IDLE_MS,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    pingIntervalMs: Infinity,
    pingTimeoutMs: Infinity,
  });
  const server = acceptingServer({ url: URL, acceptor }, {
    admits: () => true,
    limits: { maxConnections: 10 },
    ledger,
    serve: (connection) =>
      webSockets.serve(
        connection,
        { head: new Uint8Array(0), deflate: undefined },
        (session) => work.service.serve(session),
      ),
    release: () => webSockets[Symbol.dispose](),
  });
  const { client: connection, server: end } = connectionPair();
  acceptor.offer(end);
  return {
    server,
    peer: {
      stopReading: () => end.capacityBytes = 0,
      say: (text) => connection.write(rawFrame(1, text)),
      end: () => connection.write(rawFrame(8, [0x03, 0xe8])),
      reset: () => connection.reset(),
    },
  };
}

async function echo(session: Session): Promise<void> {
  for await (const message of session) await session.send(message);
}

/** Answers messages half a second after they came, all or as many as it is told. */
async function lateEcho(session: Session, left = Infinity): Promise<void> {
  for await (const message of session) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await session.send(message);
    if (--left === 0) return;
  }
}

/** One way in which a session ends. */
interface End {
  readonly name: string;
  /** What the protocol does. Default: echo. */
  readonly serve?: (session: Session) => Promise<void>;
  /** What happens once the session is open and the peer has said something. */
  readonly then?: (started: Started, time: FakeTime) => unknown;
  /** The reason of the event `closed`, and what was counted besides one that was opened: for all, or
   * for each carrier where there is a reason to differ. */
  readonly told: string | Readonly<Record<Carrier, string>>;
}

/** A protocol that neither reads nor writes. */
function untilAborted({ signal }: Session): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

const ENDS: readonly End[] = [
  { name: "the protocol is done", serve: (session) => session.send("bye"), told: "done" },
  {
    name: "the protocol throws",
    serve: () => Promise.reject(new TypeError("broken")),
    told: "broken, failed",
  },
  { name: "the peer ends", then: ({ peer }) => peer.end(), told: "done" },
  {
    name: "the peer ends, and the protocol throws",
    async serve(session) {
      for await (const _ of session);
      throw new TypeError("broken");
    },
    then: ({ peer }) => peer.end(),
    told: "broken, failed",
  },
  {
    name: "the peer ends, and the protocol still sends",
    async serve(session) {
      for await (const _ of session);
      await session.send("late");
    },
    then: ({ peer }) => peer.end(),
    told: "done",
  },
  {
    name: "the peer ends, and does not read what the protocol sends",
    async then({ peer }, time) {
      peer.stopReading?.();
      await peer.say("more");
      await settled();
      await peer.end();
      await time.advance(3000);
    },
    // The end of a stream's half is not the end of the other; that of a WebSocket is.
    told: { stream: "open", datagrams: "done", WebSocket: "done" },
  },
  {
    name: "the peer is gone",
    then: ({ peer }) => peer.reset(),
    told: "connection reset by peer, failed",
  },
  {
    name: "the peer is gone, which the protocol takes for an end",
    serve: (session) => echo(session).catch(() => {}),
    then: ({ peer }) => peer.reset(),
    told: "connection reset by peer, failed",
  },
  {
    name: "we close with a reason",
    serve: (session) => Promise.resolve(session.close("kicked")),
    told: "kicked",
  },
  {
    name: "we close with a reason, and the protocol throws",
    serve(session) {
      session.close("kicked");
      return Promise.reject(new TypeError("closed"));
    },
    told: "kicked",
  },
  {
    name: "we close without a reason",
    serve: (session) => Promise.resolve(session.close()),
    told: "done",
  },
  {
    name: "we close without a reason, and the protocol throws",
    serve(session) {
      session.close();
      return Promise.reject(new TypeError("closed"));
    },
    told: "done",
  },
  {
    name: "a message over the limit",
    then: ({ peer }) => peer.say("x".repeat(50)),
    told: {
      stream: "a message over the limit, oversized",
      // Without a connection there is nothing to end.
      datagrams: "open, oversized",
      WebSocket: "a message over the limit, oversized",
    },
  },
  { name: "idle", then: (_, time) => time.advance(1.5 * IDLE_MS), told: "idle, idle" },
  {
    name: "a shutdown while we wait for input",
    then: ({ server }) => void server.shutdown(),
    told: "shutdown",
  },
  {
    name: "a shutdown in mid-reply, and the protocol throws",
    async serve(session) {
      for await (const _ of session) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        throw new TypeError("broken");
      }
    },
    then: ({ server }) => void server.shutdown(),
    told: "broken, failed",
  },
  {
    name: "a shutdown in mid-reply",
    serve: lateEcho,
    then: ({ server }) => void server.shutdown(),
    told: "shutdown",
  },
  {
    name: "a shutdown in mid-reply, after which the protocol does not read",
    serve: (session) => lateEcho(session, 1),
    then: ({ server }) => void server.shutdown(),
    told: "shutdown",
  },
  {
    name: "a shutdown in mid-reply, and the protocol throws for want of more",
    async serve(session) {
      await lateEcho(session);
      throw new TypeError("cut off");
    },
    then: ({ server }) => void server.shutdown(),
    told: "shutdown",
  },
  {
    name: "a shutdown in mid-reply, and the peer is gone",
    serve: lateEcho,
    async then({ server, peer }) {
      void server.shutdown();
      await settled();
      peer.reset();
    },
    told: {
      // Nothing is read during a shutdown, so that writing finds it.
      stream: "broken pipe, failed",
      datagrams: "connection reset by peer, failed",
      WebSocket: "connection reset by peer, failed",
    },
  },
  {
    name: "a shutdown whose grace is over",
    serve: untilAborted,
    then: ({ server }) => void server.shutdown({ graceMs: 100 }),
    told: "shutdown",
  },
  {
    name: "a shutdown without grace",
    serve: untilAborted,
    then: ({ server }) => void server[Symbol.asyncDispose](),
    told: "shutdown",
  },
];

for (const carrier of ["stream", "datagrams", "WebSocket"] as const) {
  for (const { name, serve = echo, then, told } of ENDS) {
    Deno.test(`the end of a session of the kind ${carrier}: ${name}`, async () => {
      using time = new FakeTime();
      const started = start(carrier, serve);
      const { server, peer, log } = started;
      await peer.say("hello");
      await settled();
      await then?.(started, time);
      // A peer of a WebSocket that does not answer our close frame is waited for.
      await time.advance(1500);
      const { opened, open, failed, idle, oversized } = server.stats();
      const counted = Object.entries({ open, failed, idle, oversized })
        .flatMap(([counter, count]) =>
          count === 0 ? [] : count === 1 ? counter : `${count} ${counter}`
        );
      assertEquals(
        [...log.only("closed").map(({ reason }) => reason), ...counted].join(", "),
        typeof told === "string" ? told : told[carrier],
      );
      await server[Symbol.asyncDispose]();
      assertEquals(opened, 1);
      assertEquals(log.events.map(({ event }) => event), ["opened", "closed"]);
      await settled();
      assertEquals(time.timers, 0);
    });
  }
}
