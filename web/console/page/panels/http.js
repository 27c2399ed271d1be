// The requests that the servers of HTTP answer: one in each row, with its heads, bodies and timing when it
// is chosen, to be copied as a command and sent again.

import { useEffect, useRef, useState } from "preact/hooks";
import { bytes, clock, count, visible } from "../format.js";
import { html } from "../html.js";
import { Part } from "../http_part.js";
import { bytesOf } from "../message.js";
import { TapCounts, TapTools, useTap } from "../panel_tap.js";
import { Copy, Problem, ServerChoice } from "../parts.js";
import { BODY_FILE, curlCommand, fetchCommand } from "../request_command.js";
import { SendForm } from "../send_request.js";
import { useStore } from "../store.js";
import { eventOf } from "../tap.js";
import { t } from "../words.js";

/** The most of each body that is asked for, and that the server keeps. */
const BODY_BYTES = 65_536;
/** Rows that are shown at most. */
const SHOWN = 200;
/** How long rows stand still after the pointer has moved over them, so that they can be hit. */
const HELD_MS = 3000;

export function Http({ store }) {
  const { servers } = useStore(store);
  const [server, setServer] = useState("");
  const [paused, setPaused] = useState(false);
  const [chosen, choose] = useState();
  const [sending, send] = useState();

  const asked = servers.filter(({ carries }) => carries === "requests");
  const query = new URLSearchParams({
    ...{ event: "request", bodies: BODY_BYTES },
    ...server !== "" && { server },
  }).toString();
  const tap = useTap(store, query, paused);
  const { found, problem } = tap;
  const [rows, hold] = useHeldRows(found);
  const table = useRef();
  const left = useRef();
  useEffect(() => {
    // The focus goes back to where it came from.
    const row = !chosen && left.current && `[data-number="${left.current.number}"] button`;
    if (row) table.current.querySelector(row)?.focus();
    left.current = chosen;
  }, [chosen]);
  const event = chosen && eventOf(chosen);
  const of = (url) => asked.find((one) => one.url === url);
  return html`
    <form class="tools" onSubmit=${(event) => event.preventDefault()}>
      <${ServerChoice} servers=${asked} value=${server} onChange=${setServer} all />
      <${TapTools} tap=${tap} paused=${paused} setPaused=${setPaused} clear=${() =>
        choose(undefined)}>
        <button type="button" disabled=${asked.length === 0} onClick=${() => {
          choose(undefined);
          send({ server: server === "" ? asked[0].id : Number(server) });
        }}>${t("newRequest")}</button>
      <//>
    </form>
    <${TapCounts} tap=${tap} shown=${SHOWN} />
    <${Problem} text=${problem} />
    ${sending && !chosen && html`
      <${SendForm} store=${store} servers=${asked} asked=${sending} close=${() => send()} />
    `}
    ${event && html`
      <${Details} key=${chosen.number} store=${store} servers=${asked} event=${event}
        server=${of(event.url)} close=${() => choose(undefined)} />
    `}
    ${found.length === 0 && html`<p class="empty">${
      t(
        asked.length === 0 ? "noHttpServers" : "noRequests",
      )
    }</p>`}
    <div class="scroll" onPointerMove=${() => hold(HELD_MS)} onPointerLeave=${() => hold(0)}>
      <table ref=${table} class="rows requests" hidden=${found.length === 0}>
        <thead>
          <tr>
            <th scope="col">${t("time")}</th>
            <th scope="col">${t("request")}</th>
            <th scope="col" class="number">${t("status")}</th>
            <th scope="col" class="number">${t("bytesShort")}</th>
            <th scope="col" class="number">${t("milliseconds")}</th>
            <th scope="col">${t("server")}</th>
            <th scope="col">${t("peer")}</th>
          </tr>
        </thead>
        <tbody>${rows.map((one) =>
          html`<${Row} key=${one.number} one=${one} open=${chosen === one} choose=${choose} />`
        )}</tbody>
      </table>
    </div>
  `;
}

/** The rows to show, the newest first, and what holds them for a while. */
function useHeldRows(found) {
  const rows = useRef([]);
  const heldUntilMs = useRef(0);
  if (performance.now() >= heldUntilMs.current || found.length === 0) {
    rows.current = found.slice(-SHOWN).reverse();
  }
  return [rows.current, (ms) => heldUntilMs.current = performance.now() + ms];
}

function Row({ one, open, choose }) {
  const { time, method, path, status, bytes: length, durationMs, url, peer } = eventOf(one);
  return html`
    <tr data-request=${path} data-number=${one.number}>
      <td><code>${clock(time)}</code></td>
      <th scope="row" class="content"><button type="button" class="link" aria-expanded=${open}
        onClick=${() => choose(open ? undefined : one)}><bdi>${visible(
          `${method} ${path}`,
        )}</bdi></button></th>
      <td class=${`number status${Math.floor(status / 100)}`}>${status}</td>
      <td class="number">${bytes(length)}</td>
      <td class="number">${count(durationMs)}</td>
      <td><code><bdi>${visible(url)}</bdi></code></td>
      <td><code><bdi>${visible(peer)}</bdi></code></td>
    </tr>
  `;
}

/** One request, and what was sent again beside it. */
function Details({ store, servers, event, server, close }) {
  const { method, path, status, content } = event;
  const [isSending, setSending] = useState(false);
  return html`
    <section class="card exchange" aria-label=${t("details")}>
      <p class="buttons"><strong><bdi>${visible(`${method} ${path}`)}</bdi></strong>
        <button type="button" class="small" onClick=${close}>${t("close")}</button></p>
      <${Facts} event=${event} />
      ${content === undefined ? html`<p class="notice">${t("notKept")}</p>` : html`
        <div class="sides even">
          <${Part} title=${t("request")} line=${`${method} ${path}`} part=${content.request} />
          <${Part} title=${t("answer")} line=${String(status)} part=${content.response} />
        </div>
      `}
      ${content !== undefined && server !== undefined &&
        html`<${Commands} event=${event} server=${server} />`}
      ${server !== undefined && !isSending && html`
        <p><button type="button" class="main" onClick=${() => setSending(true)}>${t(
          "sendAgain",
        )}</button></p>
      `}
      ${isSending && html`
        <${SendForm} store=${store} servers=${servers} asked=${askedOf(event, server)}
          first=${content && { line: String(status), part: content.response }}
          close=${() => setSending(false)} />
      `}
    </section>
  `;
}

function Facts({ event: { url, peer, httpVersion, durationMs, user, identity, content } }) {
  const facts = [
    [t("server"), url],
    [t("peer"), peer],
    httpVersion && [t("httpVersion"), httpVersion],
    user !== undefined && [t("user"), user],
    identity && [t("identity"), `${identity.name} (${identity.source})`],
    content?.firstByteMs !== undefined && [t("firstByte"), `${content.firstByteMs} ms`],
    [t("whole"), `${durationMs} ms`],
  ].filter(Boolean);
  return html`<dl>${
    facts.map(([name, value]) =>
      html`
        <div key=${name}>
          <dt>${name}</dt>
          <dd><bdi>${visible(value)}</bdi></dd>
        </div>
      `
    )
  }</dl>`;
}

/** The request as commands. Secrets and the rest of a long body are left to whoever runs them. */
function Commands({ event, server }) {
  const { request } = event.content;
  const { method, path } = event;
  const { headers, cut } = request;
  const asked = { method, path, headers, cut, body: bytesOf(request) };
  const isMasked = headers.some(([, value]) => value.includes("***"));
  return html`
    <h2>${t("asCommand")}</h2>
    ${[["curl", curlCommand(asked, server)], ["sockdock", fetchCommand(asked, server)]].map(
      ([name, command]) =>
        html`<div class="command" key=${name}><code>${visible(command)}</code><${Copy}
          text=${command} /></div>`,
    )}
    ${isMasked && html`<p class="soft">${t("commandMasked")}</p>`}
    ${cut && html`<p class="soft">${t("commandCut", BODY_FILE)}</p>`}
  `;
}

/** What the form to send it again begins with. */
function askedOf({ method, path, content }, { id }) {
  const { headers = [], cut, text = "", base64 } = content?.request ?? {};
  return { server: id, method, target: path, headers, text, base64, cut };
}
