// The certificates that the servers show: whose they are, until when, and how clients come to trust
// them.

import { useEffect, useState } from "preact/hooks";
import { visible } from "../format.js";
import { html } from "../html.js";
import { attempt, Copy, download, Problem } from "../parts.js";
import { useStore } from "../store.js";
import { language, t } from "../words.js";

const DAY_MS = 86_400_000;
/** A certificate with less left is said to end soon. */
const SOON_DAYS = 14;
/** The file's path changes the commands so long after its last letter. */
const SETTLED_MS = 150;

export function Certificates({ store }) {
  const { servers } = useStore(store);
  // Servers that were started together mostly show the same one.
  const shown = Map.groupBy(
    servers.filter(({ certificate }) => certificate !== null),
    ({ certificate }) => certificate.fingerprint,
  );
  return html`
    <p class="soft">${t("certificatesHelp")}</p>
    ${shown.size === 0 && html`<p class="empty">${t("noCertificates")}</p>`}
    ${[...shown].map(([fingerprint, sharing]) =>
      html`<${Certificate} key=${fingerprint} servers=${sharing} store=${store} />`
    )}
  `;
}

function Certificate({ servers, store }) {
  const [{ certificate }] = servers;
  const { names, issuer, notBefore, notAfter, fingerprint, pem } = certificate;
  const [open, setOpen] = useState(false);
  const name = fileNameOf(fingerprint);
  return html`
    <section class="card certificate" data-fingerprint=${fingerprint}
      aria-label=${visible(names.join(", "))}>
      <h2>${visible(names.join(", "))} <${State} certificate=${certificate} /></h2>
      <dl class="lines">
        <div><dt>${t("shownBy")}</dt><dd>${servers.map(({ id, protocol, url }) =>
          html`
            <a key=${id} href=${`#servers/${id}`}>${protocol} <bdi>${visible(url)}</bdi></a>
          `
        )}</dd></div>
        <div><dt>${t("issuer")}</dt><dd><bdi>${visible(issuer)}</bdi></dd></div>
        <div><dt>${t("valid")}</dt><dd>${t(
          "fromTo",
          dateOf(notBefore),
          dateOf(notAfter),
        )}</dd></div>
        <div><dt>${t(
          "fingerprint",
        )}</dt><dd><code>${fingerprint}</code> <${Copy} text=${fingerprint} /></dd></div>
      </dl>
      <p class="buttons">
        <button type="button" onClick=${() => download(`shown-${name}`, pemOf(pem))}>${t(
          "downloadShown",
        )}</button>
        <button type="button" class="main" aria-expanded=${open} onClick=${() =>
          setOpen(!open)}>${t("howToTrust")}</button>
      </p>
      ${open && html`<${Trust} server=${servers[0]} store=${store} />`}
    </section>
  `;
}

/** How much is left, as a warning where that is little. */
function State({ certificate: { notBefore, notAfter } }) {
  const left = (new Date(notAfter) - Date.now()) / DAY_MS;
  if (left < 0) return html`<span class="badge bad">${t("ended", dateOf(notAfter))}</span>`;
  if (new Date(notBefore) > Date.now()) {
    return html`<span class="badge bad">${t("notYetValid", dateOf(notBefore))}</span>`;
  }
  const relative = new Intl.RelativeTimeFormat(language).format(Math.floor(left), "day");
  return left < SOON_DAYS
    ? html`<span class="badge">${t("endsSoon", relative)}</span>`
    : html`<span class="badge calm">${t("ends", relative)}</span>`;
}

/** What vouches for a certificate, and the commands by which it is trusted. */
function Trust({ server: { id, certificate }, store }) {
  const [file, setFile] = useState(fileNameOf(certificate.fingerprint));
  const [details, setDetails] = useState();
  const [problem, setProblem] = useState();
  useEffect(() => {
    let isOver = false;
    const timer = setTimeout(() =>
      attempt((text) => isOver || setProblem(text), async () => {
        const query = new URLSearchParams({ file });
        const path = `/api/servers/${id}/certificate?${query}`;
        const answer = await store.api.call("GET", path);
        if (!isOver) setDetails(answer);
      }), details === undefined ? 0 : SETTLED_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
    // One that was reloaded may have come from elsewhere.
  }, [file, certificate.fingerprint]);
  if (details === undefined) return html`<${Problem} text=${problem} />`;
  const { trusted, recipes } = details;
  if (trusted === null) {
    return html`<p class="notice">${t("noAuthority", visible(certificate.issuer))}</p>`;
  }
  const name = file.split(/[/\\]/).at(-1) || fileNameOf(certificate.fingerprint);
  return html`
    <div class="trust">
      <p>${t(trusted.isAuthority ? "trustAuthority" : "trustItself")}</p>
      <dl class="lines">
        <div>
          <dt>${t("subject")}</dt>
          <dd><bdi>${visible(trusted.subject)}</bdi></dd>
        </div>
        <div>
          <dt>${t("fingerprint")}</dt>
          <dd><code>${trusted.fingerprint}</code></dd>
        </div>
      </dl>
      <div class="tools">
        <button type="button" onClick=${() => download(name, pemOf(trusted.pem))}>${t(
          "downloadTrusted",
        )}</button>
        <label>${t("keptIn")}<input name="file" required maxlength="1000" spellcheck="false"
          value=${file} onInput=${(event) => setFile(event.target.value)} /></label>
      </div>
      <${Problem} text=${problem} />
      <dl class="recipes">${recipes.map(({ system, how }) =>
        html`
          <div key=${system} data-system=${system}>
            <dt lang="en">${system}</dt>
            <dd>${how.map((line) =>
              html`<div class="command" key=${line}><code>${
                visible(line)
              }</code><${Copy} text=${line} /></div>`
            )}</dd>
          </div>
        `
      )}</dl>
    </div>
  `;
}

function pemOf(text) {
  return new Blob([text], { type: "application/x-pem-file" });
}

function fileNameOf(fingerprint) {
  return `sockdock-${fingerprint.slice(0, 8)}.pem`;
}

function dateOf(iso) {
  return new Date(iso).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}
