// The form that starts a server. It is made of what the control says: which protocol runs where, and
// which options have an effect there.

import { useEffect, useRef, useState } from "preact/hooks";
import { count, visible } from "./format.js";
import { html } from "./html.js";
import { OptionField } from "./option_field.js";
import { attempt, Problem } from "./parts.js";
import { t } from "./words.js";

/** What the groups of options that several servers share are called here; the others are called as
 * what they belong to. */
const GROUPS = {
  required: "groupRequired",
  serve: "groupServe",
  access: "groupAccess",
  addresses: "groupAddresses",
  cluster: "groupCluster",
  fault: "faults",
  limits: "groupLimits",
  output: "groupOutput",
  upstream: "upstream",
};
/** Layers are chosen by themselves. */
const ELSEWHERE = ["layers"];
/** Options are asked for so long after the last letter of an upstream. */
const SETTLED_MS = 150;

export function StartForm({ store: { api, refresh } }) {
  const [catalogue, setCatalogue] = useState();
  const [problem, setProblem] = useState();
  useEffect(() => {
    attempt(setProblem, async () => setCatalogue(await api.call("GET", "/api/catalogue")));
  }, []);
  return html`
    <details class="card start">
      <summary>${t("startServer")}</summary>
      ${catalogue && html`<${Form} catalogue=${catalogue} api=${api} refresh=${refresh} />`}
      <${Problem} text=${problem} />
    </details>
  `;
}

function Form({ catalogue, api, refresh }) {
  const [protocol, setProtocol] = useState("echo");
  const [way, setWay] = useState("tcp");
  const [chosenLayers, chooseLayers] = useState([]);
  const [port, setPort] = useState("0");
  const [path, setPath] = useState("");
  const [values, setValues] = useState({});
  const [search, setSearch] = useState("");
  const [problem, setProblem] = useState({});
  const [started, setStarted] = useState("");
  const form = useRef();

  const { transports: ways, summary } = catalogue.protocols.find(({ name }) => name === protocol);
  // The transport, with the layers without which the protocol does not run there.
  const [scheme, ...needed] = (ways.includes(way) ? way : ways[0]).split("+");
  const { layers: fitting } = catalogue.transports.find(({ name }) => name === scheme);
  const offered = catalogue.layers.map(({ name }) => name)
    .filter((name) => fitting.includes(name) && name !== "fault");
  const layers = offered.filter((name) => needed.includes(name) || chosenLayers.includes(name));
  const isPath = scheme.startsWith("unix");
  const urlAt = (place) =>
    `${[scheme, ...layers].join("+")}://${isPath ? "" : "127.0.0.1:"}${place}`;
  const { options, folders, fault } = useOptions(api, {
    protocol,
    url: urlAt(isPath ? "socket" : "0"),
    ...values.to && { to: values.to },
  });
  const shown = options.filter(({ name }) => !ELSEWHERE.includes(name));
  const blamed = shown.some(({ name }) => name === problem.option) ? problem.option : undefined;

  useEffect(() => {
    if (blamed === undefined) return;
    form.current.querySelector(`#option-${blamed}`)?.focus();
  }, [problem]);

  const start = async (event) => {
    event.preventDefault();
    setProblem({});
    setStarted("");
    try {
      const { servers } = await api.call("POST", "/api/servers", {
        protocol,
        urls: [urlAt(isPath ? path.split("/").map(encodeURIComponent).join("/") : port)],
        options: givenOf(shown, values),
      });
      setStarted(t("started", visible(servers.map(({ url }) => url).join(" "))));
      await refresh();
    } catch (error) {
      setProblem({ text: error.message, option: error.option });
    }
  };
  const place = isPath
    ? html`
      <label
        key="path">${t("path")}<input name="path" required value=${path} onInput=${(event) =>
          setPath(event.target.value)} /><${Folders} folders=${folders} /></label>
    `
    : html`<label key="port">${
      t("port")
    }<input name="port" required inputmode="numeric" pattern="[0-9]*"
        value=${port} onInput=${(event) => setPort(event.target.value)} /><small>${
      t("portHelp")
    }</small></label>`;
  return html`
    <form onSubmit=${start} ref=${form} autocomplete="off">
      <label>${t("protocol")}<select name="protocol" value=${protocol} onChange=${(event) =>
        setProtocol(event.target.value)}>
          ${catalogue.protocols.map(({ name }) => html`<option key=${name}>${name}</option>`)}
        </select><small lang="en">${summary}</small></label>
      <label>${t("transport")}<select name="transport" value=${[scheme, ...needed].join("+")}
          onChange=${(event) => setWay(event.target.value)}>
          ${ways.map((name) => html`<option key=${name}>${name}</option>`)}
        </select></label>
      ${place}
      ${offered.length > 0 && html`
        <fieldset class="wide plain">
          <legend>${t("layers")}</legend>
          <p class="choices">${offered.map((name) =>
            html`<label key=${name}><input type="checkbox" name=${`layer-${name}`}
              checked=${layers.includes(name)} disabled=${needed.includes(name)}
              onChange=${({ target }) =>
              chooseLayers(
                target.checked
                  ? [...chosenLayers, name]
                  : chosenLayers.filter((one) => one !== name),
              )} /> ${name}</label>`
          )}</p>
        </fieldset>
      `}
      <div class="wide"><${Options} options=${shown} folders=${folders} values=${values}
        setValues=${setValues} search=${search} setSearch=${setSearch} blamed=${blamed}
        why=${problem.text} /></div>
      <div class="wide">
        <p><button class="main">${t("start")}</button></p>
        <p role="status">${started}</p>
        <${Problem} text=${fault ?? (blamed === undefined ? problem.text : undefined)} />
      </div>
    </form>
  `;
}

/** The options that have an effect there; those of before until the control has answered. */
function useOptions(api, query) {
  const [offered, setOffered] = useState({ options: [], folders: [] });
  const [fault, setFault] = useState();
  const text = new URLSearchParams(query).toString();
  useEffect(() => {
    let isOver = false;
    const timer = setTimeout(() =>
      attempt((problem) => isOver || setFault(problem), async () => {
        const answer = await api.call("GET", `/api/catalogue/options?${text}`);
        if (!isOver) setOffered(answer);
      }), SETTLED_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [text]);
  return { ...offered, fault };
}

/** Those that have to be given, and the others in groups that unfold. */
function Options({ options, folders, values, setValues, search, setSearch, blamed, why }) {
  const wanted = search.trim().toLowerCase();
  const found = options.filter(({ name, summary, required }) =>
    required || `${name} ${summary}`.toLowerCase().includes(wanted)
  );
  const groups = Map.groupBy(found, ({ required, group }) => required ? "required" : group);
  const field = (option) =>
    html`
      <${OptionField} key=${option.name} option=${option} value=${values[option.name]}
        problem=${option.name === blamed ? why : undefined} hint=${option.file &&
          html`<${Folders} folders=${folders} text=${option.text} />`}
        onChange=${(value) => setValues({ ...values, [option.name]: value })} />
    `;
  const required = groups.get("required") ?? [];
  groups.delete("required");
  const isSet = ({ name }) => values[name] !== undefined && values[name] !== "";
  return html`
    ${required.length > 0 && html`<div class="fields">${required.map(field)}</div>`}
    <label class="search">${t("searchOptions", count(options.length))}<input type="search"
      name="search-options" value=${search} onInput=${(event) =>
        setSearch(event.target.value)} /></label>
    ${found.length === 0 && html`<p class="empty">${t("noOptionFits")}</p>`}
    ${[...groups].map(([group, members]) => {
      const given = members.filter(isSet).length;
      return html`
        <details key=${group} class="group" data-group=${group} open=${wanted !== "" ||
          members.some(({ name }) => name === blamed)}>
          <summary>${GROUPS[group] ? t(GROUPS[group]) : group}
            <small>${given > 0
              ? t("optionsGiven", count(members.length), count(given))
              : t("optionsCount", count(members.length))}</small></summary>
          <div class="fields">${members.map(field)}</div>
        </details>
      `;
    })}
  `;
}

/** Where files may be that servers use which are started here. */
function Folders({ folders, text }) {
  const where = folders.length === 0
    ? t("noFolders")
    : t("insideFolders", visible(folders.join(", ")));
  return html`<small>${text ? `${t("textWillDo")} ` : ""}${where}</small>`;
}

/** What was filled in, as the control takes it. What says no more than the default is left out. */
function givenOf(options, values) {
  return Object.fromEntries(options.flatMap(({ name, kind, many, text, default: usual }) => {
    const value = values[name];
    if (value === undefined || value === "") return [];
    if (kind === "flag") return String(value) === usual ? [] : [[name, value]];
    // The text of a file has lines, and its path has none.
    if (!many || text && value.includes("\n")) return [[name, value]];
    const lines = value.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    return lines.length === 0 ? [] : [[name, lines]];
  }));
}
