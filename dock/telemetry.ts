// What servers do, told to OpenTelemetry: a span for each session and each request, and the numbers
// of their counters. Deno exports it where OTEL_DENO is set; the names and attributes are those of
// the semantic conventions, as far as they have any.

import {
  type Attributes,
  type BatchObservableCallback,
  context,
  metrics,
  type Observable,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { DURATION_BOUNDS_SECONDS } from "../core/durations.ts";
import type { Emit, ServerEvent } from "../core/event.ts";
import { labelled, type MeasuredDock, type ServerLabels } from "../web/metrics/measured.ts";
import {
  COUNTED_METRICS,
  FAULTS_METRIC,
  REQUEST_DURATION_METRIC,
  SESSION_DURATION_METRIC,
} from "../web/metrics/table.ts";

/** The most spans that wait for the end of their session; further sessions have none. */
const MAX_OPEN_SPANS = 100_000;

/** Those that the semantic conventions know (RFC 9110 9, RFC 5789). */
const METHODS: ReadonlySet<string> = new Set(
  ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"],
);

const NAME = "sockdock";

interface Telemetry {
  /** Takes the events of servers. */
  readonly emit: Emit;
  /** Lets the numbers of these servers be read from now on, at the intervals of the exporter. */
  measure(docks: readonly MeasuredDock[]): void;
}

export function openTelemetry(): Telemetry {
  const tracer = trace.getTracer(NAME);
  const meter = metrics.getMeter(NAME);
  const advice = { explicitBucketBoundaries: [...DURATION_BOUNDS_SECONDS] };
  const sessionDuration = meter.createHistogram(dotted(SESSION_DURATION_METRIC.name), {
    description: SESSION_DURATION_METRIC.help,
    unit: "s",
    advice,
  });
  const requestDuration = meter.createHistogram("http.server.request.duration", {
    description: REQUEST_DURATION_METRIC.help,
    unit: "s",
    advice,
  });
  const servers = new Map<string, Attributes>();
  const open = new Map<number, Span>();

  function emit(event: ServerEvent): void {
    const server = serverOf(event.url);
    switch (event.event) {
      case "listening":
        servers.set(event.url, {
          ...serverAttributes(event.url),
          "sockdock.protocol": event.protocol,
        });
        break;
      case "opened":
        if (open.size >= MAX_OPEN_SPANS) return;
        open.set(
          event.session,
          tracer.startSpan(`${server["sockdock.protocol"] ?? "session"} session`, {
            kind: SpanKind.SERVER,
            startTime: new Date(event.time),
            attributes: {
              ...server,
              ...peerAttributes(event.peer),
              "sockdock.session": event.session,
              ...(event.identity && { "user.name": event.identity.name }),
            },
          }),
        );
        break;
      case "failed": {
        const span = event.session === undefined ? undefined : open.get(event.session);
        span?.setStatus({ code: SpanStatusCode.ERROR, message: event.error });
        break;
      }
      case "closed": {
        sessionDuration.record(event.durationMs / 1000, server);
        const span = open.get(event.session);
        if (span === undefined) return;
        open.delete(event.session);
        span.setAttributes({
          "sockdock.reason": event.reason,
          "sockdock.received_bytes": event.bytesReceived,
          "sockdock.sent_bytes": event.bytesSent,
        });
        span.end(new Date(event.time));
        break;
      }
      case "request": {
        const { path, status, httpVersion, durationMs } = event;
        // Whoever asks can make up any, and every one would be a series of its own.
        const method = METHODS.has(event.method) ? event.method : "_OTHER";
        const question = path.indexOf("?");
        const of: Attributes = {
          ...server,
          "http.request.method": method,
          "http.response.status_code": status,
          "url.scheme": /^[a-z]+/.exec(event.url)?.[0] ?? "http",
          "network.protocol.name": "http",
          ...(httpVersion !== undefined && { "network.protocol.version": httpVersion }),
        };
        requestDuration.record(durationMs / 1000, of);
        const parent = event.session === undefined ? undefined : open.get(event.session);
        const span = tracer.startSpan(method === "_OTHER" ? "HTTP" : method, {
          kind: SpanKind.SERVER,
          startTime: new Date(event.time),
          attributes: {
            ...of,
            ...(method !== event.method && { "http.request.method_original": event.method }),
            ...peerAttributes(event.peer),
            "url.path": question < 0 ? path : path.slice(0, question),
            ...(question >= 0 && { "url.query": path.slice(question + 1) }),
            "http.response.body.size": event.bytes,
            ...(event.user !== undefined && { "user.name": event.user }),
          },
        }, parent === undefined ? context.active() : trace.setSpan(context.active(), parent));
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end(new Date(Date.parse(event.time) + durationMs));
        break;
      }
    }
  }

  function serverOf(url: string): Attributes {
    return servers.get(url) ?? serverAttributes(url);
  }

  return {
    emit,
    measure: (docks) => measured(meter, docks),
  };
}

function measured(
  meter: ReturnType<typeof metrics.getMeter>,
  docks: readonly MeasuredDock[],
): void {
  const observables: Observable[] = [];
  const each = COUNTED_METRICS.map(({ name, help: description, kind, of }) => {
    const unit = name.includes("_bytes") ? "By" : "1";
    const observable = kind === "gauge"
      ? meter.createObservableUpDownCounter(dotted(name), { description, unit })
      : meter.createObservableCounter(dotted(name), { description, unit });
    observables.push(observable);
    return { observable, of };
  });
  const faults = meter.createObservableCounter(dotted(FAULTS_METRIC.name), {
    description: FAULTS_METRIC.help,
  });
  observables.push(faults);
  const observe: BatchObservableCallback = (result) => {
    for (const { labels, stats, server: { faultsDone } } of labelled(docks)) {
      const attributes = attributesOf(labels);
      for (const { observable, of } of each) {
        if (typeof of === "string") result.observe(observable, stats[of], attributes);
        else {
          for (const [counter, reason] of Object.entries(of)) {
            const count = stats[counter as keyof typeof stats];
            result.observe(observable, count, { ...attributes, reason });
          }
        }
      }
      for (const direction of ["in", "out"] as const) {
        for (const [kind, count] of Object.entries(faultsDone[direction])) {
          result.observe(faults, count, { ...attributes, kind, direction });
        }
      }
    }
  };
  meter.addBatchObservableCallback(observe, observables);
}

/** `sockdock_received_bytes_total` as `sockdock.received_bytes`. */
function dotted(name: string): string {
  return name.replace(`${NAME}_`, `${NAME}.`).replace(/_(total|seconds)$/, "");
}

function attributesOf({ server, protocol }: ServerLabels): Attributes {
  return { ...serverAttributes(server), "sockdock.protocol": protocol };
}

/** Of a server's URL. Its transport is that below TLS and HTTP, as the conventions want it. */
function serverAttributes(url: string): Attributes {
  const scheme = /^[a-z]+/.exec(url)?.[0] ?? "";
  const transport = scheme === "udp" || scheme === "dtls"
    ? "udp"
    : scheme.startsWith("unix")
    ? "unix"
    : "tcp";
  const place = /^[a-z+]+:\/\/(?:\[([^\]]+)\]|([^:/]+)):(\d+)/.exec(url);
  return {
    "network.transport": transport,
    ...(place === null
      ? { "server.address": url.replace(/^[a-z+]+:\/\//, "") }
      : { "server.address": place[1] ?? place[2]!, "server.port": Number(place[3]) }),
    "sockdock.url": url,
  };
}

/** Of a peer's address, as events have it. */
function peerAttributes(peer: string): Attributes {
  const place = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(peer);
  return place === null
    ? { "client.address": peer }
    : { "client.address": place[1] ?? place[2]!, "client.port": Number(place[3]) };
}
