// The servers: what they are, what passes, how to talk to them, and starting and stopping some.

import { useEffect, useRef, useState } from "preact/hooks";
import { bytes, count, visible } from "../format.js";
import { html } from "../html.js";
import { Copy, Sparkline } from "../parts.js";
import { StartForm } from "../start_form.js";
import { Stop } from "../stop.js";
import { useStore } from "../store.js";
import { t } from "../words.js";

export function Servers({ store, chosen: first }) {
  const { servers, rates } = useStore(store);
  const [chosen, choose] = useState(Number(first));
  const [told, tell] = useState("");
  return html`
    <${StartForm} store=${store} />
    <p role="status">${told}</p>
    ${servers.length === 0 && html`<p class="empty">${t("noServers")}</p>`}
    <div class="scroll">
      <table class="rows servers" role="table" hidden=${servers.length === 0}>
        <thead role="rowgroup"><tr role="row">
          <${Head} word="protocol" /><${Head} word="url" />
          <${Head} word="open_sessions" number /><${Head} word="messagesPerSecond" number />
          <${Head} word="bytesPerSecond" number /><td role="cell"></td>
        </tr></thead>
        ${servers.map((server) =>
          html`
            <${Row} key=${server.id} server=${server} rate=${rates.get(server.id)} store=${store}
              tell=${tell} open=${chosen === server.id} onToggle=${() =>
                choose(chosen === server.id ? undefined : server.id)} />
          `
        )}
      </table>
    </div>
  `;
}

// The roles are those that the elements have by themselves, but not where they are shown as cards.

function Head({ word, number }) {
  return html`<th scope="col" role="columnheader" class=${number ? "number" : ""}>${t(word)}</th>`;
}

function Row({ server, rate, store, tell, open, onToggle }) {
  const { id, protocol, url, counters, faults, draining } = server;
  const passing = (rate?.bytesIn ?? 0) + (rate?.bytesOut ?? 0);
  const row = useRef();
  // Whoever comes from the picture wants this one.
  useEffect(() => {
    if (open) row.current.scrollIntoView({ block: "nearest" });
  }, []);
  return html`
    <tbody class=${open ? "open" : ""} role="rowgroup" ref=${row}>
      <tr data-server=${id} role="row">
        <th scope="row" role="rowheader">${protocol}
          ${faults && html`<span class="badge">${t("faults")}</span>`}
          ${draining && html`<span class="badge">${t("draining")}</span>`}</th>
        <td class="url" role="cell"><code><bdi>${visible(url)}</bdi></code></td>
        <td class="number" role="cell" data-label=${t("open_sessions")}>${count(counters.open)}</td>
        <td class="number" role="cell" data-label=${t("messagesPerSecond")}>${count(
          rate?.messages ?? 0,
        )}</td>
        <td class="number" role="cell" data-label=${t("bytesPerSecond")}><${Sparkline}
          values=${rate?.history ?? []} /> <span class="value">${bytes(passing)}</span></td>
        <td class="number" role="cell"><button type="button" class="small" aria-expanded=${open}
          onClick=${onToggle} aria-label=${`${t("details")}: ${protocol} ${visible(url)}`}>${t(
            "details",
          )}</button></td>
      </tr>
      ${open && html`
        <tr role="row">
          <td colspan="6" role="cell" class="more">
            <${Details} server=${server} store=${store} tell=${tell} />
          </td>
        </tr>
      `}
    </tbody>
  `;
}

function Details({ server, store, tell }) {
  const { summary, commands, certificate, upstream } = server;
  const counted = Object.entries(server.counters).filter(([, value]) => value > 0);
  return html`<div class="details">
    <p lang="en">${summary}</p>
    ${upstream && html`<p>${t("upstream")}: <code><bdi>${visible(upstream.url)}</bdi></code></p>`}
    <h2>${t("commands")}</h2>
    ${
    commands.map(({ program, command }) =>
      html`<div class="command" key=${program}><code>${
        visible(command)
      }</code><${Copy} text=${command} /></div>`
    )
  }
    <${Fields} title=${t("options")} fields=${Object.entries(server.options)} />
    <${Fields} title=${t("counters")} fields=${counted} />
    ${
    certificate &&
    html`<p class="after"><a href="#certificates">${t("certificate")}: ${
      visible(certificate.names.join(", "))
    }</a></p>`
  }
    <${Stop} server=${server} store=${store} tell=${tell} />
  </div>`;
}

function Fields({ title, fields }) {
  if (fields.length === 0) return null;
  return html`
    <h2>${title}</h2>
    <dl>${fields.map(([name, value]) =>
      html`
        <div key=${name}>
          <dt>${name}</dt>
          <dd><bdi>${visible(typeof value === "string" ? value : JSON.stringify(value))}</bdi></dd>
        </div>
      `
    )}</dl>
  `;
}
