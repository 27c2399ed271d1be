// Options of a client as lines of a form, and bytes as hexadecimal digits.

import { html } from "./html.js";
import { base64Of } from "./message.js";
import { t } from "./words.js";

/** The lines in which a user writes the options, out of the way of those who need none. */
export function ClientOptions({ value, onChange, wide }) {
  return html`
    <details class=${wide ? "wide" : undefined}>
      <summary>${t("clientOptions")}</summary>
      <label>${t("furtherOptions")}
        <textarea name="options" rows="3" spellcheck="false" value=${value}
          onInput=${(event) => onChange(event.target.value)}></textarea>
        <small>${t("clientOptionsHelp")}</small></label>
    </details>
  `;
}

/** `name=value` a line; a certificate or key in PEM goes on to its last line. */
export function optionsOf(lines) {
  const options = {};
  let pem;
  for (const line of lines.split("\n").map((one) => one.trim()).filter((one) => one !== "")) {
    if (pem !== undefined) options[pem] += `${line}\n`;
    else {
      const [, name, value] = /^-*([^=]*)=?(.*)$/.exec(line);
      const read = line.includes("=") ? value : true;
      options[name] = name in options ? [options[name], read].flat() : read;
      pem = value.startsWith("-----BEGIN ") ? name : undefined;
      if (pem !== undefined) options[name] += "\n";
    }
    if (line.startsWith("-----END ")) pem = undefined;
  }
  return options;
}

/** The bytes of digits with any spaces between them, in base64; undefined when they are none. */
export function base64OfHex(text) {
  const digits = text.replace(/\s|0x/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits)) return undefined;
  return base64Of((digits.match(/../g) ?? []).map((two) => parseInt(two, 16)));
}
