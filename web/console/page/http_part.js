// One side of an exchange of HTTP: the head, and the body in the way in which it is best read.

import { useEffect, useState } from "preact/hooks";
import { bytes as sizeOf, visible } from "./format.js";
import { html } from "./html.js";
import { readBody } from "./http_body.js";
import { hexDump } from "./message.js";
import { t } from "./words.js";

/** @param part `{ headers, bytes, cut }` with `text` or `base64`
 * @param line the request or status line */
export function Part({ title, line, part, children }) {
  return html`
    <div class="part">
      <h2>${title}</h2>
      ${children}
      <pre class="head" tabindex="0" aria-label=${t("head")}>${[
        line,
        ...part.headers.map(([name, value]) => `${name}: ${value}`),
      ].map(visible).join("\n")}</pre>
      <${Body} part=${part} />
    </div>
  `;
}

function Body({ part }) {
  const [read, setRead] = useState();
  const [way, setWay] = useState();
  useEffect(() => {
    let isWanted = true;
    readBody(part).then((body) => isWanted && setRead(body));
    return () => isWanted = false;
  }, [part]);
  if (part.bytes === 0) return html`<p class="soft">${t("noBody")}</p>`;
  if (read === undefined) return null;
  const ways = {
    ...read.image !== undefined && { image: () => html`<img src=${read.image} alt="" />` },
    ...read.json !== undefined && { json: () => html`<${Text} text=${read.json} />` },
    ...read.text !== undefined && { text: () => html`<${Text} text=${read.text} />` },
    hex: () => html`<pre tabindex="0" aria-label=${t("hex")}>${hexDump(read.bytes)}</pre>`,
  };
  const shown = Object.hasOwn(ways, way ?? "") ? way : Object.keys(ways)[0];
  return html`
    <p class="buttons ways">
      <span class="soft">${[
        sizeOf(part.bytes),
        part.cut && t("onlyBeginning"),
        read.inflated && t("inflated"),
      ].filter(Boolean).join(" \u00b7 ")}</span>
      ${Object.keys(ways).map((name) =>
        html`
          <button key=${name} type="button" class="small" aria-pressed=${name === shown}
            onClick=${() => setWay(name)}>${t(name)}</button>
        `
      )}
    </p>
    ${ways[shown]()}
  `;
}

function Text({ text }) {
  return html`<pre tabindex="0" aria-label=${t("body")}>${
    text.split("\n").map(visible).join(
      "\n",
    )
  }</pre>`;
}
