// The servers: what they are, what passes, how to talk to them, and starting and stopping some.

import { useEffect, useState } from "preact/hooks";
import { bytes, count, visible } from "../format.js";
import { html } from "../html.js";
import { attempt, Copy, Problem, Sparkline } from "../parts.js";
import { useStore } from "../store.js";
import { t } from "../words.js";

export function Servers({ store }) {
  const { servers, rates } = useStore(store);
  const [chosen, choose] = useState();
  return html`
    <${StartForm} store=${store} />
    <div class="scroll">
      <table class="rows">
        <thead><tr>
          <th scope="col">${t("protocol")}</th><th scope="col">${t("url")}</th>
          <th scope="col" class="number">${t("open_sessions")}</th>
          <th scope="col" class="number">${t("messagesPerSecond")}</th>
          <th scope="col" class="number">${t("bytesPerSecond")}</th><td></td>
        </tr></thead>
        ${servers.map((server) =>
          html`
            <${Row} key=${server.id} server=${server} rate=${rates.get(server.id)} store=${store}
              open=${chosen === server.id} onToggle=${() =>
                choose(chosen === server.id ? undefined : server.id)} />
          `
        )}
      </table>
    </div>
  `;
}

function Row({ server, rate, store, open, onToggle }) {
  const { id, protocol, url, counters, faults } = server;
  const passing = (rate?.bytesIn ?? 0) + (rate?.bytesOut ?? 0);
  return html`<tbody class=${open ? "open" : ""}>
    <tr data-server=${id}>
      <th scope="row">${protocol}${
    faults && html`
      <span class="badge">${t("faults")}</span>
    `
  }</th>
      <td><code><bdi>${visible(url)}</bdi></code></td>
      <td class="number">${count(counters.open)}</td>
      <td class="number">${count(rate?.messages ?? 0)}</td>
      <td class="number"><${Sparkline} values=${rate?.history ?? []} /> <span class="value">${
    bytes(passing)
  }</span></td>
      <td class="number"><button type="button" class="small" aria-expanded=${open} onClick=${onToggle}
        aria-label=${`${t("details")}: ${protocol} ${url}`}>${t("details")}</button></td>
    </tr>
    ${
    open && html`
      <tr>
        <td colspan="6">
          <${Details} server=${server} store=${store} />
        </td>
      </tr>
    `
  }
  </tbody>`;
}

function Details({ server, store }) {
  const { id, summary, commands, certificate, startedByControl } = server;
  const [problem, setProblem] = useState();
  const counted = Object.entries(server.counters).filter(([, value]) => value > 0);
  const given = Object.entries(server.options);
  const stop = () =>
    attempt(setProblem, async () => {
      await store.api.call("DELETE", `/api/servers/${id}`);
      await store.refresh();
    });
  return html`<div class="details">
    <p>${summary}</p>
    <h2>${t("commands")}</h2>
    ${
    commands.map(({ program, command }) =>
      html`<div class="command" key=${program}><code>${
        visible(command)
      }</code><${Copy} text=${command} /></div>`
    )
  }
    <${Fields} title=${t("options")} fields=${given} />
    <${Fields} title=${t("counters")} fields=${counted} />
    ${
    certificate &&
    html`<${Fields} title=${t("certificate")} fields=${
      ["names", "issuer", "notBefore", "notAfter", "fingerprint"].map((
        name,
      ) => [name, certificate[name]])
    } />`
  }
    ${
    startedByControl &&
    html`<p><button type="button" class="danger" onClick=${stop} title=${t("stopTogether")}>${
      t("stop")
    }</button></p>`
  }
    <${Problem} text=${problem} />
  </div>`;
}

function Fields({ title, fields }) {
  if (fields.length === 0) return null;
  return html`
    <h2>${title}</h2>
    <dl>${fields.map(([name, value]) =>
      html`
        <div key=${name}>
          <dt>${name}</dt>
          <dd><bdi>${visible(typeof value === "string" ? value : JSON.stringify(value))}</bdi></dd>
        </div>
      `
    )}</dl>
  `;
}

/** Starts a protocol on a transport that carries it, on loopback, as the control allows. */
function StartForm({ store }) {
  const [catalogue, setCatalogue] = useState();
  const [protocol, setProtocol] = useState("echo");
  const [transport, setTransport] = useState("tcp");
  const [port, setPort] = useState("0");
  const [further, setFurther] = useState("");
  const [problem, setProblem] = useState();
  const [started, setStarted] = useState();
  useEffect(() => {
    attempt(setProblem, async () => setCatalogue(await store.api.call("GET", "/api/catalogue")));
  }, []);
  if (catalogue === undefined) return html`<${Problem} text=${problem} />`;
  const { transports, summary } = catalogue.protocols.find(({ name }) => name === protocol);
  const scheme = transports.includes(transport) ? transport : transports[0];
  const isPath = /^unix/.test(scheme);
  const start = async (event) => {
    event.preventDefault();
    setStarted(undefined);
    await attempt(setProblem, async () => {
      const url = isPath ? `${scheme}://${port}` : `${scheme}://127.0.0.1:${port}`;
      const { servers } = await store.api.call("POST", "/api/servers", {
        protocol,
        urls: [url],
        options: optionsOf(further),
      });
      setStarted(servers.map(({ url }) => url).join(" "));
      await store.refresh();
    });
  };
  return html`
    <details class="card start">
      <summary>${t("startServer")}</summary>
      <form onSubmit=${start}>
        <label>${t("protocol")}<select name="protocol" value=${protocol} onChange=${(event) =>
          setProtocol(event.target.value)}>
            ${catalogue.protocols.map(({ name }) => html`<option key=${name}>${name}</option>`)}
          </select><small>${summary}</small></label>
        <label>${t("transport")}<select name="transport" value=${scheme} onChange=${(event) =>
          setTransport(event.target.value)}>
            ${transports.map((name) => html`<option key=${name}>${name}</option>`)}
          </select></label>
        <label>${t("port")}<input name="port" required value=${port} onInput=${(event) =>
          setPort(event.target.value)} /><small>${t("portHelp")}</small></label>
        <label class="wide">${t(
          "furtherOptions",
        )}<textarea name="options" rows="2" spellcheck="false"
            value=${further} onInput=${(event) => setFurther(event.target.value)}></textarea>
            <small>${t("furtherOptionsHelp")}</small></label>
        <p class="wide"><button class="main">${t("start")}</button>
            <span role="status">${started && ` ${t("started", started)}`}</span></p>
      </form>
      <${Problem} text=${problem} />
    </details>
  `;
}

/** `name=value` a line; a name that stands there twice has a list, and one without a value is a flag. */
function optionsOf(lines) {
  const options = {};
  for (const line of lines.split("\n").map((one) => one.trim()).filter((one) => one !== "")) {
    const [, name, value] = /^-*([^=]*)=?(.*)$/.exec(line);
    const read = line.includes("=") ? value : true;
    options[name] = name in options ? [options[name], read].flat() : read;
  }
  return options;
}
