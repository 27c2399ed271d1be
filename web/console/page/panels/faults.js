// The faults of a server: sliders for each direction, the seed, and what the faults have done.

import { useEffect, useState } from "preact/hooks";
import { faultTexts, moved, otherFaults, SLIDERS, sliderValues } from "../fault_text.js";
import { count } from "../format.js";
import { html } from "../html.js";
import { attempt, Problem, ServerChoice } from "../parts.js";
import { useStore } from "../store.js";
import { t } from "../words.js";

const DIRECTIONS = [["", "bothDirections"], ["in.", "inDirection"], ["out.", "outDirection"]];
/** What faults do, as they count it, and its text. */
const DEEDS = {
  loss: "loss",
  duplicate: "duplicate",
  reorder: "reorder",
  corrupt: "corrupt",
  blackout: "blackout",
  queue: "queueFull",
  delayed: "latency",
  reset: "reset",
  close: "closeDeed",
  timeout: "timeoutDeed",
};
/** Sliders that move tell the server this long after the last move. */
const SETTLED_MS = 120;

export function Faults({ store }) {
  const { servers } = useStore(store);
  const [chosen, choose] = useState("");
  const server = servers.find(({ id }) => String(id) === chosen) ?? servers[0];
  if (server === undefined) return null;
  return html`
    <form class="tools" onSubmit=${(event) => event.preventDefault()}>
      <${ServerChoice} servers=${servers} value=${String(server.id)} onChange=${choose} />
    </form>
    <${FaultsOf} key=${server.url} server=${server} store=${store} />
  `;
}

function FaultsOf({ server, store }) {
  const { id, carrier, faults } = server;
  const now = faults?.fault ?? [];
  const [direction, setDirection] = useState(() => directionOf(now));
  const [problem, setProblem] = useState();
  const [seed, setSeed] = useState("");
  // What is being moved to, until the server says the same.
  const [moving, setMoving] = useState();
  const values = moving ?? sliderValues(now);
  const others = otherFaults(now);

  const put = (texts, given = {}) =>
    attempt(setProblem, async () => {
      const path = `/api/servers/${id}/faults`;
      if (texts.length === 0) await store.api.call("DELETE", path);
      else await store.api.call("PUT", path, { fault: texts, ...given });
      await store.refresh();
    });

  useEffect(() => {
    if (moving === undefined) return;
    const timer = setTimeout(async () => {
      await put(faultTexts(moving, others));
      // What was moved meanwhile is still to be told.
      setMoving((latest) => latest === moving ? undefined : latest);
    }, SETTLED_MS);
    return () => clearTimeout(timer);
  }, [moving]);

  const blackOut = () => {
    const name = `${direction}blackout`;
    put([...faultTexts(values, others.filter((one) => !one.startsWith(`${name}=`))), `${name}=2s`]);
  };

  const begin = (event) => {
    event.preventDefault();
    if (now.length > 0) put(now, { seed: Number(seed || faults.seed) });
  };
  return html`
    <fieldset class="card">
      <legend>${t("direction")}</legend>
      <div class="choices">${DIRECTIONS.map(([prefix, word]) =>
        html`<label key=${word}><input type="radio" name="direction" checked=${direction === prefix}
        onChange=${() => setDirection(prefix)} /> ${t(word)}${
          held(values, prefix) > 0 && html`
            <span class="badge">${held(values, prefix)}</span>
          `
        }</label>`
      )}</div>
      <div class="sliders">${SLIDERS.map((slider) => {
        const name = direction + slider.name;
        const absent = carrier === "datagram" ? slider.streams : slider.datagrams;
        return html`
          <${Slider} key=${name} slider=${slider} value=${values[name] ?? ""} absent=${absent}
            onMove=${(value) => setMoving(moved(values, direction, slider.name, value))} />
        `;
      })}</div>
      <p class="buttons">
        <button type="button" onClick=${blackOut}>${t("blackoutFor")}</button>
        <button type="button" class="danger" disabled=${now.length === 0}
          onClick=${() => (setMoving(undefined), put([]))}>${t("clearFaults")}</button>
      </p>
      <${Problem} text=${problem} />
    </fieldset>
    <section class="card">
        <p role="status">${now.length === 0
          ? t("noFaults")
          : html`${t("inForce", "")}<code class="force">${now.join(" ")}</code>`}</p>
        ${faults?.note && html`<p class="notice">${faults.note}</p>`}
        ${faults && html`
          <form class="tools" onSubmit=${begin}>
                <label>${t(
                  "seed",
                )}<input name="seed" inputmode="numeric" size="12" value=${seed} placeholder=${String(
                  faults.seed,
                )} onInput=${(event) => setSeed(event.target.value.replace(/\D/g, ""))} /></label>
                <button>${t("beginAnew")}</button><small>${t("seedHelp")}</small>
              </form>
          <h2>${t("did")}</h2>
          <${Did} did=${faults.did} />
        `}
      </section>
  `;
}

function Slider({ slider: { name, steps }, value, absent, onMove }) {
  const id = `slider-${name}`;
  const shown = value === "" ? (name === "bandwidth" ? t("unlimited") : "0") : name === "bandwidth"
    // As sizes are given: a k is 1,024 bytes.
    ? value.replace(/(\d)([km])$/, (_, digit, unit) => `${digit} ${unit.toUpperCase()}iB/s`)
    : value.replace(/^(\d+)(m?s)$/, "$1 $2");
  return html`
    <div class="slider">
      <label for=${id}>${t(name)}</label>
      <input type="range" id=${id} name=${name} min="0" max=${steps.length - 1} disabled=${absent}
        value=${steps.indexOf(value)} aria-valuetext=${shown}
        onInput=${(event) => onMove(steps[event.target.valueAsNumber])} />
      <output for=${id}>${absent
        ? t(name === "reset" ? "onlyStreams" : "onlyDatagrams")
        : shown}</output>
    </div>
  `;
}

function Did({ did }) {
  const rows = [...new Set([...Object.keys(did.in), ...Object.keys(did.out)])];
  if (rows.length === 0) return html`<p class="soft">${t("didNothing")}</p>`;
  return html`
    <table class="rows narrow">
      <thead>
        <tr>
          <td></td>
          <th scope="col" class="number">${t("inDirection")}</th>
          <th scope="col" class="number">${t("outDirection")}</th>
        </tr>
      </thead>
      <tbody>${rows.map((name) =>
        html`
          <tr key=${name} data-did=${name}>
            <th scope="row">${name in DEEDS ? t(DEEDS[name]) : html`<code>${name}</code>`}</th>
            <td class="number">${count(did.in[name] ?? 0)}</td>
            <td class="number">${count(did.out[name] ?? 0)}</td>
          </tr>
        `
      )}</tbody>
    </table>
  `;
}

/** How many sliders of a direction stand for something. */
function held(values, direction) {
  return SLIDERS.filter(({ name }) => (values[direction + name] ?? "") !== "").length;
}

/** The direction that the faults in force have, so that their sliders are seen. */
function directionOf(faults) {
  const names = Object.keys(sliderValues(faults));
  return ["in.", "out."].find((prefix) => names.some((name) => name.startsWith(prefix))) ?? "";
}
