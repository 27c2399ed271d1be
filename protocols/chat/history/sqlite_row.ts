// Reads a chat message from a row of the SQLite history.

import type { SQLOutputValue } from "node:sqlite";
import type { ChatMessage } from "../message.ts";

/** The columns that `messageOf` reads, of `messages` and `rooms`. */
export const MESSAGE_COLUMNS =
  "messages.id, rooms.name as room, seq, messages.name, verified, me, text, time_ms, sent_at_ms";

export function messageOf(row: Readonly<Record<string, SQLOutputValue>>): ChatMessage {
  const number = (column: string) => {
    const value = row[column];
    return value === null || value === undefined ? undefined : Number(value);
  };
  return {
    id: String(row["id"]),
    room: String(row["room"]),
    seq: number("seq"),
    name: String(row["name"]),
    standing: row["verified"] === 1 ? "verified" : "plain",
    kind: row["me"] === 1 ? "me" : "say",
    text: String(row["text"]),
    timeMs: Number(row["time_ms"]),
    sentAtMs: number("sent_at_ms"),
  };
}

/** The limit of a query that asks for so many rows: a whole number, not too large. */
export function rowLimit(count: number): number {
  return Math.min(10_000, Math.max(0, Math.floor(count) || 0));
}
