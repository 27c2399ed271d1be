// The names of a chat on the NATS broker: its stream, its subjects, and rooms as parts of subjects.

export interface Subjects {
  /** Its name; upper case, as is the custom. */
  readonly stream: string;
  /** The subjects whose messages the stream keeps. */
  readonly kept: readonly string[];
  /** Where marks are put; see place.ts. */
  readonly mark: string;
  room(room: string): string;
  /** The room of a subject, or undefined when it is none. */
  roomOf(subject: string): string | undefined;
  /** Where a node publishes to all others: presence, claims, expulsions, bans. */
  readonly beat: string;
  readonly change: string;
  readonly claim: string;
  readonly expel: string;
  readonly ban: string;
  /** Where one node is sent a request. */
  roster(node: string): string;
  whisper(node: string): string;
}

/** @param name letters, digits, _ and - */
export function subjectsOf(name: string): Subjects {
  const prefix = `sockdock.${name}`;
  const rooms = `${prefix}.room.`;
  return {
    stream: `SOCKDOCK_${name}`,
    kept: [`${rooms}*`, `${prefix}.mark`],
    mark: `${prefix}.mark`,
    room: (room) => rooms + encodeToken(room),
    roomOf: (subject) =>
      subject.startsWith(rooms) ? decodeToken(subject.slice(rooms.length)) : undefined,
    beat: `${prefix}.node.beat`,
    change: `${prefix}.node.change`,
    claim: `${prefix}.node.claim`,
    expel: `${prefix}.node.expel`,
    ban: `${prefix}.node.ban`,
    roster: (node) => `${prefix}.node.roster.${node}`,
    whisper: (node) => `${prefix}.node.whisper.${node}`,
  };
}

/** A text as one token of a subject: letters, digits, `_` and `-` are themselves, every other byte
 * of its UTF-8 is `=` and two hexadecimal digits. */
export function encodeToken(text: string): string {
  let token = "";
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    token += /[A-Za-z0-9_-]/.test(character)
      ? character
      : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return token;
}

/** The text of a token, or undefined when `encodeToken` would not have written it. */
export function decodeToken(token: string): string | undefined {
  if (!/^(?:[A-Za-z0-9_-]|=[0-9A-F]{2})+$/.test(token)) return undefined;
  const bytes = token.match(/=..|./g)!.map((part) =>
    part.length === 1 ? part.charCodeAt(0) : parseInt(part.slice(1), 16)
  );
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(Uint8Array.from(bytes));
    return encodeToken(text) === token ? text : undefined;
  } catch {
    return undefined;
  }
}
