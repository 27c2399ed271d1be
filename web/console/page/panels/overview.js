// One picture of what runs: clients, the layers that they meet, the servers, and where relays lead.

import { useEffect, useRef, useState } from "preact/hooks";
import { bytes, count, visible } from "../format.js";
import { html } from "../html.js";
import { arrowPath, fitted, layersOf, layOut, thickness } from "../picture.js";
import { useStore } from "../store.js";
import { t } from "../words.js";

export function Overview({ store }) {
  const { servers, rates } = useStore(store);
  const [place, width] = useWidth();
  const passing = new Map(servers.map(({ id }) => {
    const rate = rates.get(id);
    return [id, { in: rate?.bytesIn ?? 0, out: rate?.bytesOut ?? 0 }];
  }));
  const clients = servers.reduce((sum, { counters }) => sum + counters.open, 0);
  const all = [...passing.values()].reduce((sum, flow) => sum + flow.in + flow.out, 0);
  const { height, heads, boxes, arrows, curves } = layOut(servers, passing, width);
  return html`
    <p class="totals">${t("totals", count(servers.length), count(clients), bytes(all))}</p>
    <p class="soft">${t("overviewHelp")}</p>
    ${servers.length === 0 && html`<p class="empty">${t("noServers")}</p>`}
    <div class="picture" ref=${place}>${width > 0 && html`
      <svg width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="group"
        aria-label=${t("picture")}>
        <g aria-hidden="true">
          ${heads.map(({ x, word }) =>
            html`<text key=${word} class="head" x=${x} y="15">${t(word)}</text>`
          )}
          ${curves.map(({ server, bytes, ...ends }) =>
            html`
              <path key=${server.id} class=${`curve ${stateOf(server, bytes)}`}
                stroke-width=${thickness(bytes)} d=${curvePath(ends)} />
            `
          )}
          ${arrows.map((arrow, at) => html`<${Arrow} key=${at} arrow=${arrow} />`)}
        </g>
        ${boxes.map((box) =>
          html`
            <${Box} key=${`${box.kind} ${box.server.id}`} box=${box}
              passing=${passing.get(box.server.id)} servers=${servers} />
          `
        )}
      </svg>
    `}</div>
  `;
}

/** The width of an element, now and whenever it changes. */
function useWidth() {
  const element = useRef();
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) =>
      setWidth(Math.floor(contentRect.width))
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}

function Arrow({ arrow }) {
  const { server, x1, x2, y1, y2, bytes: passing, label } = arrow;
  // What comes in is written above its arrow, what goes out below.
  const isIn = x2 >= x1;
  const across = isIn ? -thickness(passing) / 2 - 3 : thickness(passing) / 2 + 10;
  return html`<g class=${`arrow ${stateOf(server, passing)}`}>
    <path d=${arrowPath(arrow)} />
    ${
    label > 0 &&
    html`<text x=${x1 === x2 ? x1 + 40 : (x1 + x2) / 2} y=${
      y1 === y2 ? y1 + across : (y1 + y2) / 2 + 4
    }>${bytes(label)}/s</text>`
  }
  </g>`;
}

function stateOf({ counters }, passing) {
  return passing > 0 ? "busy" : counters.open > 0 ? "open" : "";
}

/** A box; that of a URL leads to the details of its server. */
function Box({ box, passing, servers }) {
  const { kind, server, x, y, width, height, hasLayers } = box;
  const { id, protocol, url, counters, faults, upstream, draining } = server;
  const layers = layersOf(server);
  const there = servers.find((one) => one.id === upstream?.server);
  const text = {
    clients: () => count(counters.open),
    layers: () => layers,
    url: () => visible(withoutLayers(url)),
    protocol: () => protocol,
    upstream: () => `${there === undefined ? "" : `${there.protocol} · `}${visible(upstream.url)}`,
  }[kind]();
  const marks = [
    kind,
    counters.open === 0 && kind === "clients" && "idle",
    faults !== null && (kind === "layers" || hasLayers) && "fault",
    draining && "draining",
  ];
  const first = hasLayers ? height / 2 - 3 : height / 2 + 5;
  const drawn = html`
    <rect x=${x + 1} y=${y + 1} width=${width - 2} height=${height - 2} rx="7" />
    <text x=${x + width / 2} y=${y + first}>${fitted(text, width)}</text>
    ${hasLayers &&
      html`<text class="second" x=${x + width / 2} y=${y + height / 2 + 14}>${
        fitted(layers, width)
      }</text>`}
  `;
  const names = `box ${marks.filter(Boolean).join(" ")}`;
  if (kind !== "url") return html`<g class=${names} aria-hidden="true">${drawn}</g>`;
  const label = [
    `${protocol} ${visible(url)}`,
    layers,
    `${t("clients")}: ${count(counters.open)}`,
    `${bytes(passing.in + passing.out)}/s`,
    upstream !== null && `${t("upstream")}: ${visible(upstream.url)}`,
    draining && t("draining"),
  ].filter(Boolean).join(", ");
  return html`<a class=${names} href=${`#servers/${id}`} aria-label=${label} data-server=${id}>
    <title>${visible(url)}</title>${drawn}</a>`;
}

/** Layers have a place of their own in the picture. */
function withoutLayers(url) {
  return url.replace(/^([a-z]+)\+[^:]*/, "$1");
}

function curvePath({ x1, y1, x2, y2 }) {
  const half = (x1 + x2) / 2;
  return `M${x1} ${y1}C${half} ${y1} ${half} ${y2} ${x2} ${y2}`;
}
