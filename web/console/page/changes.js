// What lives on while its panel is not shown, and draws the panel anew when it changes.

import { useEffect, useState } from "preact/hooks";

/** Changes that follow one another at once are drawn once. */
const DRAW_MS = 30;

/** Those who hear of changes. */
export function createChanges() {
  const hearers = new Set();
  let timer;
  return {
    subscribe(hearer) {
      hearers.add(hearer);
      return () => hearers.delete(hearer);
    },
    changed() {
      timer ??= setTimeout(() => {
        timer = undefined;
        for (const hearer of hearers) hearer();
      }, DRAW_MS);
    },
  };
}

/** Draws a component again when a model changes. */
export function useModel(model) {
  const [, redraw] = useState(0);
  useEffect(() => model.subscribe(() => redraw((number) => number + 1)), [model]);
  return model;
}
