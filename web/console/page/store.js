// What the panels show: servers, sessions and rates, asked for once a second while the page can be seen.

import { useEffect, useState } from "preact/hooks";
import { ApiProblem } from "./api.js";

const EVERY_MS = 1000;
/** A server that says nothing for so long is lost. */
const PATIENCE_MS = 10_000;
/** Seconds that a sparkline shows. */
const HISTORY = 60;

/** @returns a store; its `state` is replaced whenever something changes */
export function createStore(api) {
  const hearers = new Set();
  const before = new Map();
  let beforeMs;
  const store = {
    state: { phase: "loading", servers: [], sessions: [], rates: new Map() },
    api,
    subscribe(hearer) {
      hearers.add(hearer);
      return () => hearers.delete(hearer);
    },
    refresh,
    start() {
      tick();
      document.addEventListener("visibilitychange", () => document.hidden || refresh());
    },
  };
  let asking;

  function set(change) {
    store.state = { ...store.state, ...change };
    for (const hearer of hearers) hearer(store.state);
  }

  async function tick() {
    if (!document.hidden) await refresh();
    if (store.state.phase !== "refused") setTimeout(tick, EVERY_MS);
  }

  function refresh() {
    return asking ??= ask().finally(() => asking = undefined);
  }

  async function ask() {
    try {
      const late = new Promise((_, reject) =>
        setTimeout(() => reject(new TypeError("no answer")), PATIENCE_MS)
      );
      const [{ servers }, { sessions }] = await Promise.race([
        Promise.all([api.call("GET", "/api/servers"), api.call("GET", "/api/sessions")]),
        late,
      ]);
      set({ phase: "ok", servers, sessions, rates: ratesOf(servers), detail: undefined });
    } catch (error) {
      const refused = error instanceof ApiProblem && error.status === 401;
      set({ phase: refused ? "refused" : "lost", detail: error.message });
    }
  }

  /** Messages (or requests) and bytes a second, of each server, with those of the last minute. */
  function ratesOf(servers) {
    const nowMs = performance.now();
    const seconds = (nowMs - (beforeMs ?? nowMs)) / 1000;
    beforeMs = nowMs;
    const rates = new Map();
    for (const { id, url, counters } of servers) {
      const count = {
        url,
        messages: counters.messagesReceived + counters.messagesSent + counters.requests,
        bytesIn: counters.bytesReceived,
        bytesOut: counters.bytesSent,
      };
      const last = before.get(id);
      // A suite that was started again numbers its servers anew.
      const known = last !== undefined && last.url === url && seconds > 0.1 &&
        count.bytesIn >= last.bytesIn && count.bytesOut >= last.bytesOut;
      const rate = (name) => known ? (count[name] - last[name]) / seconds : 0;
      const [messages, bytesIn, bytesOut] = ["messages", "bytesIn", "bytesOut"].map(rate);
      const history = [...last?.url === url ? last.history : [], bytesIn + bytesOut];
      count.history = history.slice(-HISTORY);
      before.set(id, count);
      rates.set(id, { messages, bytesIn, bytesOut, history: count.history });
    }
    for (const id of before.keys()) if (!rates.has(id)) before.delete(id);
    return rates;
  }

  return store;
}

/** The state of a store; the component is drawn again when it changes. */
export function useStore(store) {
  const [state, setState] = useState(store.state);
  useEffect(() => store.subscribe(setState), [store]);
  return state;
}
