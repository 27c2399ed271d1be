// A gap between the messages that a client has and those that come now: what is known of it, and what
// has to wait until it is closed.

import type { ChatMessage } from "../message.ts";

/** A gap. It is closed from its newest end, since that is how a server gives old messages. */
export class Gap {
  readonly #from: number;
  readonly #maxMessages: number;
  readonly #messages = new Map<string, ChatMessage>();
  /** How many messages the server said that it dropped. */
  #dropped: number;
  #found = 0;
  #before: number | undefined;
  #isOpen = true;
  #isWider = false;

  /** @param from the place up to which the client has everything */
  constructor(from: number, maxMessages: number, dropped: number) {
    this.#from = from;
    this.#maxMessages = maxMessages;
    this.#dropped = dropped;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Where the next page has to end; undefined for the newest. */
  get before(): number | undefined {
    return this.#before;
  }

  /** How many dropped messages were not found again. */
  get missed(): number {
    return Math.max(0, this.#dropped - this.#found);
  }

  /** Takes a message that came by itself. */
  hold(message: ChatMessage): void {
    this.#add(message);
  }

  /** More messages were dropped: after this page the newest has to be asked for again. */
  widen(dropped: number): void {
    this.#dropped += dropped;
    this.#isWider = true;
  }

  /** Takes a page of old messages, oldest first. */
  take(page: readonly ChatMessage[]): void {
    for (const message of page) {
      if (message.seq !== undefined && message.seq <= this.#from) continue;
      if (this.#add(message)) this.#found++;
    }
    const first = page.find(({ seq }) => seq !== undefined)?.seq ?? 0;
    // The last of these is for a server that does not heed `before`.
    this.#isOpen = first > this.#from && this.#messages.size < this.#maxMessages &&
      first < (this.#before ?? Infinity);
    this.#before = first;
    if (!this.#isWider) return;
    this.#isWider = false;
    this.#isOpen = true;
    this.#before = undefined;
  }

  /** All messages, in the room's order; those without a place come last. */
  messages(): readonly ChatMessage[] {
    return [...this.#messages.values()]
      .sort((one, two) => (one.seq ?? Infinity) - (two.seq ?? Infinity) || 0);
  }

  #add(message: ChatMessage): boolean {
    if (this.#messages.has(message.id)) return false;
    if (this.#messages.size >= 2 * this.#maxMessages) {
      this.#dropped++;
      return false;
    }
    this.#messages.set(message.id, message);
    return true;
  }
}
