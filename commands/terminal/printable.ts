// Escapes control characters in a peer's text, so that printing it cannot control the terminal.

/** C0 and C1 controls and DEL, which a terminal obeys; and the marks that change the direction of
 * text, which can make a line read as something else (Unicode TR36, section 2.4). */
// deno-lint-ignore no-control-regex
const obeyed = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

interface PrintableOptions {
  /** Whether newlines and tabs stay as they are; a carriage return stays only before a newline. */
  readonly lines?: boolean;
  /** `json` writes every escape as JSON does. Default: `short`, such as `\x1b`. */
  readonly style?: "short" | "json";
}

/** Escapes characters that a terminal would interpret, such as `\x1b` or `\u202e`. */
export function printable(text: string, options: PrintableOptions = {}): string {
  return text.replace(obeyed, (character, offset: number) => {
    if (options.lines) {
      if (character === "\n" || character === "\t") return character;
      if (character === "\r" && text[offset + 1] === "\n") return character;
    }
    const code = character.charCodeAt(0);
    return code < 0x100 && options.style !== "json"
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
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
