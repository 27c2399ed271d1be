// The field of one option: a checkbox, a choice, a password, several lines or a text.

import { html } from "./html.js";
import { t } from "./words.js";

/** @param problem what the control said about its value
 * @param hint what else is said below it */
export function OptionField({ option, value, problem, hint, onChange }) {
  const { name, summary, kind, value: form, needs } = option;
  const id = `option-${name}`;
  const about = `${id}-about`;
  const described = {
    id,
    name,
    "aria-describedby": problem === undefined ? about : `${about} ${id}-problem`,
    "aria-invalid": problem === undefined ? undefined : "true",
    required: option.required,
  };
  const control = html`
    <${Control} option=${option} value=${value ?? ""} described=${described}
      onChange=${onChange} />
  `;
  const label = html`<label for=${id}><code>${name}</code>${
    kind === "value" && html`
      <span class="form">${form}</span>
    `
  }</label>`;
  return html`
    <div class=${`field ${kind}`} data-option=${name}>
      ${kind === "flag" ? html`${control} ${label}` : html`${label}${control}`}
      <small id=${about}><span lang="en">${summary}</span>${needs.length > 0 &&
        ` (${t("needs", needs.join(", "))})`}</small>
      ${hint}
      ${problem !== undefined &&
        html`<p class="problem" role="alert" id=${`${id}-problem`}>${problem}</p>`}
    </div>
  `;
}

function Control({ option, value, described, onChange }) {
  const { kind, choices, suggestions, many, text, secret, required, default: usual } = option;
  const typed = (event) => onChange(event.target.value);
  if (kind === "flag") {
    const checked = value === "" ? usual === "true" : value;
    return html`
      <input type="checkbox" ...${described} required=${false} checked=${checked}
        onChange=${(event) => onChange(event.target.checked)} />
    `;
  }
  if (many || text) {
    return html`
      <textarea rows="2" spellcheck="false" ...${described} value=${value}
        placeholder=${usual ?? (many ? t("oneALine") : "")} onInput=${typed}></textarea>
    `;
  }
  if (choices.length > 0) {
    return html`<select ...${described} value=${value} onChange=${typed}>
      ${
      !required &&
      html`<option value="">${usual === null ? t("notGiven") : t("usual", usual)}</option>`
    }
      ${choices.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}
    </select>`;
  }
  if (secret) {
    return html`
      <input type="password" autocomplete="new-password" ...${described} value=${value}
        onInput=${typed} />
    `;
  }
  const list = suggestions.length > 0 ? `${described.id}-words` : undefined;
  return html`
    <input spellcheck="false" ...${described} value=${value} list=${list}
      placeholder=${usual ?? ""} onInput=${typed} />${list && html`
        <datalist id=${list}>${suggestions.map((one) =>
          html`<option key=${one} value=${one} />`
        )}</datalist>
      `}
  `;
}
