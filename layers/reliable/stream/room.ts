// Memory that several associations share.

/** What is left of a shared amount of memory. It may be taken beyond its limit, by those who have to;
 * the others then wait until it is given back. */
export class Room {
  #bytes: number;
  #takenBytes = 0;
  #within: Room | undefined;

  /** @param within a larger room of which this is a part: what is taken here is taken there */
  constructor(bytes: number, within?: Room) {
    this.#bytes = bytes;
    this.#within = within;
  }

  /** How many bytes are left; none when negative. */
  get bytes(): number {
    return this.#within === undefined ? this.#bytes : Math.min(this.#bytes, this.#within.bytes);
  }

  /** @param bytes negative to give back */
  take(bytes: number): void {
    this.#bytes -= bytes;
    this.#takenBytes += bytes;
    this.#within?.take(bytes);
  }

  /** Makes this a part of another room, with all that is taken. */
  moveTo(within: Room): void {
    this.#within?.take(-this.#takenBytes);
    this.#within = within;
    within.take(this.#takenBytes);
  }
}
