// The catalogue of all protocols, transports and layers, and of their valid combinations, as data.

import { clientKinds } from "../clients/index.ts";
import type { HttpApp } from "../core/http/app.ts";
import type { Layer } from "../core/layer.ts";
import type { Protocol } from "../core/protocol.ts";
import type { ServerKind } from "../core/server_kind.ts";
import { missingFeatures } from "../core/runtime.ts";
import { layers as allLayers } from "../layers/index.ts";
import { protocols } from "../protocols/index.ts";
import { serverKinds } from "../servers/index.ts";
import { apps } from "../web/index.ts";
import { kindsFor } from "./schemes.ts";

/** An entry of the catalogue. */
export interface CatalogueEntry {
  /** Its name on the command line. */
  readonly name: string;
  /** One line that says what it does. */
  readonly summary: string;
  /** The schemes on which it runs, with the layer that it needs there. */
  readonly transports: readonly string[];
}

/** Everything that can be served and dialled, and what cannot. */
export interface Catalogue {
  /** Protocols and HTTP applications. */
  readonly protocols: readonly CatalogueEntry[];
  /** Transports, by scheme. */
  readonly transports: readonly {
    readonly name: string;
    readonly summary: string;
    readonly listens: boolean;
    readonly dials: boolean;
    /** The layers that can be stacked on it. */
    readonly layers: readonly string[];
  }[];
  /** Layers, from the wire inward. */
  readonly layers: readonly { readonly name: string; readonly summary: string }[];
  /** Features of sockets that other runtimes have and this Deno lacks, with the reason. */
  readonly impossible: readonly { readonly name: string; readonly reason: string }[];
}

const layers: readonly Layer[] = allLayers;

const impossible: Catalogue["impossible"] = [
  {
    name: "AF_CAN sockets",
    reason: "Deno opens TCP, UDP, Unix and vsock sockets only, and no native add-on is used",
  },
  {
    name: "raw sockets",
    reason: "Deno has none; IP and ICMP packets cannot be made or read",
  },
  {
    name: "socket(fileno=...)",
    reason: "Deno adopts no file descriptor as a socket, other than through node:net for TCP",
  },
  {
    name: "IPV6_MULTICAST_IF",
    reason: "what is sent to an IPv6 group leaves by the interface that the system chooses; " +
      "joining one by the number of an interface works",
  },
  {
    name: "fork per connection",
    reason:
      "a connection is a task, not a process; what ForkingMixIn isolates is not shared anyway",
  },
  {
    name: "client certificates on Deno.listenTls",
    reason: "Deno's own TLS listener cannot ask for one",
  },
];

/** Returns everything that can be served and dialled on this runtime, and what cannot. */
export function catalogue(): Catalogue {
  const kinds: readonly ServerKind[] = serverKinds;
  const entry = (one: Protocol | HttpApp): CatalogueEntry => ({
    name: one.name,
    summary: one.summary,
    transports: kindsFor(one).map((kind) =>
      "framing" in one && one.needsOrder && kind.carrier === "datagram"
        ? `${kind.name}+${ordered}`
        : kind.name
    ),
  });
  return {
    protocols: [...protocols.map(entry), ...apps.map(entry)],
    // One scheme may have a transport for sessions and another for requests.
    transports: kinds.filter(isFirstOfItsName).map((kind) => {
      const { carrier } = kind;
      const rank = kind.carries === "sessions" ? kind.layerRank : undefined;
      return {
        name: kind.name,
        summary: kind.summary,
        listens: true,
        dials: kind.carries === "requests" || clientKinds.some(({ name }) => name === kind.name),
        layers: layers
          .filter((layer) => layer.carriers.includes(carrier) && layer.rank !== rank)
          .map(({ name }) => name),
      };
    }),
    layers: layers.map(({ name, summary }) => ({ name, summary })),
    impossible: [...impossible, ...missingFeatures()],
  };
}

/** The layer that delivers in order, for protocols that need it. */
const ordered = layers.find((layer) => layer.ordered)?.name;

function isFirstOfItsName(
  { name }: ServerKind,
  index: number,
  all: readonly ServerKind[],
): boolean {
  return all.findIndex((kind) => kind.name === name) === index;
}
