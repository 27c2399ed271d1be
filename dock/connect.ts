// Opens a client session to any endpoint.

import type { DialledSession } from "../core/client_kind.ts";
import { diallingPort, type Endpoint } from "../core/addresses/endpoint.ts";
import { connectTimeoutOptions } from "../core/client_options.ts";
import type { Tell } from "../core/event.ts";
import { telling } from "../core/event_stamp.ts";
import { noteDatagramStandIn } from "../core/runtime.ts";
import { resolveShare } from "../core/options/option.ts";
import { systemClock } from "../core/clock.ts";
import { openLayers } from "./layer_stack.ts";
import type { ConnectOptions } from "./connect_options.ts";
import { placeToDial, usesUdp } from "./place.ts";
import { refuseUnknownDialling } from "./unknown_option.ts";

export type { ConnectHooks, ConnectOptions } from "./connect_options.ts";

/** Opens a session: one peer, messages in and out. Resolves once the peer was verified, where its
 * transport verifies. Dispose the session to close it.
 *
 * ```ts
 * import { connect, serve, textOf, upper } from "@sockdock/sockdock";
 *
 * await using server = await serve("tcp://127.0.0.1:0", upper);
 * using session = await connect(server.url);
 * await session.send("hello");
 * for await (const message of session.messages()) {
 *   console.log(textOf(message)); // HELLO
 *   break;
 * }
 * ```
 *
 * @param url where to connect, such as `tls://harbour.example:8443`
 * @param options those of the transport in use ({@linkcode DialOptions}: `tlsCa`, `tlsFingerprint`,
 * `maxMessageBytes`), of layers ({@linkcode LayerOptions}), and {@linkcode ConnectHooks}
 * @throws {UsageError} when the URL or an option cannot work
 * @throws {Error} when the peer cannot be reached or is not who it should be, naming the URL */
export async function connect(
  url: string | Endpoint,
  {
    signal,
    connectTimeoutMs = connectTimeoutOptions.connectTimeoutMs.fallback,
    emit: listener,
    ...given
  }: ConnectOptions = {},
): Promise<DialledSession> {
  refuseUnknownDialling(given);
  const { endpoint, kind, stack } = placeToDial(url, given);
  const emit = telling(listener, endpoint.text);
  if (usesUdp(kind)) noteDatagramStandIn(emit);
  const opened = await openLayers(stack, { clock: systemClock, random: Math.random, emit });
  await noteTls(kind.name, given, emit);
  const attempt = new AbortController();
  const timer = setTimeout(
    () =>
      attempt.abort(new DOMException(`no answer within ${connectTimeoutMs} ms`, "TimeoutError")),
    connectTimeoutMs,
  );
  const attemptSignal = signal ? AbortSignal.any([signal, attempt.signal]) : attempt.signal;
  try {
    const session = await kind.connect(endpoint, resolveShare(kind.options, given), {
      layers: opened,
      signal: attemptSignal,
    });
    session.serverUrl = endpoint.text;
    return session;
  } catch (error) {
    // Callers tell a time-out from other errors by the name of the exception.
    if (attempt.signal.aborted) {
      throw new DOMException(
        `Cannot connect to ${endpoint.text}: no answer within ${connectTimeoutMs} ms`,
        "TimeoutError",
      );
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Checks the URL and the options of `connect` without dialling, with its notices.
 *
 * @param flagOf the name under which an option was given
 * @returns the parsed URL
 * @throws {UsageError} when it can never work */
export async function checkConnect(
  url: string,
  { signal: _signal, connectTimeoutMs: _timeout, emit: _emit, ...given }: ConnectOptions,
  { flagOf, emit }: {
    readonly flagOf: (key: string) => string;
    readonly emit?: Tell | undefined;
  },
): Promise<Endpoint> {
  const { endpoint, kind, stack } = placeToDial(url, given, flagOf);
  if (kind.addressing === "host") diallingPort(endpoint, kind.usualPort);
  await openLayers(stack, { clock: systemClock, random: Math.random, emit });
  await noteTls(kind.name, given, emit);
  return endpoint;
}

async function noteTls(kind: string, given: ConnectOptions, emit: Tell | undefined): Promise<void> {
  if (kind !== "tls" && kind !== "wss") return;
  const { tlsNotices } = await import("../clients/tls/notices.ts");
  for (const text of tlsNotices(given)) emit?.({ event: "notice", text });
}
