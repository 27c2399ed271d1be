// What the panels show: servers, sessions and rates, asked for once a second while the page can be seen.

import { useEffect, useState } from "preact/hooks";
import { ApiProblem } from "./api.js";
import { createHistory } from "./history.js";
import { createRates } from "./rates.js";

const EVERY_MS = 1000;
/** A server that says nothing for so long is lost. */
const PATIENCE_MS = 10_000;
/** Seconds that a sparkline shows. */
const LINE = 60;

/** The time in seconds. It never goes back, as the time of day can. */
export function now() {
  return (performance.timeOrigin + performance.now()) / 1000;
}

/** @returns a store; its `state` is replaced whenever something changes */
export function createStore(api) {
  const hearers = new Set();
  const ratesOf = createRates();
  const history = createHistory();
  const store = {
    state: { phase: "loading", servers: [], sessions: [], rates: new Map() },
    api,
    history,
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
      set({ phase: "ok", servers, sessions, rates: ratesWithLines(servers), detail: undefined });
    } catch (error) {
      const refused = error instanceof ApiProblem && error.status === 401;
      history.gap(now());
      set({ phase: refused ? "refused" : "lost", detail: error.message });
    }
  }

  /** The rates of each server, with those of the last minute for its sparkline. */
  function ratesWithLines(servers) {
    const rates = ratesOf(servers, performance.now());
    history.add(now(), servers, rates);
    const passing = ({ bytesIn, bytesOut }) => bytesIn + bytesOut;
    for (const { id, url } of servers) {
      const [, values] = history.columns(url, [passing], LINE);
      rates.get(id).history = values.map((value) => value || 0);
    }
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
