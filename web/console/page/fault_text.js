// Faults as sliders have them, and as `--fault` takes them.

/** The sliders. `datagrams` are faults that a stream does not have, `streams` the other way round.
 * `steps` are the values that a slider goes through. */
export const SLIDERS = [
  { name: "loss", datagrams: true, steps: percents() },
  { name: "duplicate", datagrams: true, steps: percents() },
  { name: "reorder", datagrams: true, steps: percents() },
  { name: "corrupt", datagrams: true, steps: percents() },
  { name: "latency", steps: milliseconds() },
  { name: "jitter", steps: milliseconds() },
  { name: "bandwidth", steps: ["", "10m", "1m", "500k", "100k", "50k", "10k", "5k", "1k"] },
  { name: "reset", streams: true, steps: percents() },
];

const DIRECTIONS = ["", "in.", "out."];

/** Faults that no slider stands for. */
export function otherFaults(faults) {
  return settings(faults).filter(({ name, value }) => !stepsOf(name)?.includes(value))
    .map(({ text }) => text);
}

/** The values of the sliders: `{ "in.loss": "20%" }`. */
export function sliderValues(faults) {
  return Object.fromEntries(
    settings(faults).filter(({ name, value }) => stepsOf(name)?.includes(value))
      .map(({ name, value }) => [name, value]),
  );
}

/** The values after a slider was moved. A jitter is at most the latency, so one takes the other along. */
export function moved(values, direction, name, value) {
  const after = { ...values, [direction + name]: value };
  const other = { jitter: "latency", latency: "jitter" }[name];
  if (other === undefined) return after;
  const [jitter, latency] = [`${direction}jitter`, `${direction}latency`];
  const steps = stepsOf("latency");
  if (steps.indexOf(after[jitter] ?? "") > steps.indexOf(after[latency] ?? "")) {
    after[direction + other] = value;
  }
  return after;
}

/** What the values of sliders and other faults come to; an empty list when there are none. */
export function faultTexts(values, others) {
  const own = Object.entries(values).filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}=${value}`);
  return [...own.length > 0 ? [own.join(",")] : [], ...others];
}

/** A text with a share concerns a share of connections as a whole, so it is left as it is. */
function settings(faults) {
  return faults.flatMap((text) => /(^|,)share=/.test(text) ? [text] : text.split(",")).map(
    (text) => {
      const [, name = "", value = ""] = /^([^=,]*)=([^,]*)$/.exec(text.trim()) ?? [];
      return { name, value, text: text.trim() };
    },
  );
}

function stepsOf(name) {
  const slider = SLIDERS.find((one) => DIRECTIONS.some((prefix) => prefix + one.name === name));
  return slider?.steps;
}

function percents() {
  return ["", "1%", "2%", "5%", "10%", "20%", "30%", "40%", "50%", "75%", "100%"];
}

function milliseconds() {
  return ["", "1ms", "5ms", "10ms", "20ms", "50ms", "100ms", "200ms", "500ms", "1s", "2s", "5s"];
}
