// The message of an event: as bytes, as text and in hexadecimal.

import { visible } from "./format.js";

const encoder = new TextEncoder();
/** Bytes of a message that are shown. */
const SHOWN = 4096;

/** The bytes of an event's message, or undefined. */
export function bytesOf(event) {
  if (event.base64 !== undefined) {
    return Uint8Array.from(atob(event.base64), (letter) => letter.charCodeAt(0));
  }
  return event.text === undefined ? undefined : encoder.encode(event.text);
}

/** Bytes in base64. */
export function base64Of(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The length of the whole message, of which the event may have the beginning alone. */
export function lengthOf(event) {
  if (event.messageBytes !== undefined) return event.messageBytes;
  if (event.base64 !== undefined) {
    return event.base64.length * 3 / 4 - (/=*$/.exec(event.base64)[0].length);
  }
  return event.text === undefined ? event.bytes : encoder.encode(event.text).length;
}

/** One line that tells what an event is about. */
export function preview(event) {
  if (event.text !== undefined) return visible(event.text.slice(0, 300));
  if (event.base64 !== undefined) {
    return [...bytesOf({ base64: event.base64.slice(0, 64) })].map(hex).join(" ");
  }
  if (event.event === "request") return visible(`${event.method} ${event.path} ${event.status}`);
  return visible(
    String(event.reason ?? event.error ?? event.upstream ?? event.protocol ?? event.file ?? ""),
  );
}

/** Lines of sixteen bytes, each with its place. */
export function hexDump(bytes) {
  const lines = [];
  for (let at = 0; at < Math.min(bytes.length, SHOWN); at += 16) {
    const row = [...bytes.subarray(at, Math.min(at + 16, SHOWN))];
    const left = row.slice(0, 8).map(hex).join(" ");
    const right = row.slice(8).map(hex).join(" ");
    const letters = row.map((byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "."
    );
    lines.push(
      `${at.toString(16).padStart(4, "0")}  ${`${left}  ${right}`.padEnd(48)}  ${letters.join("")}`,
    );
  }
  if (bytes.length > SHOWN) lines.push(`... ${bytes.length - SHOWN} B`);
  return lines.join("\n");
}

/** The same bytes as lines of text. */
export function textLines(bytes) {
  return new TextDecoder().decode(bytes.subarray(0, SHOWN)).split("\n").map(visible).join("\n");
}

function hex(byte) {
  return byte.toString(16).padStart(2, "0");
}
