// A plot of values over time: lines on a canvas, a legend with the values under the pointer, and the
// same values as a table for those who cannot see or point.

import uPlot from "uplot";
import { useEffect, useRef, useState } from "preact/hooks";
import { clockSeconds } from "./format.js";
import { html } from "./html.js";
import { t } from "./words.js";

const HEIGHT = 190;
/** Lines differ in colour, and in dashes for those who cannot tell colours apart. */
const LINES = [
  { tone: "sea", dash: [] },
  { tone: "warn", dash: [7, 4] },
  { tone: "bad", dash: [2, 3] },
  { tone: "good", dash: [12, 3, 2, 3] },
  { tone: "ink", dash: [4, 4] },
  { tone: "edge", dash: [] },
];
/** Between two lines of the grid, so that their numbers are short: 0.01, 0.02, 0.05, 0.1 and so on. */
const STEPS = Array.from(
  { length: 45 },
  (_, at) => Number(`${[1, 2, 5][at % 3]}e${Math.floor(at / 3) - 2}`),
);
/** Rows of the table at most. */
const ROWS = 60;

/**
 * @param series the name and the values of each line; null where nothing is known
 * @param format how a value is written
 * @param range the seconds at both ends
 * @param whole whether there are no values between whole numbers
 * @param dots whether each value stands for itself, and not only the line through them
 * @param children what stands below the legend
 */
export function Chart({ title, times, series, format, range, whole, dots, children }) {
  const [pointed, point] = useState();
  const last = times.length - 1;
  const at = pointed !== undefined && pointed <= last ? pointed : last;
  const written = (value) => value === null || value === undefined ? "\u2013" : format(value);
  const summary = series.map(({ name, values }) =>
    t("nowAndMost", name, written(values.at(-1)), written(most(values)))
  );
  return html`
    <section class="card chart">
      <h2>${title}</h2>
      <div role="img" aria-label=${`${title}. ${summary.join(". ")}`}>
        <${Canvas} times=${times} series=${series} format=${format} range=${range}
          whole=${whole} dots=${dots} point=${point} />
      </div>
      <ul class="legend" aria-hidden="true">${series.map(({ name, values }, line) =>
        html`<li key=${name}><${Swatch} line=${line} /> ${name} <b>${written(values[at])}</b></li>`
      )}</ul>
      ${children}
      <${Values} title=${title} times=${times} series=${series} written=${written} />
    </section>
  `;
}

/** The lines themselves. The canvas is made once; what changes is given to it. */
function Canvas({ times, series, format, range, whole, dots, point }) {
  const place = useRef();
  const plot = useRef();
  // What uPlot asks for whenever it draws.
  const current = useRef();
  current.current = { format, range };
  useEffect(() => {
    const made = plot.current = new uPlot(
      optionsOf(series.length, place.current.clientWidth, { whole, dots }, current, point),
      [[], ...series.map(() => [])],
      place.current,
    );
    const resized = new ResizeObserver(([{ contentRect: { width } }]) => {
      if (width > 0 && Math.round(width) !== made.width) {
        made.setSize({ width: Math.round(width), height: HEIGHT });
      }
    });
    resized.observe(place.current);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const recolour = () => made.redraw();
    scheme.addEventListener("change", recolour);
    return () => {
      scheme.removeEventListener("change", recolour);
      resized.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [series.length]);
  useEffect(() => plot.current.setData([times, ...series.map(({ values }) => values)]));
  return html`<div class="canvas" ref=${place}></div>`;
}

function optionsOf(lines, width, { whole, dots }, current, point) {
  const axis = {
    stroke: () => colour("soft"),
    grid: { stroke: () => colour("line"), width: 1 },
    ticks: { stroke: () => colour("line"), width: 1, size: 4 },
    font: `12px ${getComputedStyle(document.body).fontFamily}`,
  };
  return {
    width,
    height: HEIGHT,
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: { time: true, range: () => current.current.range },
      y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] },
    },
    axes: [
      { ...axis, size: 30, space: 70, values: (_plot, splits) => splits.map(clockSeconds) },
      {
        ...axis,
        size: 68,
        space: 34,
        incrs: whole ? STEPS.filter((step) => step >= 1) : STEPS,
        values: (_plot, splits) => splits.map((value) => current.current.format(value)),
      },
    ],
    series: [
      {},
      ...Array.from({ length: lines }, (_, line) => ({
        stroke: () => colour(LINES[line].tone),
        width: 1.75,
        // A canvas counts in points of the screen.
        dash: LINES[line].dash.map((length) => length * devicePixelRatio),
        points: { show: dots === true, size: 5 },
      })),
    ],
    hooks: {
      setCursor: [({ cursor: { idx } }) => point(idx ?? undefined)],
    },
  };
}

function Swatch({ line }) {
  const { tone, dash } = LINES[line];
  return html`
    <svg class=${`swatch ${tone}`} viewBox="0 0 26 8">
      <path d="M0 4H26"
        stroke-dasharray=${dash.join(" ")} />
    </svg>
  `;
}

/** The newest values, made only when they are looked at. */
function Values({ title, times, series, written }) {
  const [open, setOpen] = useState(false);
  const newest = times.map((_, at) => at).slice(-ROWS).reverse();
  return html`
    <details onToggle=${(event) => setOpen(event.target.open)}>
      <summary>${t("values")}</summary>
      ${open && html`
        <div class="scroll values" tabindex="0" role="region" aria-label=${`${
          t("values")
        }: ${title}`}>
          <table class="rows">
            <thead>
              <tr>
                <th scope="col">${t("time")}</th>
                ${series.map(({ name }) =>
                  html`<th scope="col" class="number" key=${name}>${name}</th>`
                )}
              </tr>
            </thead>
            <tbody>${newest.map((at) =>
              html`
                <tr key=${times[at]}>
                  <th scope="row"><code>${clockSeconds(times[at])}</code></th>
                  ${series.map(({ name, values }) =>
                    html`<td class="number" key=${name}>${written(values[at])}</td>`
                  )}
                </tr>
              `
            )}</tbody>
          </table>
        </div>
      `}
    </details>
  `;
}

function most(values) {
  return values.reduce((top, value) => value !== null && !(top >= value) ? value : top, null);
}

function colour(tone) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${tone}`).trim();
}
