// Small parts that several panels have.

import { useState } from "preact/hooks";
import { html } from "./html.js";
import { t } from "./words.js";

/** A button that copies a text, and says so. */
export function Copy({ text }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return html`
    <button type="button" class="small" onClick=${copy} aria-label=${`${t("copy")}: ${text}`}>
      <span aria-live="polite">${copied ? t("copied") : t("copy")}</span>
    </button>
  `;
}

/** Gives the user a file to keep. */
export function download(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser reads it after this.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const WIDTH = 96;
const HEIGHT = 22;

/** The rates of the last minute as a line. The number beside it says the last one. */
export function Sparkline({ values }) {
  const top = Math.max(...values, 1);
  const left = WIDTH - (values.length - 1) * (WIDTH / 59);
  const points = values.map((value, at) =>
    `${(left + at * (WIDTH / 59)).toFixed(1)},${
      (HEIGHT - 2 - (value / top) * (HEIGHT - 4)).toFixed(1)
    }`
  );
  return html`
    <svg class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true">
      <polyline points=${points.join(" ")} />
    </svg>
  `;
}

/** What went wrong with the last thing that was asked for. */
export function Problem({ text }) {
  return html`<p class="problem" role="alert" hidden=${text === undefined}>${text}</p>`;
}

/** Runs what may be refused, and gives its problem to the panel. */
export async function attempt(setProblem, work) {
  try {
    setProblem(undefined);
    await work();
    return true;
  } catch (error) {
    setProblem(error.message);
    return false;
  }
}

/** The choice of a server. */
export function ServerChoice({ servers, value, onChange, all }) {
  return html`<label>${t("server")}
    <select value=${value} onChange=${(event) => onChange(event.target.value)}>
      ${all && html`<option value="">${t("allServers")}</option>`}
      ${
    servers.map(({ id, protocol, url }) =>
      html`<option key=${id} value=${String(id)}>${protocol} · ${url}</option>`
    )
  }
    </select>
  </label>`;
}
