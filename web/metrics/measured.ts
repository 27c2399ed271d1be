// What is measured: running servers, as the metrics see them.

import type { Stats } from "../../core/counters.ts";
import type { FaultsInForce } from "../../core/live_faults.ts";
import type { RunningServer } from "../../core/running_server.ts";

/** The server of one endpoint, as the metrics see it. */
export interface MeasuredServer extends Pick<RunningServer, "url" | "stats" | "durations"> {
  /** What all its faults have done, those that were taken away among them. */
  readonly faultsDone: FaultsInForce["did"];
}

/** A protocol or an application, on all its endpoints. */
export interface MeasuredDock {
  /** The name of the protocol or application. */
  readonly protocol: string;
  /** Whether it has begun to stop. */
  readonly isDraining: boolean;
  /** The server of each endpoint. */
  readonly servers: readonly MeasuredServer[];
  /** The counters of all its servers, and those of the protocol itself. */
  stats(): Stats;
}

/** The labels of every series: as many as there are servers, and never one for each peer. */
export interface ServerLabels {
  readonly server: string;
  /** The scheme of its URL, without layers. */
  readonly transport: string;
  readonly protocol: string;
}

interface LabelledServer {
  readonly labels: ServerLabels;
  readonly server: MeasuredServer;
  readonly stats: Stats;
}

/** The servers with their counters at this moment. The counters of a protocol that several endpoints
 * share are those of its first. */
export function labelled(docks: Iterable<MeasuredDock>): LabelledServer[] {
  const all: LabelledServer[] = [];
  for (const dock of docks) {
    const each = dock.servers.map((server) => server.stats());
    const own = { ...dock.stats() };
    for (const stats of each) {
      for (const name of Object.keys(own) as (keyof Stats)[]) own[name] -= stats[name];
    }
    dock.servers.forEach((server, at) => {
      const transport = /^[a-z]+/.exec(server.url)?.[0] ?? "";
      const stats = { ...each[at]! };
      if (at === 0) {
        for (const name of Object.keys(own) as (keyof Stats)[]) stats[name] += own[name];
      }
      all.push({
        labels: { server: server.url, transport, protocol: dock.protocol },
        server,
        stats,
      });
    });
  }
  return all;
}
