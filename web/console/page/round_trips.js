// Measures how long a server takes to answer: a message a second over a session of sockdock's own. The
// times are those of sockdock, so that what passes between it and the page is no part of them.

import { now } from "./store.js";

const EVERY_MS = 1000;
/** An answer that takes longer counts as none. */
const PATIENCE_MS = 5000;

/**
 * Measures until the function returned is called.
 *
 * @param fail called with what went wrong, when nothing can be measured
 */
export function measureRoundTrips(store, server, fail) {
  /** What has not been answered, by the number in it; times are those of sockdock. */
  const waiting = new Map();
  let count = 0;
  let dial;
  let ended = false;

  function hear(event) {
    if (event.event === "closed") {
      // Some servers close after an answer; the next message has a session of its own.
      dial = undefined;
      return;
    }
    const [, number] = /ping (\d+)/i.exec(event.text ?? "") ?? [];
    if (event.event === "sent") {
      const trip = waiting.get(Number(number));
      if (trip) trip.atMs = event.atMs;
    } else if (event.event === "received") {
      // Whoever does not say the message back answers in order, if at all.
      const first = number === undefined ? waiting.keys().next().value : Number(number);
      const trip = waiting.get(first);
      if (trip?.atMs === undefined) return;
      waiting.delete(first);
      trip.done(event.atMs - trip.atMs);
    }
  }

  async function send() {
    // A page that nobody sees measures nothing.
    if (document.hidden) return;
    const sentMs = performance.now();
    for (const [number, trip] of waiting) {
      if (sentMs - trip.sentMs < PATIENCE_MS) continue;
      waiting.delete(number);
      trip.done(null);
    }
    try {
      dial ??= store.dials.open({ server: server.id, options: {} }, hear);
      const { id } = await dial;
      if (ended) return;
      const number = ++count;
      const done = store.history.beginRoundTrip(server.url, now());
      waiting.set(number, { done, sentMs, atMs: undefined });
      await store.dials.send(id, { text: `ping ${number}` });
    } catch (error) {
      // A session that was closed meanwhile is opened anew.
      if (error.status === 409 && count > 0) dial = undefined;
      else if (!ended) fail(error.message);
    }
  }

  send();
  const timer = setInterval(send, EVERY_MS);
  return () => {
    ended = true;
    clearInterval(timer);
    dial?.then(({ id }) => store.dials.close(id)).catch(() => {});
  };
}
