// A request to be written, or changed, and sent by sockdock to one of its own servers, and the answer.

import { useEffect, useRef, useState } from "preact/hooks";
import { visible } from "./format.js";
import { html } from "./html.js";
import { Part } from "./http_part.js";
import { attempt, Problem, ServerChoice } from "./parts.js";
import { t } from "./words.js";

/** Fields that sockdock sets itself. */
const OWN = ["connection", "content-length", "expect", "host", "transfer-encoding", "upgrade"];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** @param asked `{ server, method, target, headers, text, base64, cut }`
 * @param first the answer to the request that is sent again, `{ line, part }`, to be shown beside */
export function SendForm({ store, servers, asked, first, close }) {
  const { headers = [] } = asked;
  const [server, setServer] = useState(String(asked.server));
  const [problem, setProblem] = useState();
  const [answer, setAnswer] = useState();
  const [isSending, setSending] = useState(false);
  const form = useRef();
  useEffect(() => form.current.elements.method.focus(), []);
  // Where the body is no text it is sent as it was, unless there is a text in its place.
  const isBinary = asked.base64 !== undefined && !asked.cut;
  const masked = headers.filter(([, value]) => value.includes("***")).map(([name]) => name);
  const kept = headers.filter(([name, value]) =>
    !OWN.includes(name.toLowerCase()) && !value.includes("***")
  );
  const send = async (event) => {
    event.preventDefault();
    if (isSending) return;
    const { method, target, fields, body } = form.current.elements;
    setSending(true);
    await attempt(setProblem, async () => {
      const request = {
        ...{ method: method.value.trim(), target: target.value },
        headers: fieldsOf(fields.value),
        ...body.value !== ""
          ? { text: body.value }
          : isBinary
          ? { base64: asked.base64 }
          : undefined,
      };
      setAnswer(await store.api.call("POST", `/api/servers/${server}/request`, request));
    }) || setAnswer(undefined);
    setSending(false);
  };
  return html`
    <div class="send">
      <form ref=${form} onSubmit=${send} class="card" aria-label=${t("sendRequest")}>
        <div class="tools">
          <${ServerChoice} servers=${servers} value=${server} onChange=${setServer} />
          <label>${t("method")}<input name="method" list="methods" size="8" required
            autocomplete="off" defaultValue=${asked.method ?? "GET"} /></label>
          <datalist id="methods">${METHODS.map((one) =>
            html`<option key=${one} value=${one}></option>`
          )}</datalist>
          <label class="target">${t("target")}<input name="target" required autocomplete="off"
            spellcheck="false" defaultValue=${asked.target ?? "/"} /></label>
        </div>
        <label>${t("headerFields")}<textarea name="fields" rows="4" spellcheck="false"
          defaultValue=${kept.map(([name, value]) => `${name}: ${value}`).join("\n")}></textarea>
          <small>${t("headerFieldsHelp")}</small></label>
        ${masked.length > 0 && html`<p class="notice">${
          t(
            "maskedFields",
            visible(masked.join(", ")),
          )
        }</p>`}
        <label>${t("body")}<textarea name="body" rows="4" spellcheck="false"
          defaultValue=${asked.cut ? "" : asked.text ?? ""}></textarea>
          ${isBinary && html`<small>${t("binaryBody")}</small>`}</label>
        ${asked.cut && html`<p class="notice">${t("cutBody")}</p>`}
        <p class="buttons">
          <button class="main" aria-disabled=${isSending}>${t("send")}</button>
          <button type="button" onClick=${close}>${t("close")}</button>
        </p>
        <${Problem} text=${problem} />
      </form>
      <div class="sides even" aria-live="polite">
        ${first && answer && html`<${Part} title=${t("answer")} ...${first} />`}
        ${answer && html`<${Answer} answer=${answer} />`}
      </div>
    </div>
  `;
}

function Answer({ answer }) {
  const { status, statusText, httpVersion, timing, broke, missing } = answer;
  const steps = ["connectMs", "tlsMs", "firstByteMs", "totalMs"]
    .filter((step) => timing[step] !== undefined);
  return html`
    <div class="answer" data-status=${status}>
      <${Part} title=${t("newAnswer")} line=${`HTTP/${httpVersion} ${status} ${statusText}`}
        part=${answer}>
        ${missing === "credentials" && html`<p class="notice">${t("missingCredentials")}</p>`}
        ${broke !== undefined && html`<p class="notice">${t("brokeOff", visible(broke))}</p>`}
        <dl>${steps.map((step) =>
          html`
            <div key=${step}>
              <dt>${t(step)}</dt>
              <dd>${timing[step].toFixed(1)} ms</dd>
            </div>
          `
        )}</dl>
      <//>
    </div>
  `;
}

/** A line without a colon is left to the server's check, which says what is wrong with it. */
function fieldsOf(text) {
  return text.split("\n").filter((line) => line.trim() !== "").map((line) => {
    const colon = line.indexOf(":");
    return colon < 0 ? [line, ""] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
}
