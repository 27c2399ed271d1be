// Relay: joins every session to one of its own at another endpoint.

import { formatAddress } from "../core/addresses/address.ts";
import { errorText } from "../core/event.ts";
import { text } from "../core/options/option.ts";
import type { Context, Protocol } from "../core/protocol.ts";
import type { DialledSession } from "../core/client_kind.ts";
import { bytesOf, type Message, type Session } from "../core/session.ts";
import { UsageError } from "../core/usage_error.ts";

/** After one side has said its last, how long a side that has no end may say nothing before the
 * relay takes that for its last word. */
const QUIET_MS = 1000;

const options = {
  to: text({ metavar: "url", help: "where to pass sessions on to" }),
} as const;

/** Passes sessions on to another endpoint, of any transport. Byte streams are passed on as they come;
 * where a stream meets messages, what one read returned becomes one message and a message becomes
 * bytes. The end of one direction is passed on where the other side has such an end, and the end of
 * one side ends the other. */
export const relay: Protocol<typeof options> = {
  name: "relay",
  summary: "Passes sessions on to another endpoint",
  framing: "none",
  // Nobody knows what the upstream answers.
  datagramReply: "larger",
  dials: true,
  options,
  async open({ to }, context) {
    if (to === undefined) {
      throw new UsageError("relay needs to know where to: --to tcp://127.0.0.1:9001, for example");
    }
    await context.checkDial(to);
    return {
      serve: (session) => relayed(session, to, context),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
};

/** What went wrong on the side of the upstream. */
class UpstreamError extends Error {
  override readonly name = "UpstreamError";
}

async function relayed(session: Session, to: string, context: Context): Promise<void> {
  try {
    using upstream = await dialled(to, context);
    if (!session.signal.aborted) await join(session, upstream, context.signal);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    // That we shut down, or that the peer has gone, is not the upstream's fault.
    if (context.signal.aborted || session.signal.aborted) return;
    const peer = formatAddress(session.peer);
    context.emit({ event: "failed", url: to, peer, error: error.message });
    session.close("the upstream failed");
  }
}

async function dialled(to: string, context: Context): Promise<DialledSession> {
  try {
    return await context.dial(to);
  } catch (error) {
    throw upstreamError(error);
  }
}

/** Passes both directions on. Resolves when the session is over, rejects when a side breaks. */
async function join(
  session: Session,
  upstream: DialledSession,
  stopping: AbortSignal,
): Promise<void> {
  // Whoever waits for one side to take in its bytes does not see that the other side is gone.
  const closeUpstream = () => upstream.close();
  session.signal.addEventListener("abort", closeUpstream, { once: true });
  const quiet = Promise.withResolvers<void>();
  // A side without an end may answer what it was sent, or send what it had to, for a moment.
  using answers = new QuietTimer(closeUpstream);
  using rest = new QuietTimer(quiet.resolve);
  const upward = passOn(session, upstream, "to", () => rest.restart()).then(() => {
    if (session.signal.aborted || stopping.aborted) upstream.close();
    else if (!hasEnd(upstream)) answers.start();
  });
  const downward = passOn(upstream, session, "from", () => answers.restart());
  const upstreamGone = downward.then(() => {
    // A stream that has said its last may still be listening; a WebSocket is not.
    if (upstream.boundary === "messages" || upstream.signal.aborted) return;
    if (isDatagram(session)) rest.start();
    return Promise.race([upward, quiet.promise]);
  });
  // The first to fail has ended all of it, and what the other says of that is not news.
  upward.catch(() => {});
  downward.catch(() => {});
  try {
    await Promise.race([upward.then(() => downward), upstreamGone]);
  } finally {
    session.signal.removeEventListener("abort", closeUpstream);
  }
}

/** Passes one direction on, and its end.
 *
 * @param upstream which of the two it is, so that its failures are told from those of the peer */
async function passOn(
  from: Session,
  to: Session,
  upstream: "from" | "to",
  onMessage: () => void,
): Promise<void> {
  const { maxMessageBytes } = to;
  const isCut = from.boundary === "bytes" && to.boundary === "messages";
  const messages = from[Symbol.asyncIterator]();
  for (;;) {
    let next: IteratorResult<Message>;
    try {
      next = await messages.next();
    } catch (error) {
      throw upstream === "from" ? upstreamError(error) : error;
    }
    try {
      if (next.done) return await to.end();
      onMessage();
      if (isCut && next.value.length > maxMessageBytes) {
        await sendInParts(to, bytesOf(next.value));
      } else {
        await to.send(next.value);
      }
    } catch (error) {
      throw upstream === "to" ? upstreamError(error) : error;
    }
  }
}

/** What one read returned has no meaning of its own, so it may be several messages as well. */
async function sendInParts(to: Session, bytes: Uint8Array): Promise<void> {
  for (let start = 0; start < bytes.length; start += to.maxMessageBytes) {
    await to.send(bytes.subarray(start, start + to.maxMessageBytes));
  }
}

function upstreamError(error: unknown): UpstreamError {
  return new UpstreamError(errorText(error), { cause: error });
}

/** Whether a session can say that it will send no more. */
function hasEnd(session: DialledSession): boolean {
  return session.delivery !== undefined || !isDatagram(session);
}

function isDatagram({ peer }: Session): boolean {
  return peer.transport === "udp" || peer.transport === "unixgram";
}

/** Calls `run` after a time in which nobody started it anew. */
class QuietTimer implements Disposable {
  readonly #run: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(run: () => void) {
    this.#run = run;
  }

  start(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#run, QUIET_MS);
  }

  /** Starts it anew where it was started. */
  restart(): void {
    if (this.#timer !== undefined) this.start();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
