// What lives on while its panel is not shown, and draws the panel anew when it changes.

import { useEffect, useState } from "preact/hooks";

/** Changes that follow one another at once are drawn once. */
const DRAW_MS = 30;

/** Those who hear of changes. */
export function createChanges() {
  const hearers = new Set();
  let timer;
  function drawn() {
    clearTimeout(timer);
    timer = undefined;
    for (const hearer of hearers) hearer();
  }
  return {
    subscribe(hearer) {
      hearers.add(hearer);
      return () => hearers.delete(hearer);
    },
    changed() {
      timer ??= setTimeout(drawn, DRAW_MS);
    },
    /** What a person chose is drawn at once: what they type next belongs there. */
    drawn,
  };
}

/** Draws a component again when a model changes. */
export function useModel(model) {
  const [, redraw] = useState(0);
  useEffect(() => model.subscribe(() => redraw((number) => number + 1)), [model]);
  return model;
}
