// What was said, a day after the other, with what is new marked, and what is not said yet.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { visible } from "./format.js";
import { html } from "./html.js";
import { language, t } from "./words.js";

/** Lines that are shown at most; older ones come when they are asked for. */
const SHOWN = 300;
/** Messages of one member stand together for so long. */
const TOGETHER_MS = 5 * 60_000;
/** So near to the end, the newest is followed. */
const NEAR = 60;

/** Its dates are those of the place too: hours go to 12 or to 24. */
const place = navigator.languages.find((one) => one.startsWith(language)) ?? language;
const hour = new Intl.DateTimeFormat(place, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(place, { dateStyle: "full" });
const whole = new Intl.DateTimeFormat(place, { dateStyle: "long", timeStyle: "medium" });

/** @param older asks for what was before; absent where there is nothing */
export function Conversation({ chat, place, older }) {
  const { lines, unsaid = [], newFrom } = place;
  const [shown, setShown] = useState(SHOWN);
  const [behind, setBehind] = useState(false);
  const list = useRef();
  const atEnd = useRef(true);
  const seen = lines.slice(-shown);
  const first = seen[0]?.id;
  const before = useRef({ height: 0, first });
  useLayoutEffect(() => {
    const { scrollHeight } = list.current;
    // What is read stays where it is when older lines come above it.
    if (before.current.first !== first && !atEnd.current) {
      list.current.scrollTop += scrollHeight - before.current.height;
    } else if (atEnd.current) list.current.scrollTop = scrollHeight;
    before.current = { height: scrollHeight, first };
  });
  useEffect(() => {
    if (!atEnd.current) setBehind(true);
  }, [lines.at(-1)]);
  const toEnd = () => {
    list.current.scrollTop = list.current.scrollHeight;
    atEnd.current = true;
    setBehind(false);
  };
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = list.current;
    atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
    if (atEnd.current) setBehind(false);
  };
  const more = async () => {
    if (shown >= lines.length) await older?.();
    setShown((number) => number + SHOWN);
  };
  return html`
    <div class="said" role="log" tabindex="0" aria-label=${t("said")} ref=${list}
      onScroll=${onScroll}>
      ${(older !== undefined || shown < lines.length) && html`
        <p class="earlier"><button type="button" class="small" onClick=${more}>${t(
          "earlier",
        )}</button></p>
      `}
      ${lines.length === 0 && html`<p class="empty">${t("nothingSaid")}</p>`}
      ${seen.map((line, at) =>
        html`<${Line} key=${line.id} line=${line} last=${seen[at - 1]} isNew=${
          line.id === newFrom
        } />`
      )}
      ${unsaid.map((one) => html`<${Unsaid} key=${one.id} one=${one} chat=${chat} />`)}
      ${behind &&
        html`<button type="button" class="main newer" onClick=${toEnd}>${t("newer")}</button>`}
    </div>
  `;
}

function Line({ line, last, isNew }) {
  const date = new Date(line.time);
  const isNewDay = last === undefined || day.format(new Date(last.time)) !== day.format(date);
  const isTogether = !isNewDay && !isNew && last.line === "message" && line.kind !== "me" &&
    last.kind !== "me" && last.name === line.name && date - new Date(last.time) < TOGETHER_MS;
  return html`
    ${isNewDay && html`<p class="day"><span>${day.format(date)}</span></p>`}
    ${isNew && html`<p class="day new"><span>${t("newLines")}</span></p>`}
    ${line.line === "note"
      ? html`<p class="note"><${When} date=${date} /> ${
        t(line.kind, ...line.values.map(shown))
      }</p>`
      : html`<${Message} line=${line} date=${date} isTogether=${isTogether} />`}
  `;
}

function Message({ line: { name, standing, kind, text, own, mention }, date, isTogether }) {
  const style = ["message", own && "own", mention && "mention", isTogether && "together"];
  return html`
    <div class=${style.filter(Boolean).join(" ")}>
      ${kind === "me"
        ? html`<p><${When} date=${date} /> <em>* <b><bdi>${visible(name)}</bdi></b> <${Text}
        text=${text} /></em></p>`
        : html`
          ${!isTogether &&
            html`<p class="who"><b><bdi>${visible(name)}</bdi></b><${Mark}
              standing=${standing} /> <${When} date=${date} /></p>`}
          <p class="text">
            <${Text} text=${text} />
          </p>
        `}
    </div>
  `;
}

/** The mark of a member who proved to be who they say. */
export function Mark({ standing }) {
  return standing === "verified" && html`<span class="verified" title=${t("verified")}> ✓</span>`;
}

/** What is not said yet, or was refused. */
function Unsaid({ one, chat }) {
  return html`
    <div class="message own unsaid">
      <p class="text">
        <${Text} text=${one.text} />
      </p>
      <p class="soft" role="status">${one.problem === undefined ? t("saying") : html`
        <span class="problem">${t("notSaid", visible(one.problem))}</span>
        <button type="button" class="small" onClick=${() => chat.again(one)}>${t("again")}</button>
        <button type="button" class="small" onClick=${() => chat.drop(one)}>${t("drop")}</button>
      `}</p>
    </div>
  `;
}

function When({ date }) {
  return html`<time datetime=${date.toISOString()} title=${whole.format(date)}>${
    hour.format(date)
  }</time>`;
}

/** A text with its lines, whose addresses of the web can be followed. */
function Text({ text }) {
  return text.split("\n").map((line, at) => [
    at > 0 && html`<br />`,
    ...line.split(/(https?:\/\/[^\s<>"]*[^\s<>".,:;!?)\]}'])/).map((part, at) =>
      at % 2 === 0
        ? visible(part)
        : html`<a href=${part} target="_blank" rel="noopener noreferrer">${visible(part)}</a>`
    ),
  ]);
}

function shown(value) {
  return typeof value === "string" ? visible(value) : value;
}
