// What a member sees in one room: messages in the room's order, each once, and who is there.

/** Messages that are kept of a room; older ones can be asked for again. */
const KEPT = 2000;

export function createRoom(room) {
  return {
    room,
    /** Our session there, and what we are called. */
    dial: undefined,
    name: undefined,
    standing: "plain",
    /** `entering`, `in`, or `lost` until it is back. */
    phase: "entering",
    detail: undefined,
    lines: [],
    ids: new Set(),
    members: [],
    /** What is being said: it is shown until the server says it. */
    unsaid: [],
    unread: 0,
    mentions: 0,
    /** The first line that was not seen when the room was shown last. */
    newFrom: undefined,
    /** Whether there is nothing before the first message. */
    hasAll: false,
  };
}

/** The place of the newest message that has one. */
export function highestIn({ lines }) {
  return lines.findLast(({ seq }) => seq !== undefined)?.seq;
}

/** The place of the oldest one. */
export function lowestIn({ lines }) {
  return lines.find(({ seq }) => seq !== undefined)?.seq;
}

/** Adds a message where it belongs; false when it is there already. */
export function addMessage(room, message) {
  if (room.ids.has(message.id)) return false;
  room.ids.add(message.id);
  const { lines } = room;
  let at = lines.length;
  // Most come last, and what has no place stays where it came.
  while (at > 0 && message.seq !== undefined && (lines[at - 1].seq ?? -1) > message.seq) at--;
  lines.splice(at, 0, { ...message, line: "message" });
  if (lines.length > KEPT) {
    for (const { id } of lines.splice(0, lines.length - KEPT)) room.ids.delete(id);
    room.hasAll = false;
  }
  room.unsaid = room.unsaid.filter(({ id }) => id !== message.id);
  return true;
}

/** Adds old messages before all others. */
export function addOlder(room, messages) {
  const older = messages.filter(({ id }) => !room.ids.has(id));
  for (const { id } of older) room.ids.add(id);
  room.lines = [...older.map((message) => ({ ...message, line: "message" })), ...room.lines];
  room.hasAll = older.length === 0;
}

let notes = 0;

/** Adds what happened besides messages.
 * @param kind a key of the words, which have places for the values */
export function addNote(room, kind, ...values) {
  const time = new Date().toISOString();
  room.lines.push({ line: "note", id: `note-${++notes}`, kind, values, time });
}
