// The metrics in the text format of Prometheus, made anew for each scrape from what servers count
// anyway.

import prometheus from "prom-client";
import { DURATION_BOUNDS_SECONDS, type Durations } from "../../core/durations.ts";
import { labelled, type MeasuredDock, type ServerLabels } from "./measured.ts";
import {
  COUNTED_METRICS,
  FAULTS_METRIC,
  REQUEST_DURATION_METRIC,
  SESSION_DURATION_METRIC,
} from "./table.ts";

const SERVER_LABELS = ["server", "transport", "protocol"] as const;

/** When this process began, in seconds since the epoch. */
const startedSeconds = performance.timeOrigin / 1000;

interface Exposition {
  readonly contentType: string;
  text(): Promise<string>;
}

export function exposition(docks: () => Iterable<MeasuredDock>): Exposition {
  const registers = [new prometheus.Registry()];
  const [registry] = registers as [prometheus.Registry];
  // One look at all servers for each scrape.
  let servers = labelled([]);

  for (const { name, help, kind, of } of COUNTED_METRICS) {
    const byReason = typeof of === "object";
    const labelNames = byReason ? [...SERVER_LABELS, "reason"] : [...SERVER_LABELS];
    const collect = (): void => {
      metric.reset();
      for (const { labels, stats } of servers) {
        if (!byReason) metric.inc({ ...labels }, stats[of as keyof typeof stats]);
        else {
          for (const [counter, reason] of Object.entries(of)) {
            metric.inc({ ...labels, reason }, stats[counter as keyof typeof stats]);
          }
        }
      }
    };
    const metric = kind === "gauge"
      ? new prometheus.Gauge({ name, help, labelNames, registers, collect })
      : new prometheus.Counter({ name, help, labelNames, registers, collect });
  }

  new prometheus.Counter({
    ...FAULTS_METRIC,
    labelNames: [...SERVER_LABELS, "kind", "direction"],
    registers,
    collect() {
      this.reset();
      for (const { labels, server: { faultsDone } } of servers) {
        for (const direction of ["in", "out"] as const) {
          for (const [kind, count] of Object.entries(faultsDone[direction])) {
            this.inc({ ...labels, kind, direction }, count);
          }
        }
      }
    },
  });

  registry.registerMetric(histogram(SESSION_DURATION_METRIC, function* () {
    for (const { labels, server } of servers) yield [labels, server.durations.sessions];
  }));
  registry.registerMetric(histogram(REQUEST_DURATION_METRIC, function* () {
    for (const { labels, server: { durations: { requests } } } of servers) {
      if (requests !== undefined) yield [labels, requests];
    }
  }));

  new prometheus.Gauge({
    name: "process_start_time_seconds",
    help: "When the process began, in seconds since the epoch.",
    registers,
  }).set(startedSeconds);
  new prometheus.Gauge({
    name: "process_resident_memory_bytes",
    help: "Memory of the process.",
    registers,
    collect() {
      this.set(Deno.memoryUsage().rss);
    },
  });

  return {
    contentType: registry.contentType,
    text() {
      servers = labelled(docks());
      return registry.metrics();
    },
  };
}

type Series = Iterable<readonly [ServerLabels, Durations]>;

/** A histogram of what was counted elsewhere; those of prom-client count themselves. */
function histogram(
  { name, help }: { readonly name: string; readonly help: string },
  series: () => Series,
): prometheus.Metric {
  const metric = {
    name,
    help,
    get: () =>
      Promise.resolve({ name, help, type: "histogram", aggregator: "sum", values: values() }),
  };
  function values() {
    return [...series()].flatMap(([labels, { counts, sumSeconds }]) => {
      let below = 0;
      const buckets = counts.map((count, at) => ({
        metricName: `${name}_bucket`,
        labels: { ...labels, le: DURATION_BOUNDS_SECONDS[at] ?? "+Inf" },
        value: below += count,
      }));
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels: { ...labels }, value: sumSeconds },
        { metricName: `${name}_count`, labels: { ...labels }, value: below },
      ];
    });
  }
  // What a registry asks a metric for is this much.
  return metric as unknown as prometheus.Metric;
}
