// The console: asks for the token where it has none, and shows one panel at a time.

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { createApi } from "./api.js";
import { useModel } from "./changes.js";
import { createChat } from "./chat.js";
import { createDials } from "./dials.js";
import { html } from "./html.js";
import { Certificates } from "./panels/certificates.js";
import { Chat } from "./panels/chat.js";
import { Faults } from "./panels/faults.js";
import { Http } from "./panels/http.js";
import { Overview } from "./panels/overview.js";
import { Plots } from "./panels/plots.js";
import { Servers } from "./panels/servers.js";
import { Sessions } from "./panels/sessions.js";
import { Traffic } from "./panels/traffic.js";
import { Try } from "./panels/try.js";
import { createStore, useStore } from "./store.js";
import { createTalks } from "./talks.js";
import { forget, keep, takeToken } from "./token.js";
import { language, t } from "./words.js";

const PANELS = {
  overview: Overview,
  servers: Servers,
  sessions: Sessions,
  traffic: Traffic,
  http: Http,
  faults: Faults,
  plots: Plots,
  try: Try,
  chat: Chat,
  certificates: Certificates,
};

function App({ store }) {
  const { phase, servers } = useStore(store);
  const [name, session] = usePlace();
  const { unread, mentions } = useModel(store.chat);
  const heading = useRef();
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${mentions > 0 ? `(${mentions}) ` : ""}${t(name)} · sockdock`;
  }, [name, mentions]);
  useEffect(() => {
    // Those who cannot see the panel change hear of it; at the beginning nothing has changed.
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [name]);
  if (phase === "refused") return html`<${AskToken} wrong />`;
  const Panel = PANELS[name];
  return html`
    <header>
      <a class="brand" href="#overview">sockdock</a>
      <nav aria-label=${t("panels")}>
        <ul>${Object.keys(PANELS).map((one) =>
          html`<li key=${one}><a href=${`#${one}`} aria-current=${
            one === name ? "page" : undefined
          }>${t(one)}${
            one === "chat" && unread > 0 && html`<span class="unread">${unread}</span>`
          }</a></li>`
        )}</ul>
      </nav>
      <p class=${`state ${phase}`} role="status">${phase === "ok"
        ? t("connected")
        : phase === "lost"
        ? t("lost")
        : t("connecting")}</p>
    </header>
    <main>
        <h1 tabindex="-1" ref=${heading}>${t(name)}</h1>
        ${(servers.length > 0 || phase === "ok") &&
          html`
            <${Panel} key=${`${name} ${session}`} store=${store} chosen=${session}
              showTraffic=${(id) => location.hash = `#traffic/${id}`} />
          `}
      </main>
  `;
}

/** The panel that the fragment names, and the session or server in it. */
function usePlace() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const change = () => {
      // A new URL of the program, pasted into this tab.
      if (location.hash.startsWith("#token=")) location.reload();
      else setHash(location.hash);
    };
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  const [, name, session] = /^#(\w+)(?:\/(\d+))?$/.exec(hash) ?? [];
  return Object.hasOwn(PANELS, name ?? "") ? [name, session] : ["overview", undefined];
}

function AskToken({ wrong }) {
  const submit = (event) => {
    event.preventDefault();
    // The whole URL will do as well.
    keep(event.target.elements.token.value.trim().replace(/^.*#token=/, ""));
    location.reload();
  };
  return html`<main class="ask"><h1>${t("needsToken")}</h1>
    ${wrong && html`<p class="notice" role="alert">${t("tokenWrong")}</p>`}
    <p>${t("tokenHow")}</p>
    <form class="tools" onSubmit=${submit}>
      <label>${t("token")}<input name="token" type="password" required autocomplete="off" /></label>
      <button class="main">${t("open")}</button>
    </form></main>`;
}

document.documentElement.lang = language;
const token = takeToken();
const root = document.querySelector("#console");
if (token === undefined) {
  document.title = `${t("console")} · sockdock`;
  render(html`<${AskToken} />`, root);
} else {
  const store = createStore(createApi(token));
  store.dials = createDials(store.api);
  store.talks = createTalks(store.dials);
  store.chat = createChat(store);
  // A token that is refused would be refused after each reload.
  store.subscribe(({ phase }) => phase === "refused" && forget());
  render(html`<${App} store=${store} />`, root);
  store.start();
}
