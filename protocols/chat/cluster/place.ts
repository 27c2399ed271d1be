// How a sequence number of the broker becomes a place in a room.
//
// A place has to grow for as long as the chat lives, on every node alike, and the broker's sequence
// does not: a broker that lost its data begins at 1 again. So a place is
//
//     place = base + sequence + shift
//
// - `base` comes from when the stream was created, which the broker tells all nodes alike: tenths
//   of a second since 2025, times 2^19. A stream that is created later has higher places, unless
//   the old one grew by more than five million messages a second. Places stay below 2^53, so that
//   they are exact in JSON, until 2079.
// - `shift` is for what the base cannot know: a broker that lost only the end of its stream (a power
//   failure, a backup), or whose clock went back. A node that has seen a higher place than the
//   stream has reached puts a mark into the stream, `{ "above": place }`, and every node that reads
//   it counts on from above. The stream is read in one order, so that all agree. Every message
//   repeats the shift that its sender knew, because marks too fall to retention.

const EPOCH_MS = Date.UTC(2025, 0, 1);
const STEP_MS = 100;
const PLACES_PER_STEP = 2 ** 19;

/** Where the places of a stream begin.
 * @param created when the stream was created, ISO 8601, as the broker says it */
export function basePlace(created: string): number {
  const steps = Math.floor((Date.parse(created) - EPOCH_MS) / STEP_MS);
  // A broker whose clock is wrong still has to work; marks correct the places.
  return Number.isFinite(steps) && steps > 0 ? steps * PLACES_PER_STEP : 0;
}

/** How far a node has read, and the highest place that it has ever seen. Kept as a note. */
export interface Position {
  /** The creation time of the stream; empty before there was one. */
  readonly created: string;
  readonly seq: number;
  /** When the broker had the message at `seq`, in nanoseconds: tells whether it is the same. */
  readonly stamp: string;
  readonly shift: number;
  readonly top: number;
}

/** The position of a node that has read nothing. */
export const START: Position = { created: "", seq: 0, stamp: "", shift: 0, top: 0 };

/** Reads a note; one that is no position counts as the start. */
export function parsePosition(note: string | undefined): Position {
  if (note === undefined) return START;
  try {
    const { created, seq, stamp, shift, top } = JSON.parse(note) as Partial<Position>;
    const numbers = [seq, shift, top];
    if (
      typeof created === "string" && typeof stamp === "string" &&
      numbers.every((number) => Number.isSafeInteger(number) && number! >= 0)
    ) return { created, seq: seq!, stamp, shift: shift!, top: top! };
  } catch {
    // A damaged note costs reading the stream again.
  }
  return START;
}
