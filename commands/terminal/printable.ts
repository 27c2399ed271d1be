// Escapes control characters and invisible ones in a peer's text, so that printing it can neither
// control the terminal nor show something else than it is.

import { isPlain, UNSEEN } from "../../core/unseen.ts";

interface PrintableOptions {
  /** Whether newlines and tabs stay as they are; a carriage return stays only before a newline. */
  readonly lines?: boolean;
  /** `json` writes every escape as JSON does. Default: `short`, such as `\x1b`. */
  readonly style?: "short" | "json";
}

/** Escapes characters that a terminal would interpret or not show, such as `\x1b` or `\u202e`. */
export function printable(text: string, options: PrintableOptions = {}): string {
  if (isPlain(text)) return text;
  return text.replace(UNSEEN, (character, offset: number) => {
    if (options.lines) {
      if (character === "\n" || character === "\t") return character;
      if (character === "\r" && text[offset + 1] === "\n") return character;
    }
    const hex = (code: number, digits: number) => code.toString(16).padStart(digits, "0");
    if (options.style === "json") {
      // JSON escapes UTF-16, in which some characters are a pair.
      return character.split("").map((unit) => `\\u${hex(unit.charCodeAt(0), 4)}`).join("");
    }
    const code = character.codePointAt(0)!;
    if (code > 0xffff) return `\\u{${hex(code, 5)}}`;
    return code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`;
  });
}

/** Bytes as rows of `offset  hex  text`, sixteen to a row, as `xxd` and `ncat --hex-dump` do. */
export function hexDump(bytes: Uint8Array): string[] {
  const rows: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += 16) {
    const row = bytes.subarray(offset, offset + 16);
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = Array.from(
      row,
      (byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    ).join("");
    rows.push(`${offset.toString(16).padStart(6, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  return rows;
}
