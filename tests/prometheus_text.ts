/** Reads the text format of Prometheus, strictly: what `promtool check metrics` complains of is an
 * error here, and so is what breaks the rules for names and histograms. */

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** @throws {Error} naming the line that breaks a rule */
export function readPrometheusText(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let help: { readonly name: string; readonly text: string } | undefined;
  let family: Family | undefined;
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === "HELP") help = { name, text: rest };
    else if (kind === "TYPE") {
      if (help?.name !== name || help.text === "") throw new Error(`no help before: ${line}`);
      if (families.has(name)) throw new Error(`twice: ${line}`);
      checkName(name, rest);
      family = { name, type: rest, help: help.text, samples: [] };
      families.set(name, family);
    } else family = withSample(line, family);
  }
  for (const one of families.values()) if (one.type === "histogram") checkHistogram(one);
  return families;
}

function checkName(name: string, type: string): void {
  if (!NAME.test(name)) throw new Error(`not a name: ${name}`);
  if ((type === "counter") !== name.endsWith("_total")) {
    throw new Error(`a counter, and only a counter, ends in _total: ${name} ${type}`);
  }
  if (/_(milliseconds|ms|kilobytes|kib)\b/.test(name)) throw new Error(`not a base unit: ${name}`);
}

function withSample(line: string, family: Family | undefined): Family {
  const [, name = "", inner = "", number = ""] = SAMPLE.exec(line) ?? [];
  const value = number === "+Inf" ? Infinity : Number(number);
  if (name === "" || Number.isNaN(value)) throw new Error(`not a sample: ${line}`);
  const isOf = family?.type === "histogram"
    ? name.replace(/_(bucket|sum|count)$/, "") === family.name
    : name === family?.name;
  if (family === undefined || !isOf) throw new Error(`a sample of nothing: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inner.length) {
    const found = LABEL.exec(inner);
    if (found === null) throw new Error(`not labels: ${line}`);
    const [, label = "", escaped = ""] = found;
    if (label in labels) throw new Error(`a label twice: ${line}`);
    labels[label] = escaped.replace(/\\(.)/g, (_, char) => char === "n" ? "\n" : char);
  }
  const key = JSON.stringify([name, labels]);
  if (family.samples.some((one) => JSON.stringify([one.name, one.labels]) === key)) {
    throw new Error(`a series twice: ${line}`);
  }
  family.samples.push({ name, labels, value });
  return family;
}

function checkHistogram({ name, samples }: Family): void {
  const series = Map.groupBy(samples, ({ labels: { le: _, ...rest } }) => JSON.stringify(rest));
  for (const one of series.values()) {
    const buckets = one.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => labels.le === "+Inf" ? Infinity : Number(labels.le));
    if (bounds.at(-1) !== Infinity) throw new Error(`${name} has no bucket +Inf`);
    for (let at = 1; at < buckets.length; at++) {
      if (bounds[at]! <= bounds[at - 1]! || buckets[at]!.value < buckets[at - 1]!.value) {
        throw new Error(`the buckets of ${name} do not rise`);
      }
    }
    const count = one.find((sample) => sample.name === `${name}_count`);
    if (count?.value !== buckets.at(-1)?.value) throw new Error(`${name} counts two numbers`);
  }
}

/** The value of a series, of which these labels are known; 0 where there is none. */
export function valueOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ""));
  return (family?.samples ?? []).filter((sample) =>
    sample.name === name &&
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  ).reduce((sum, { value }) => sum + value, 0);
}
