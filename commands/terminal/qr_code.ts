// A QR code (ISO/IEC 18004) as lines of half blocks, two rows of it to a line.

import { generate } from "lean-qr";

/** Light modules that a reader needs around the code. */
const QUIET_MODULES = 4;

/** Black on white, whatever the terminal's own colours are. */
const ON = "\x1b[38;5;16;48;5;231m";
const OFF = "\x1b[0m";

/** The lines of a QR code for a text. Without colour it is drawn for a dark terminal, light modules
 * as blocks. */
export function qrLines(text: string, { color }: { readonly color: boolean }): string[] {
  const code = generate(text);
  const last = code.size + QUIET_MODULES;
  const lines: string[] = [];
  for (let y = -QUIET_MODULES; y < last; y += 2) {
    let line = "";
    for (let x = -QUIET_MODULES; x < last; x++) {
      // With colour a block is dark; without, it is light.
      const upper = code.get(x, y) === color;
      // The row below the last one stays as the terminal is without colour.
      const lower = y + 1 < last ? code.get(x, y + 1) === color : false;
      line += upper ? (lower ? "█" : "▀") : lower ? "▄" : " ";
    }
    lines.push(color ? ON + line + OFF : line);
  }
  return lines;
}
