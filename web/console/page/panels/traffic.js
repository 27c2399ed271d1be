// The events as they pass: those that are kept can all be scrolled to, and one is shown as text and in
// hexadecimal. Rows alone that can be seen are drawn.

import { useRef, useState } from "preact/hooks";
import { clock, visible } from "../format.js";
import { html } from "../html.js";
import { bytesOf, hexDump, lengthOf, preview, textLines } from "../message.js";
import { TapCounts, TapTools, useTap } from "../panel_tap.js";
import { attempt, download, Problem, ServerChoice } from "../parts.js";
import { useStore } from "../store.js";
import { eventOf } from "../tap.js";
import { t } from "../words.js";

const KINDS = {
  allKinds: [],
  onlyMessages: ["received", "sent", "message", "request"],
  onlySessions: ["opened", "closed", "denied", "failed", "dialled"],
};
const ARROWS = { received: "\u2192", sent: "\u2190", request: "\u2192" };
/** Pixels of a row, which the style sheet holds, and rows that are drawn above those that are seen. */
const ROW = 28;
const ABOVE = 4;

export function Traffic({ store, chosen: first }) {
  const { servers } = useStore(store);
  const [server, setServer] = useState("");
  const [session, setSession] = useState(first ?? "");
  const [kinds, setKinds] = useState("allKinds");
  const [paused, setPaused] = useState(false);
  const [chosen, choose] = useState();
  const [problem, setProblem] = useState();

  const place = { ...server !== "" && { server }, ...session !== "" && { session } };
  const query = new URLSearchParams({
    ...place,
    ...kinds !== "allKinds" && { event: KINDS[kinds].join(",") },
  }).toString();
  const tap = useTap(store, query, paused);
  const { found } = tap;
  const downloadCapture = () =>
    attempt(setProblem, async () => {
      const path = `/api/capture?${new URLSearchParams(place)}`;
      download("sockdock.pcapng", await store.api.read(path));
    });
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
      <${TapTools} tap=${tap} paused=${paused} setPaused=${setPaused} clear=${() =>
        choose(undefined)}>
        <button type="button" onClick=${() =>
          download("events.jsonl", new Blob(found.map(({ json }) => `${json}\n`)))}>${t(
            "download",
          )}</button>
        <button type="button" title=${t("captureHelp")} onClick=${downloadCapture}>${t(
          "capture",
        )}</button>
      <//>
    </form>
    <${TapCounts} tap=${tap} />
    <${Problem} text=${problem ?? tap.problem} />
    ${found.length === 0 && html`<p class="empty">${t("noEvents")}</p>`}
    ${chosen && html`<${Content} one=${chosen} close=${() => choose(undefined)} />`}
    <${Rows} found=${found} chosen=${chosen} choose=${choose}
      showSession=${(id) => setSession(String(id))} />
  `;
}

/** The newest first. They stand still while the pointer or the focus is on them, so that they can be
 * hit, and while older ones are looked at. */
function Rows({ found, chosen, choose, showSession }) {
  const [held, hold] = useState({ pointer: false, focus: false, scrolled: false });
  const [top, setTop] = useState(0);
  const shown = useRef();
  const box = useRef();
  // Once what is held has been cleared, there is nothing to hold.
  if (!Object.values(held).includes(true) || found.length === 0) {
    shown.current = { rows: found, length: found.length };
  }
  // What has come since is behind the length.
  const { rows, length } = shown.current;
  const keep = (what) => hold((old) => ({ ...old, ...what }));
  const scroll = () => {
    setTop(box.current.scrollTop);
    keep({ scrolled: box.current.scrollTop >= ROW });
  };
  const first = Math.max(0, Math.min(Math.floor(top / ROW) - ABOVE, length - 1));
  const last = Math.min(length, Math.ceil((top + innerHeight) / ROW));
  const seen = [];
  for (let at = first; at < last; at++) seen.push([at, rows[length - 1 - at]]);
  return html`
    <div class="scroll events" ref=${box} onScroll=${scroll} tabindex="0" role="region"
      aria-label=${t("traffic")} hidden=${length === 0}
      onPointerEnter=${() => keep({ pointer: true })}
      onPointerLeave=${() => keep({ pointer: false })}
      onFocusIn=${() => keep({ focus: true })} onFocusOut=${() => keep({ focus: false })}>
      <table class="rows" aria-rowcount=${length + 1}>
        <thead>
          <tr>
            <th scope="col" class="time">${t("time")}</th>
            <th scope="col" class="kind">${t("event")}</th>
            <th scope="col" class="place">${t("server")}</th>
            <th scope="col" class="number">${t("session")}</th>
            <th scope="col" class="number">${t("bytesShort")}</th>
            <th scope="col">${t("content")}</th>
          </tr>
        </thead>
        <tbody>
          <tr class="gap" style=${{ height: `${first * ROW}px` }}></tr>
          ${seen.map(([at, one]) =>
            html`
              <${Row} key=${one.number} at=${at} one=${one} open=${chosen === one}
                choose=${choose} showSession=${showSession} />
            `
          )}
          <tr class="gap" style=${{ height: `${(length - last) * ROW}px` }}></tr>
        </tbody>
      </table>
    </div>
  `;
}

function Row({ at, one, open, choose, showSession }) {
  const event = eventOf(one);
  return html`
    <tr data-event=${event.event} aria-rowindex=${at + 2}>
      <td class="time"><code>${clock(event.time)}</code></td>
      <th scope="row" class="kind"><button type="button" class="link" aria-expanded=${open}
        onClick=${() => choose(open ? undefined : one)}>${event.event} ${ARROWS[event.event] ??
          ""}</button></th>
      <td class="place"><code><bdi>${visible(event.url)}</bdi></code></td>
      <td class="number">${event.session !== undefined && html`
        <button type="button" class="link"
          onClick=${() => showSession(event.session)} aria-label=${t(
            "onlySession",
            event.session,
          )}>${event.session}</button>
      `}</td>
      <td class="number">${lengthOf(event)}</td>
      <td class="content"><code><bdi>${preview(event)}</bdi></code></td>
    </tr>
  `;
}

/** Text and hexadecimal side by side, or the event as it is. */
function Content({ one, close }) {
  const event = eventOf(one);
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
        : html`<pre tabindex="0">${jsonLines(one.json)}</pre>`}</div>
    </section>
  `;
}

function jsonLines(json) {
  return JSON.stringify(JSON.parse(json), null, 2).split("\n").map(visible).join("\n");
}
