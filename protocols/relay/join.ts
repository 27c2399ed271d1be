// What a relay does: each session that is served is joined to one that is dialled.

import { errorText } from "../../core/event.ts";
import type { Context, Service } from "../../core/protocol.ts";
import type { DialledSession } from "../../core/client_kind.ts";
import { bytesOf, type Message, type Session } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";

/** After one side has ended, how long a side without an end of its own (datagrams) may be silent
 * before the relay counts it as ended. */
const QUIET_MS = 1000;

/** @throws {UsageError} when `to` is missing or can never be dialled */
export async function openRelay(
  { to }: { readonly to: string | undefined },
  context: Context,
): Promise<Service> {
  if (to === undefined) {
    throw new UsageError("relay needs to know where to: --to tcp://127.0.0.1:9001, for example");
  }
  await context.checkDial(to);
  return {
    serve: (session) => relayed(session, to, context),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** An error on the side of the upstream. */
class UpstreamError extends Error {
  override readonly name = "UpstreamError";
}

async function relayed(session: Session, to: string, context: Context): Promise<void> {
  try {
    using upstream = await dialled(to, context);
    context.emit?.(
      { event: "dialled", upstream: to, upstreamSession: upstream.sessionId },
      session,
    );
    if (!session.signal.aborted) await join(session, upstream, context.signal);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    // During our shutdown, or after the peer has gone, the upstream is not at fault.
    if (context.signal.aborted || session.signal.aborted) return;
    context.emit?.({ event: "failed", error: error.message, upstream: to }, session);
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
  // While the relay waits for one side to take bytes, it does not read, and would not notice that the
  // other side is gone.
  const closeUpstream = () => upstream.close();
  session.signal.addEventListener("abort", closeUpstream, { once: true });
  const quiet = Promise.withResolvers<void>();
  // A side without an end has a moment to answer, or to send the rest.
  using answers = new QuietTimer(closeUpstream);
  using rest = new QuietTimer(quiet.resolve);
  const upward = passOn(session, upstream, "to", () => rest.restart()).then(() => {
    if (session.signal.aborted || stopping.aborted) upstream.close();
    else if (!hasEnd(upstream)) answers.start();
  });
  const downward = passOn(upstream, session, "from", () => answers.restart());
  const upstreamGone = downward.then(() => {
    // A stream that has ended may still be reading; a WebSocket is not.
    if (upstream.boundary === "messages" || upstream.signal.aborted) return;
    if (isDatagram(session)) rest.start();
    return Promise.race([upward, quiet.promise]);
  });
  // The first direction to fail ends both, and its error is the one that is reported.
  upward.catch(() => {});
  downward.catch(() => {});
  try {
    await Promise.race([upward.then(() => downward), upstreamGone]);
  } finally {
    session.signal.removeEventListener("abort", closeUpstream);
  }
}

/** Passes one direction on, and its end.
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

/** Sends what one read returned as several messages: where a read ends has no meaning in a stream. */
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

/** Calls `run` once it was not restarted for a time. */
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

  /** Starts the time again, if it was started. */
  restart(): void {
    if (this.#timer !== undefined) this.start();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
