// Trying servers: a session from sockdock itself to one of its servers, and what passes over it.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useModel } from "../changes.js";
import { base64OfHex, ClientOptions, optionsOf } from "../client_options.js";
import { clock, visible } from "../format.js";
import { html } from "../html.js";
import { bytesOf, hexDump, lengthOf, textLines } from "../message.js";
import { attempt, Problem, ServerChoice } from "../parts.js";
import { useStore } from "../store.js";
import { t } from "../words.js";

const ENDINGS = { noEnding: "", lf: "\n", crlf: "\r\n" };
const ARROWS = { sent: "\u2192", received: "\u2190" };

export function Try({ store }) {
  const { servers } = useStore(store);
  const talks = useModel(store.talks);
  const [chosen, choose] = useState("");
  const [options, setOptions] = useState("");
  const [problem, setProblem] = useState();
  const [opening, setOpening] = useState(false);
  const server = servers.find(({ id }) => String(id) === chosen) ?? servers[0];
  if (server === undefined) return html`<p class="empty">${t("noServers")}</p>`;
  const open = async (event) => {
    event.preventDefault();
    setOpening(true);
    await attempt(setProblem, () => talks.open(server, optionsOf(options)));
    setOpening(false);
  };
  const { shown } = talks;
  return html`
    <form class="tools" onSubmit=${open}>
      <${ServerChoice} servers=${servers} value=${String(server.id)} onChange=${choose} />
      ${server.carries === "sessions" && html`
        <span class="buttons">
          <button class="main" disabled=${opening}>${t("openSession")}</button>
        </span>
        <${ClientOptions} value=${options} onChange=${setOptions} wide />
      `}
    </form>
    <${Problem} text=${problem} />
    ${server.carries === "requests" &&
      html`<${Request} key=${server.id} server=${server} store=${store} />`}
    ${talks.list.length === 0
      ? server.carries === "sessions" && html`<p class="empty">${t("noTalks")}</p>`
      : html`
        <ul class="talks" aria-label=${t("openTalks")}>${talks.list.map((talk) =>
          html`
            <li key=${talk.id}><button type="button" class=${`small ${talk.isOpen ? "" : "ended"}`}
              aria-pressed=${talk === shown} onClick=${() => talks.show(talk)}>${talk.protocol} ·
              <bdi>${visible(talk.url)}</bdi> #${talk.id}</button></li>
          `
        )}</ul>
      `}
    ${shown && html`<${Talk} key=${shown.id} talk=${shown} talks=${talks} />`}
  `;
}

function Talk({ talk, talks }) {
  const [isHex, setHex] = useState(false);
  const [problem, setProblem] = useState();
  const end = useRef();
  const { lines, isOpen, hasEnded, boundary } = talk;
  // The newest is seen, unless somebody reads what was before.
  const list = useRef();
  const atEnd = useRef(true);
  useEffect(() => {
    if (atEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [lines.at(-1), isHex]);
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = list.current;
    atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
  };
  return html`
    <section class="card talk" aria-label=${`${talk.protocol} ${visible(talk.url)}`}>
      <p class="buttons">
        <code><bdi>${visible(talk.url)}</bdi></code>
        ${talk.identity &&
          html`<span class="soft">${t("provedToBe", visible(talk.identity.name))}</span>`}
        <label class="check"><input type="checkbox" checked=${isHex}
          onChange=${(event) => setHex(event.target.checked)} /> ${t("asHex")}</label>
        ${boundary === "bytes" && html`
          <button type="button" class="small" disabled=${!isOpen || hasEnded}
            onClick=${() => attempt(setProblem, () => talks.end(talk))}>${t("endHalf")}</button>
        `}
        <button type="button" class="small" ref=${end}
          onClick=${() => talks.close(talk)}>${t("close")}</button>
      </p>
      <div class="lines" role="log" tabindex="0" ref=${list} aria-label=${t("passed")}
        onScroll=${onScroll}>${lines.map((line) =>
          html`
            <${Line} key=${line.event.id ?? "closed"} line=${line} isHex=${isHex} />
          `
        )}</div>
      ${isOpen && html`<${Composer} talk=${talk} talks=${talks} setProblem=${setProblem} />`}
      <${Problem} text=${problem} />
    </section>
  `;
}

function Line({ line: { event, tookMs }, isHex }) {
  const bytes = bytesOf(event);
  const said = event.event === "closed"
    ? t("talkClosed", visible(event.reason ?? t("talkLost")))
    : event.event === "failed"
    ? t("notSent", visible(event.error))
    : undefined;
  return html`
    <div class=${event.event} data-line=${event.event}>
      <span class="when">${event.time && html`<code>${clock(event.time)}</code>`} <b
        aria-label=${said === undefined
          ? t(event.event)
          : undefined}>${ARROWS[event.event]}</b></span>
      ${said !== undefined
        ? html`<span class="soft">${said}</span>`
        : html`<pre>${isHex ? hexDump(bytes) : textLines(bytes)}</pre>`}
      <span class="took">${said === undefined &&
        t("bytesOf", lengthOf(event))}${tookMs !== undefined && ` · ${tookMs.toFixed(2)} ms`}</span>
    </div>
  `;
}

/** What is sent next: text with a line ending, or bytes. Up and down go through what was sent. */
function Composer({ talk, talks, setProblem }) {
  const [text, setText] = useState("");
  const [form, setForm] = useState("text");
  const [ending, setEnding] = useState(talk.boundary === "bytes" ? "lf" : "noEnding");
  const back = useRef(0);
  const field = useRef();
  useLayoutEffect(() => field.current.focus(), []);
  const send = async (event) => {
    event?.preventDefault();
    const message = form === "hex"
      ? { base64: base64OfHex(text) }
      : { text: text + ENDINGS[ending] };
    if (message.base64 === undefined && message.text === undefined) {
      return setProblem(t("badHex"));
    }
    back.current = 0;
    setText("");
    if (!await attempt(setProblem, () => talks.send(talk, message, text))) setText(text);
    field.current?.focus();
  };
  const go = (steps) => {
    const { said } = talks;
    const at = Math.min(Math.max(back.current + steps, 0), said.length);
    back.current = at;
    setText(at === 0 ? "" : said[said.length - at]);
  };
  const onKeyDown = (event) => {
    if (event.isComposing) return;
    const { selectionStart, value } = event.target;
    if (event.key === "Enter" && !event.shiftKey) send(event);
    else if (event.key === "ArrowUp" && !value.slice(0, selectionStart).includes("\n")) {
      event.preventDefault();
      go(1);
    } else if (event.key === "ArrowDown" && !value.slice(selectionStart).includes("\n")) {
      event.preventDefault();
      go(-1);
    }
  };
  return html`
    <form class="tools composer" onSubmit=${send}>
      <label class="grow">${t("message")}<textarea name="message" rows="2" spellcheck="false"
        ref=${field} value=${text} onKeyDown=${onKeyDown}
        onInput=${(event) => setText(event.target.value)}></textarea>
        <small>${t("composerHelp")}</small></label>
      <label>${t("as")}<select name="form" value=${form}
        onChange=${(event) => setForm(event.target.value)}>
        <option value="text">${t("text")}</option>
        <option value="hex">${t("hex")}</option>
      </select></label>
      <label>${t("lineEnding")}<select name="ending" value=${ending} disabled=${form === "hex"}
        onChange=${(event) => setEnding(event.target.value)}>
        ${Object.keys(ENDINGS).map((one) =>
          html`<option key=${one} value=${one}>${t(one)}</option>`
        )}
      </select></label>
      <button class="main">${t("send")}</button>
    </form>
  `;
}

/** A GET, for a first look at a server of HTTP; its own panel has the rest. */
function Request({ server, store }) {
  const [target, setTarget] = useState("/");
  const [answer, setAnswer] = useState();
  const [problem, setProblem] = useState();
  const send = (event) => {
    event.preventDefault();
    setAnswer(undefined);
    return attempt(setProblem, async () =>
      setAnswer(
        await store.api.call("POST", `/api/servers/${server.id}/request`, { target }),
      ));
  };
  return html`
    <form class="tools" onSubmit=${send}>
      <label class="grow">${t(
        "getPath",
      )}<input name="target" value=${target} required spellcheck="false"
        onInput=${(event) => setTarget(event.target.value)} /></label>
      <button class="main">${t("send")}</button>
      <a href="#http">${t("moreHttp")}</a>
    </form>
    <${Problem} text=${problem} />
    ${answer && html`
      <section class="card" aria-label=${t("answer")}>
        <p><strong>${answer.status} ${visible(answer.statusText)}</strong> <span class="soft">${t(
          "bytesOf",
          answer.bytes,
        )} · ${answer.timing.totalMs.toFixed(2)} ms</span></p>
        <div class="sides">
          <pre tabindex="0">${answer.headers.map(([name, value]) => visible(`${name}: ${value}`))
            .join("\n")}</pre>
          <pre tabindex="0">${textLines(bytesOf(answer))}</pre>
        </div>
      </section>
    `}
  `;
}
