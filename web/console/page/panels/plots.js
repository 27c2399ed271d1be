// Plots over the last minutes: throughput, sessions, round trips, and what was dropped by reason.

import { useEffect, useState } from "preact/hooks";
import { Chart } from "../chart.js";
import { bytes, count, milliseconds } from "../format.js";
import { KEPT_MINUTES } from "../history.js";
import { html } from "../html.js";
import { Problem, ServerChoice } from "../parts.js";
import { DROP_REASONS } from "../rates.js";
import { now, useStore } from "../store.js";
import { t } from "../words.js";

const MINUTES = [1, 5, KEPT_MINUTES];
const EVERY_MS = 1000;
/** What is sent to measure a round trip; short enough for every datagram. */
const PROBE = "ping";
const TIMEOUT_MS = 5000;

export function Plots({ store }) {
  const { servers, phase } = useStore(store);
  // By its URL, since a suite that was started anew may number its servers otherwise.
  const [url, chooseUrl] = useState("");
  const [minutes, setMinutes] = useState(1);
  const server = servers.find((one) => one.url === url);
  const end = now();
  const range = [end - minutes * 60, end];
  const { history } = store;
  const [times, received, sent, open, ...drops] = within(
    range,
    history.columns(server ? url : "", [
      (one) => one.bytesIn,
      (one) => one.bytesOut,
      (one) => one.open,
      ...DROP_REASONS.map((_, at) => (one) => one.drops?.[at]),
    ]),
  );
  return html`
    <form class="tools" onSubmit=${(event) => event.preventDefault()}>
      <${ServerChoice} servers=${servers} value=${server ? String(server.id) : ""} all
        onChange=${(id) => chooseUrl(servers.find((one) => String(one.id) === id)?.url ?? "")} />
      <label>${t("period")}<select name="period" value=${minutes} onChange=${(event) =>
        setMinutes(Number(event.target.value))}>
        ${MINUTES.map((one) => html`<option key=${one} value=${one}>${t("minutes", one)}</option>`)}
      </select></label>
    </form>
    <div class="charts">
      <${Chart} range=${range} title=${t("throughput")} times=${times}
        format=${bytes} whole series=${[
          { name: t("received"), values: received },
          { name: t("sent"), values: sent },
        ]} />
      <${Chart} range=${range} title=${t("open_sessions")} times=${times} format=${count} whole
        series=${[{ name: t("open_sessions"), values: open }]} />
      <${RoundTrips} key=${server?.url} range=${range} store=${store} server=${server}
        connected=${phase === "ok"} />
      <${Chart} range=${range} title=${t("drops")} times=${times}
        format=${count} series=${DROP_REASONS.map((name, at) => ({
          name: t(name),
          values: drops[at],
        }))} />
    </div>
  `;
}

/** Sends a message a second while it is switched on, and plots how long the answers took. */
function RoundTrips({ store, server, connected, range }) {
  const [measuring, setMeasuring] = useState(false);
  const [problem, setProblem] = useState();
  useEffect(() => {
    if (!measuring || !connected) return;
    const ask = async () => {
      // A page that nobody sees measures nothing.
      if (document.hidden) return;
      const done = store.history.beginRoundTrip(server.url, now());
      try {
        const { outcome, durationMs } = await store.api.call(
          "POST",
          `/api/servers/${server.id}/ask`,
          { text: PROBE, timeoutMs: TIMEOUT_MS },
        );
        // No answer in time is what was to be measured.
        done(outcome === "answered" ? durationMs : null);
      } catch (error) {
        setProblem(error.message);
        setMeasuring(false);
      }
    };
    ask();
    const timer = setInterval(ask, EVERY_MS);
    return () => clearInterval(timer);
  }, [measuring, connected, server?.id]);

  const trips = server ? store.history.roundTripsOf(server.url) : [];
  const [times, values] = within(range, [
    trips.map(({ timeS }) => timeS),
    trips.map(({ ms }) => ms),
  ]);
  const answered = values.filter((value) => value !== null);
  return html`
    <${Chart} title=${t("roundTrip")} times=${times} range=${range} format=${milliseconds} dots
      series=${[{ name: t("roundTrip"), values }]}>
      ${server
        ? html`<label class="switch"><input type="checkbox" name="measure" checked=${measuring}
          onChange=${(event) => (setProblem(undefined), setMeasuring(event.target.checked))} />
          ${t("measure")}</label>`
        : html`<p class="soft">${t("measureOne")}</p>`}
      ${values.length > 0 &&
        html`<p class="soft measured">${
          t(
            "measured",
            count(values.length),
            count(values.length - answered.length),
            answered.length > 0 ? milliseconds(median(answered)) : "\u2013",
          )
        }</p>`}
      <${Problem} text=${problem} />
    <//>
  `;
}

/** The columns without what is older than the range. */
function within([fromS], [times, ...columns]) {
  const first = times.findIndex((timeS) => timeS >= fromS);
  // One point before it, so that the line begins at the edge.
  const from = first === -1 ? times.length : Math.max(0, first - 1);
  return [times, ...columns].map((column) => column.slice(from));
}

function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)];
}
