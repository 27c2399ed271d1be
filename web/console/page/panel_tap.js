// A tap that a panel shows: open while it is not paused, and what it has kept, counted.

import { useEffect, useRef, useState } from "preact/hooks";
import { count } from "./format.js";
import { html } from "./html.js";
import { useStore } from "./store.js";
import { createTap } from "./tap.js";
import { t } from "./words.js";

/** The events that fit a query, for as long as the panel is shown and not paused. */
export function useTap(store, query, paused) {
  const { phase } = useStore(store);
  const [, redraw] = useState(0);
  const tap = useRef();
  tap.current ??= createTap(store.api, () => redraw((number) => number + 1));
  useEffect(() => {
    if (paused || phase !== "ok") return;
    return tap.current.open(query);
  }, [query, paused, phase === "ok"]);
  return tap.current;
}

/** The buttons and fields of every such panel.
 * @param clear what the panel forgets besides */
export function TapTools({ tap, paused, setPaused, clear, children }) {
  return html`
    <label>${t("search")}<input type="search" name="search" onInput=${(event) =>
      tap.search(event.target.value)} /></label>
    <span class="buttons">
      <button type="button" class="main" aria-pressed=${paused}
        onClick=${() => setPaused(!paused)}>${paused ? t("resume") : t("pause")}</button>
      <button type="button" onClick=${() => (tap.clear(), clear())}>${t("clear")}</button>
      ${children}
    </span>
  `;
}

/** What a tap has kept, of what it has seen.
 * @param shown how many of what was found are shown at most. Default: all */
export function TapCounts({ tap: { events, found, seen, leftOut, missed }, shown = Infinity }) {
  return html`<p class="soft" role="status">${
    [
      t("kept", count(events.length), count(seen)),
      leftOut > 0 && t("leftOut", count(leftOut)),
      missed > 0 && t("missed", count(missed)),
      found.length < events.length && t("found", count(found.length)),
      found.length > shown && t("showing", shown),
    ].filter(Boolean).join(" \u00b7 ")
  }</p>`;
}
