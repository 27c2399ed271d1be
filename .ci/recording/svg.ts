/** Draws a recording as an SVG that plays by itself, over and over. A row is written once for as long as
 * it looks the same. Colours follow the reader's scheme, and who wants no motion sees the end of it. */

import type { Run, Style } from "../../tests/screen.ts";
import type { Frame } from "./frame.ts";

const CELL = { width: 8, height: 18 };
const FONT_PX = 13.3;
const PADDING = 12;
const TITLE_HEIGHT = 26;
const GAP = 14;

/** Colours of a light terminal and of a dark one, by the parameter of SGR. */
const COLORS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  "31": ["#b3261e", "#ff8a80"],
  "32": ["#1a7f37", "#56d364"],
  "33": ["#8a5a00", "#e3b341"],
  "36": ["#0b6e7f", "#56d4dd"],
};

export interface Drawing {
  readonly title: string;
  /** What stands above each terminal. */
  readonly captions: readonly string[];
  readonly columns: number;
  readonly rows: number;
}

/** Something that is visible from one frame to before another. */
interface Shown {
  readonly markup: string;
  readonly from: number;
  to: number;
}

/** The SVG of some frames; the terminals stand side by side. */
export function drawRecording(frames: readonly Frame[], drawing: Drawing): string {
  const { captions, columns, rows, title } = drawing;
  const pane = {
    width: columns * CELL.width + 2 * PADDING,
    height: rows * CELL.height + 2 * PADDING + TITLE_HEIGHT,
  };
  const width = captions.length * (pane.width + GAP) - GAP;
  const left = (index: number) => index * (pane.width + GAP);
  const shown = captions.flatMap((_, index) => piecesOf(frames, index, left(index)));
  const spans = new Map<string, string>();
  const body = shown.map(({ markup, from, to }) => {
    const key = `${from} ${to}`;
    if (!spans.has(key)) spans.set(key, `t${spans.size}`);
    const last = to === frames.length ? " end" : "";
    return markup.replace("<g", `<g class="${spans.get(key)}${last}"`);
  });
  const frameworks = captions.map((caption, index) =>
    `<rect class="pane" x="${left(index) + 0.5}" y="0.5" width="${pane.width - 1}" height="${
      pane.height - 1
    }" rx="8"/><text class="caption" x="${left(index) + PADDING}" y="20">${escaped(caption)}</text>`
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${pane.height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${styleSheet(frames, spans, shown)}</style>`,
    ...frameworks,
    ...body,
    "</svg>",
    "",
  ].join("\n");
}

/** Every row and cursor of one terminal, for as long as each looks the same. */
function piecesOf(frames: readonly Frame[], index: number, left: number): Shown[] {
  const shown: Shown[] = [];
  const open = new Map<string, Shown>();
  for (const [at, { panes }] of frames.entries()) {
    const pane = panes[index]!;
    const now = new Map<string, string>();
    for (const [row, runs] of pane.rows.entries()) {
      if (runs.length > 0) now.set(`row ${row}`, rowMarkup(runs, left, row));
    }
    now.set("cursor", cursorMarkup(pane.cursor, left));
    for (const [place, piece] of open) {
      if (now.get(place) === piece.markup) piece.to = at + 1;
      else open.delete(place);
    }
    for (const [place, markup] of now) {
      if (open.has(place)) continue;
      const piece = { markup, from: at, to: at + 1 };
      open.set(place, piece);
      shown.push(piece);
    }
  }
  return shown;
}

function rowMarkup(runs: readonly Run[], left: number, row: number): string {
  const x = left + PADDING;
  const y = top(row) + CELL.height - 5;
  const length = runs.reduce((sum, { text }) => sum + [...text].length, 0);
  const text = runs.map(({ text, style }) => {
    const classes = classesOf(style);
    const written = escaped(text);
    return classes === "" ? written : `<tspan class="${classes}">${written}</tspan>`;
  }).join("");
  return `<g><text x="${x}" y="${y}" textLength="${length * CELL.width}">${text}</text></g>`;
}

function cursorMarkup({ row, column }: { row: number; column: number }, left: number): string {
  const x = left + PADDING + column * CELL.width;
  return `<g><rect class="cursor" x="${x}" y="${top(row) + 1}" width="${CELL.width}" height="${
    CELL.height - 3
  }"/></g>`;
}

function top(row: number): number {
  return TITLE_HEIGHT + PADDING + row * CELL.height;
}

function classesOf({ color, bold, dim, inverse }: Style): string {
  return [
    ...(color === "" ? [] : [`c${color.replaceAll(";", "-")}`]),
    ...(bold || inverse ? ["b"] : []),
    ...(dim ? ["d"] : []),
  ].join(" ");
}

function styleSheet(
  frames: readonly Frame[],
  spans: ReadonlyMap<string, string>,
  shown: readonly Shown[],
): string {
  const starts = [0];
  for (const { durationMs } of frames) starts.push(starts.at(-1)! + durationMs);
  const total = starts.at(-1)!;
  const percent = (frame: number) => `${Number((starts[frame]! * 100 / total).toFixed(2))}%`;
  const moving = [...spans].map(([key, name]) => {
    const [from, to] = key.split(" ").map(Number) as [number, number];
    const before = from === 0 ? "" : "0%{opacity:0}";
    const after = to === frames.length ? "" : `${percent(to)}{opacity:0}`;
    return `@keyframes ${name}{${before}${percent(from)}{opacity:1}${after}}` +
      `.${name}{animation-name:${name}}`;
  });
  const used = new Set(
    shown.flatMap(({ markup }) => [...markup.matchAll(/\bc(3[\d-]+)/g)].map(([, code]) => code!)),
  );
  const colors = [...used].sort().map((code): [string, string, string] => {
    const [light, dark] = COLORS[code] ?? ofPalette(code);
    return [`.c${code}`, light, dark];
  });
  const inScheme = (index: 1 | 2) =>
    colors.map((color) => `${color[0]}{fill:${color[index]}}`).join("");
  return [
    `text{font:${FONT_PX}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;` +
    "white-space:pre;fill:#1f2328}",
    ".pane{fill:#f6f8fa;stroke:#d0d7de}.caption{fill:#59636e}.cursor{fill:#1f2328;fill-opacity:.35}",
    ".b{font-weight:700}.d{fill-opacity:.65}",
    inScheme(1),
    `g{opacity:0;animation:${total}ms step-end infinite}`,
    ...moving,
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.pane{fill:#0d1117;stroke:#30363d}" +
    `.caption{fill:#9198a1}.cursor{fill:#e6edf3}${inScheme(2)}}`,
    "@media(prefers-reduced-motion:reduce){g{animation:none}.end{opacity:1}}",
  ].join("\n");
}

/** A colour of the cube of 216 (ECMA-48 leaves them open; all terminals have xterm's), darker on light
 * and lighter on dark. */
function ofPalette(code: string): [light: string, dark: string] {
  const number = Number(code.split("-").at(-1)) - 16;
  const parts = [Math.floor(number / 36), Math.floor(number / 6) % 6, number % 6]
    .map((part) => part === 0 ? 0 : 55 + 40 * part);
  const toward = (target: number, share: number) =>
    `rgb(${parts.map((part) => Math.round(part + (target - part) * share)).join(",")})`;
  return [toward(0, 0.35), toward(255, 0.35)];
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
