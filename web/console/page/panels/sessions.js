// The sessions that are open, in any order, and ending one.

import { useState } from "preact/hooks";
import { bytes, duration, visible } from "../format.js";
import { html } from "../html.js";
import { attempt, Problem } from "../parts.js";
import { useStore } from "../store.js";
import { t } from "../words.js";

const COLUMNS = [
  { name: "session", of: ({ id }) => id, number: true },
  { name: "server", of: ({ url }) => url },
  { name: "peer", of: ({ peer }) => peer },
  { name: "identity", of: ({ identity }) => identity?.name ?? "" },
  { name: "duration", of: ({ durationMs }) => durationMs, number: true },
  { name: "received", of: ({ bytesReceived }) => bytesReceived, number: true },
  { name: "sent", of: ({ bytesSent }) => bytesSent, number: true },
];
/** Rows that are shown at most. */
const SHOWN = 500;

export function Sessions({ store, showTraffic }) {
  const { sessions } = useStore(store);
  const [order, setOrder] = useState({ name: "session", descending: true });
  const [problem, setProblem] = useState();
  const { of } = COLUMNS.find(({ name }) => name === order.name);
  const sign = order.descending ? -1 : 1;
  const sorted = sessions.toSorted((one, other) => {
    const [a, b] = [of(one), of(other)];
    return sign *
      (typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true }));
  });
  const end = (id) =>
    attempt(setProblem, async () => {
      await store.api.call("DELETE", `/api/sessions/${id}`);
      await store.refresh();
    });
  return html`
    <${Problem} text=${problem} />
      ${sessions.length === 0 && html`<p class="empty">${t("noSessions")}</p>`}
      ${sessions.length > SHOWN && html`<p class="notice">${t("showing", SHOWN)}</p>`}
      <div class="scroll">
      <table class="rows stack" hidden=${sessions.length === 0}>
        <thead>
          <tr>${COLUMNS.map((column) =>
            html`<${Head} key=${column.name} column=${column} order=${order} setOrder=${setOrder} />`
          )}<td></td></tr>
        </thead>
        <tbody>${sorted.slice(0, SHOWN).map((one) =>
          html`
            <tr key=${one.id} data-session=${one.id}>
              <th scope="row" class="number" data-label=${t("session")}>
                <button type="button" class="link" onClick=${() => showTraffic(one.id)}
                  aria-label=${`${t("traffic")}: ${one.id}`}>${one.id}</button></th>
              <td class="whole"><code><bdi>${visible(one.url)}</bdi></code></td>
              <td class="whole"><code><bdi>${visible(
                one.peer,
              )}</bdi></code>${one.carries === "requests" && html`
                <span class="badge calm">${t("ofHttp")}</span>
              `}</td>
              <td class=${one.identity ? "whole" : "none"}><bdi>${visible(
                one.identity?.name ?? "",
              )}</bdi></td>
              <td class="number" data-label=${t("duration")}>${duration(one.durationMs)}</td>
              <td class="number" data-label=${t("received")}>${bytes(one.bytesReceived)}</td>
              <td class="number" data-label=${t("sent")}>${bytes(one.bytesSent)}</td>
              <td
                class="number last"><button type="button" class="small danger" onClick=${() =>
                  end(one.id)} aria-label=${`${t("end")}: ${one.id}`}>${t("end")}</button></td>
            </tr>
          `
        )}</tbody>
      </table>
    </div>
  `;
}

function Head({ column: { name, number }, order, setOrder }) {
  const own = order.name === name;
  const sorted = own ? (order.descending ? "descending" : "ascending") : undefined;
  return html`<th scope="col" class=${number ? "number" : ""} aria-sort=${sorted}>
    <button type="button" class="link" onClick=${() =>
    setOrder({ name, descending: own ? !order.descending : number })}>${t(name)}${
    own ? (order.descending ? " \u2193" : " \u2191") : ""
  }</button></th>`;
}
