// The events of one dock, from its start on: told to its listener, stamped, in an order that a
// program can rely on.

import type { Emit, EventBody, ServerEvent, Tell } from "../core/event.ts";
import { stamped } from "../core/event_stamp.ts";
import type { EventOrigin } from "../core/session.ts";

/** A program waits for `listening` as the first event: what happens before all endpoints are open,
 * also at those that are, comes after it, or before the error of a start that fails. Disposing it
 * tells what is held back. */
export class Announcer implements Disposable {
  readonly #listener: Emit;
  readonly #now: () => number;
  /** The first endpoint's, for events of the dock as a whole. */
  #url: string;
  #held: ((url: string) => ServerEvent)[] | undefined = [];

  /** @param url the first endpoint's as it was asked for */
  constructor(listener: Emit, now: () => number, url: string) {
    this.#listener = listener;
    this.#now = now;
    this.#url = url;
  }

  readonly tell: Tell = (
    body: EventBody,
    of?: Partial<EventOrigin>,
    timeMs: number = this.#now(),
  ): void => {
    if (this.#held === undefined) this.#listener(stamped(body, this.#url, of, timeMs));
    // The time is that of now, the URL one whose port is not known yet.
    else this.#held.push((url) => stamped(body, url, of, timeMs));
  };

  /** All endpoints listen: tells that, and then what was held back.
   * @param url the first endpoint's, with its port */
  begin(url: string, listening: () => void): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#url = url;
    listening();
    for (const event of held) this.#listener(event(url));
  }

  [Symbol.dispose](): void {
    this.begin(this.#url, () => {});
  }
}
