// The events as they pass. What comes faster than can be read is sampled, and counted.

import { useEffect, useRef, useState } from "preact/hooks";
import { clock, count, visible } from "../format.js";
import { html } from "../html.js";
import { bytesOf, hexDump, lengthOf, preview, textLines } from "../message.js";
import { ServerChoice } from "../parts.js";
import { useStore } from "../store.js";
import { createTap } from "../tap.js";
import { t } from "../words.js";

const KINDS = {
  allKinds: [],
  onlyMessages: ["received", "sent", "message", "request"],
  onlySessions: ["opened", "closed", "denied", "failed", "dialled"],
};
/** Rows that are shown at most. */
const SHOWN = 200;
const ARROWS = { received: "\u2192", sent: "\u2190", request: "\u2192" };

export function Traffic({ store, chosenSession }) {
  const { servers, phase } = useStore(store);
  const [server, setServer] = useState("");
  const [session, setSession] = useState(chosenSession ?? "");
  const [kinds, setKinds] = useState("allKinds");
  const [search, setSearch] = useState("");
  const [paused, setPaused] = useState(false);
  const [chosen, choose] = useState();
  const [held, hold] = useState(false);
  const [, redraw] = useState(0);
  const tap = useRef();
  tap.current ??= createTap(store.api, () => redraw((number) => number + 1));

  const query = new URLSearchParams({
    ...server !== "" && { server },
    ...session !== "" && { session },
    ...kinds !== "allKinds" && { event: KINDS[kinds].join(",") },
  }).toString();
  useEffect(() => {
    if (paused || phase !== "ok") return;
    return tap.current.open(query);
  }, [query, paused, phase === "ok"]);

  const { events, seen, sampled, missed, problem } = tap.current;
  const found = search === ""
    ? events
    : events.filter(({ json }) => json.toLowerCase().includes(search.toLowerCase()));
  // Rows stand still under the pointer, so that they can be hit.
  const shown = useRef([]);
  if (!held) shown.current = found.slice(-SHOWN).reverse();
  const newest = shown.current;
  return html`
      <form class="tools" onSubmit=${(event) => event.preventDefault()}>
      <${ServerChoice} servers=${servers} value=${server} onChange=${setServer} all />
      <label>${t(
        "session",
      )}<input inputmode="numeric" pattern="[0-9]*" size="6" name="session" value=${session}
            onInput=${(event) => setSession(event.target.value.replace(/\D/g, ""))} /></label>
      <label>${t("kinds")}<select value=${kinds} onChange=${(event) =>
        setKinds(event.target.value)}>
            ${Object.keys(KINDS).map((name) =>
              html`<option key=${name} value=${name}>${t(name)}</option>`
            )}
          </select></label>
      <label>${t("search")}<input type="search" name="search" value=${search} onInput=${(event) =>
        setSearch(event.target.value)} /></label>
      <span class="buttons">
        <button type="button" class="main" aria-pressed=${paused}
          onClick=${() => setPaused(!paused)}>${paused ? t("resume") : t("pause")}</button>
        <button type="button" onClick=${() => (tap.current.clear(), choose(undefined))}>${t(
          "clear",
        )}</button>
        <button type="button" onClick=${() => download(found)}>${t("download")}</button>
      </span>
    </form>
        <p class="soft" role="status">${[
          t("kept", count(events.length), count(seen)),
          sampled > 0 && t("sampled", count(sampled)),
          missed > 0 && t("missed", count(missed)),
          found.length > SHOWN && t("showing", SHOWN),
        ].filter(Boolean).join(" · ")}</p>
        <p class="problem" role="alert" hidden=${problem === undefined}>${problem}</p>
        ${newest.length === 0 && html`<p class="empty">${t("noEvents")}</p>`}
        ${chosen && html`<${Content} one=${chosen} close=${() => choose(undefined)} />`}
    <div class="scroll" onPointerEnter=${() => hold(true)} onPointerLeave=${() => hold(false)}>
      <table class="rows events" hidden=${newest.length === 0}>
        <thead>
          <tr>
            <th scope="col">${t("time")}</th>
            <th scope="col">${t("event")}</th>
            <th scope="col">${t("server")}</th>
            <th scope="col" class="number">${t("session")}</th>
            <th scope="col" class="number">${t("bytesShort")}</th>
            <th scope="col">${t("content")}</th>
          </tr>
        </thead>
        <tbody>${newest.map((one) =>
          html`<${Row} key=${one.event.id} one=${one} open=${chosen === one} choose=${choose} />`
        )}</tbody>
      </table>
    </div>
  `;
}

function Row({ one, open, choose }) {
  const { event } = one;
  return html`
    <tr data-event=${event.event}>
      <td><code>${clock(event.time)}</code></td>
      <th
        scope="row"><button type="button" class="link" aria-expanded=${open} onClick=${() =>
          choose(open ? undefined : one)}>${event.event} ${ARROWS[event.event] ??
          ""}</button></th>
      <td><code><bdi>${visible(event.url)}</bdi></code></td>
      <td class="number">${event.session}</td>
      <td class="number">${lengthOf(event)}</td>
      <td class="content"><code><bdi>${preview(event)}</bdi></code></td>
    </tr>
  `;
}

/** Text and hexadecimal side by side, or the event as it is. */
function Content({ one: { event, json }, close }) {
  const bytes = bytesOf(event);
  return html`
    <section class="card content" aria-label=${t("content")}>
      <p class="buttons"><strong>${event.event}</strong> <code>${clock(event.time)}</code>
          <code><bdi>${visible(`${event.url} ${event.peer ?? ""}`)}</bdi></code>
          <button type="button" class="small" onClick=${close}>${t("close")}</button></p>
      <div class="sides">${bytes
        ? html`
          <div>
            <h2>${t("text")}</h2>
            <pre tabindex="0">${textLines(bytes)}</pre>
          </div>
          <div>
            <h2>${t("hex")}</h2>
            <pre tabindex="0">${hexDump(bytes)}</pre>
          </div>
        `
        : html`<pre tabindex="0">${jsonLines(json)}</pre>`}</div>
    </section>
  `;
}

function jsonLines(json) {
  return JSON.stringify(JSON.parse(json), null, 2).split("\n").map(visible).join("\n");
}

function download(events) {
  const text = events.map(({ json }) => `${json}\n`);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(text, { type: "application/x-ndjson" }));
  link.download = "events.jsonl";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
