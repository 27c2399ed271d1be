/** What a recording is made of: how several terminals look, one moment after another. */

import type { Run } from "../../tests/screen.ts";

/** One terminal at one moment. */
export interface Pane {
  readonly rows: readonly (readonly Run[])[];
  readonly cursor: { readonly row: number; readonly column: number };
}

/** All terminals, and for how long they look so. */
export interface Frame {
  readonly panes: readonly Pane[];
  readonly durationMs: number;
}
