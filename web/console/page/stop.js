// Stopping a server, after saying what stops with it.

import { useEffect, useRef, useState } from "preact/hooks";
import { visible } from "./format.js";
import { html } from "./html.js";
import { attempt, Problem } from "./parts.js";
import { useStore } from "./store.js";
import { t } from "./words.js";

/** @param tell says what was done, when the server and this have gone */
export function Stop({ server, store, tell }) {
  const { servers } = useStore(store);
  const [asking, ask] = useState();
  const [seconds, setSeconds] = useState("10");
  const [problem, setProblem] = useState();
  const confirm = useRef();
  const buttons = useRef();
  const { id, dock } = server;
  const together = servers.filter((one) => one.dock === dock);
  const endsProgram = !servers.some((one) => one.dock !== dock && !one.startedByControl);
  useEffect(() => {
    if (asking !== undefined) confirm.current?.focus();
  }, [asking]);

  const keep = () => {
    ask(undefined);
    buttons.current.querySelector("button").focus();
  };
  const stop = (event) => {
    event.preventDefault();
    return attempt(setProblem, async () => {
      if (asking === "drain") {
        const graceMs = Math.round(Number(seconds) * 1000);
        await store.api.call("POST", `/api/servers/${id}/drain`, { graceMs });
        keep();
      } else {
        const { stopped } = await store.api.call("DELETE", `/api/servers/${id}`);
        tell(t("stopped", visible(stopped.map(({ url }) => url).join(" "))));
        // What had the focus goes with the server.
        document.querySelector("h1").focus();
      }
      await store.refresh();
    });
  };
  return html`
    <p class="buttons after" ref=${buttons}>
      <button type="button" aria-expanded=${asking === "drain"} onClick=${() => ask("drain")}>${t(
        "drain",
      )}</button>
      <button type="button" class="danger" aria-expanded=${asking === "stop"}
        onClick=${() => ask("stop")}>${t("stop")}</button>
    </p>
    ${asking !== undefined && html`
      <form class="notice confirm" onSubmit=${stop} onKeyDown=${(event) =>
        event.key === "Escape" && keep()}>
        <p>${t(asking === "drain" ? "drainHelp" : "stopHelp")}</p>
        ${together.length > 1 && html`
          <p>${t("stopTogether")}</p>
          <ul>${together.map(({ id, url }) =>
            html`<li key=${id}><code><bdi>${visible(url)}</bdi></code></li>`
          )}</ul>
        `}
        ${endsProgram && html`<p><strong>${t("stopProgram")}</strong></p>`}
        ${asking === "drain" && html`
          <label>${t("graceSeconds")}<input type="number" name="grace" min="0" max="3600" step="any"
            required value=${seconds} onInput=${(event) =>
              setSeconds(event.target.value)} /></label>
        `}
        <p class="buttons">
          <button class="danger" ref=${confirm}>${t(
            asking === "drain" ? "drainNow" : "stopNow",
          )}</button>
          <button type="button" onClick=${keep}>${t("keepRunning")}</button>
        </p>
      </form>
    `}
    <${Problem} text=${problem} />
  `;
}
