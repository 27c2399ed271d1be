// One picture of what runs: clients, the way in with its layers, the servers, and where relays lead.

import { bytes, count, visible } from "../format.js";
import { html } from "../html.js";
import { useStore } from "../store.js";
import { t } from "../words.js";

const ROW = 36;
const TOP = 34;
/** Where the columns begin, and how wide they are. */
const CLIENTS = { x: 0, width: 110 };
const WAYS = { x: 230, width: 330 };
const PROTOCOLS = { x: 660, width: 140 };
const UPSTREAMS = { x: 900, width: 250 };

export function Overview({ store }) {
  const { servers, rates } = useStore(store);
  const docks = [...Map.groupBy(servers, ({ dock }) => dock).values()];
  const relays = servers.some(({ options }) => typeof options.to === "string");
  const width = relays ? UPSTREAMS.x + UPSTREAMS.width : PROTOCOLS.x + PROTOCOLS.width;
  const height = TOP + servers.length * ROW + docks.length * 8;
  let y = TOP;
  const rows = docks.flatMap((ways) => {
    const first = y;
    const drawn = ways.map((server) => {
      const row = html`
        <${Way} key=${server.id} server=${server} rate=${rates.get(server.id)} y=${y}
          middle=${first + ways.length * ROW / 2 - 3} />
      `;
      y += ROW;
      return row;
    });
    drawn.push(
      html`<${Protocol} key=${`dock ${ways[0].dock}`} server=${ways[0]} y=${first} height=${
        y - first - 6
      } />`,
    );
    y += 8;
    return drawn;
  });
  return html`
    <p class="soft">${t("overviewHelp")}</p>
    <div class="scroll" tabindex="0" role="region" aria-label=${t("picture")}>
      <svg class="picture" viewBox="0 0 ${width} ${height}" style=${{
        minWidth: `${width * 0.8}px`,
      }}
        role="img" aria-label=${t("picture")}>
          <${Head} column=${CLIENTS} text=${t("clients")} />
          <${Head} column=${WAYS} text=${t("url")} />
          <${Head} column=${PROTOCOLS} text=${t("protocol")} />
          ${relays && html`<${Head} column=${UPSTREAMS} text=${t("upstream")} />`}
          ${rows}
        </svg>
    </div>
  `;
}

function Head({ column, text }) {
  return html`<text class="head" x=${column.x} y="16">${text}</text>`;
}

/** An endpoint, with the line of its clients and that to its protocol. */
function Way({ server, rate, y, middle }) {
  const { url, layers, counters, faults } = server;
  const open = counters.open;
  const passing = (rate?.bytesIn ?? 0) + (rate?.bytesOut ?? 0);
  const center = y + (ROW - 6) / 2;
  const line = `flow ${passing > 0 ? "busy" : open > 0 ? "open" : ""}`;
  const thick = thickness(passing);
  return html`<g>
    <${Box} column=${CLIENTS} y=${y} idle=${open === 0}
      text=${count(open)} />
    <path class=${line} stroke-width=${thick} d="M${CLIENTS.width} ${center}H${WAYS.x}" />
    ${
    passing > 0 &&
    html`<text class="rate" x=${(CLIENTS.width + WAYS.x) / 2} y=${center - 5}>${
      bytes(passing)
    }/s</text>`
  }
    <${Box} column=${WAYS} y=${y} text=${shortened(url, layers)} title=${url} fault=${
    faults !== null
  } />
    <path class=${line} stroke-width=${thick} d=${
    curve(WAYS.x + WAYS.width, center, PROTOCOLS.x, middle)
  } />
  </g>`;
}

function Protocol({ server, y, height }) {
  const { protocol, options } = server;
  const to = typeof options.to === "string" ? options.to : undefined;
  const center = y + height / 2;
  return html`<g>
    <${Box} column=${PROTOCOLS} y=${y} height=${height} text=${protocol} strong />
    ${
    to !== undefined && html`
      <g>
        <path class="flow open" stroke-width="1.5" d="M${PROTOCOLS.x +
          PROTOCOLS.width} ${center}H${UPSTREAMS.x}" />
        <${Box} column=${UPSTREAMS} y=${center - 15} text=${visible(to)} title=${to} />
      </g>
    `
  }
  </g>`;
}

function Box({ column, y, height = ROW - 6, text, title, strong, idle, fault }) {
  const kind = `box ${strong ? "strong" : ""} ${idle ? "idle" : ""} ${fault ? "fault" : ""}`;
  return html`<g class=${kind}>
    ${title && html`<title>${title}</title>`}
    <rect x=${column.x + 1} y=${y + 1} width=${column.width - 2} height=${height - 2} rx="7" />
    <text x=${column.x + column.width / 2} y=${y + height / 2 + 5}>${text}</text>
  </g>`;
}

function curve(x1, y1, x2, y2) {
  const half = (x1 + x2) / 2;
  return `M${x1} ${y1}C${half} ${y1} ${half} ${y2} ${x2} ${y2}`;
}

/** Ten times the bytes are two units more. */
function thickness(bytesPerSecond) {
  return bytesPerSecond <= 0 ? 1 : Math.min(14, 1.5 + 2 * Math.log10(1 + bytesPerSecond / 10));
}

function shortened(url, layers) {
  const text = visible(url.replace(/\+[^:]*/, "")) +
    (layers.length > 0 ? ` + ${layers.join(", ")}` : "");
  return text.length <= 40 ? text : `${text.slice(0, 24)}\u2026${text.slice(-15)}`;
}
