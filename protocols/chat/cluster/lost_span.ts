// Spans of the shared history that a node never got: the broker had discarded them before the node
// was back. They are kept as a note, for clients that come back later.

import type { LostSpan } from "../log.ts";

/** How many spans are remembered. */
const MAX_SPANS = 32;

/** One more span, with those before it. */
export function withSpan(spans: readonly LostSpan[], span: LostSpan): readonly LostSpan[] {
  return [...spans, span].slice(-MAX_SPANS);
}

/** Reads the note; one that is malformed counts as none. */
export function parseSpans(note: string | undefined): readonly LostSpan[] {
  try {
    const spans: unknown = JSON.parse(note ?? "[]");
    return Array.isArray(spans) && spans.every(isSpan) ? spans : [];
  } catch {
    return [];
  }
}

/** When the broker had a message, in milliseconds since the epoch.
 * @param stamp as in Arrival */
export function stampMs(stamp: string): number {
  const ms = Math.floor(Number(stamp) / 1e6);
  return Number.isFinite(ms) ? ms : 0;
}

function isSpan(value: unknown): value is LostSpan {
  if (typeof value !== "object" || value === null) return false;
  const { count, before, fromMs, toMs } = value as Readonly<Record<string, unknown>>;
  return [count, before, fromMs, toMs].every(Number.isFinite);
}
