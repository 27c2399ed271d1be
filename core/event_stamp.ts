// The one place where an event gets its time, the URL of its server, its session and its peer.

import { formatAddress } from "./addresses/address.ts";
import { isoTime } from "./clock.ts";
import type { Emit, EventBody, ServerEvent, Tell } from "./event.ts";
import type { EventOrigin } from "./session.ts";

/** @param url the URL of the server, for events of no peer */
export function stamped(
  body: EventBody,
  url: string,
  of: Partial<EventOrigin> | undefined,
  timeMs: number,
): ServerEvent {
  const { peer, sessionId, serverUrl = url } = of ?? {};
  const { event } = body;
  const time = isoTime(timeMs);
  const stamp = peer === undefined
    ? { event, url: serverUrl, time }
    : sessionId === undefined
    ? { event, url: serverUrl, time, peer: formatAddress(peer) }
    : { event, url: serverUrl, time, session: sessionId, peer: formatAddress(peer) };
  // `Tell` has made sure that the origin fits the event.
  return { ...stamp, ...body } as ServerEvent;
}

/** Tells events to a listener; undefined where there is none.
 * @param url the URL of the server, for events of no peer
 * @param now milliseconds since the epoch */
export function telling(
  emit: Emit | undefined,
  url: string,
  now: () => number = Date.now,
): Tell | undefined {
  if (emit === undefined) return undefined;
  return (body: EventBody, of?: Partial<EventOrigin>, timeMs = now()) =>
    emit(stamped(body, url, of, timeMs));
}
