// The console's page and what it loads, as they are sent. Everything is embedded in the program.

import htm from "htm" with { type: "text" };
import preact from "preact" with { type: "text" };
import hooks from "preact/hooks" with { type: "text" };
import { pageStyle } from "../page/look.ts";
import page from "./page.html" with { type: "text" };
import api from "./page/api.js" with { type: "text" };
import faultText from "./page/fault_text.js" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import html from "./page/html.js" with { type: "text" };
import main from "./page/main.js" with { type: "text" };
import message from "./page/message.js" with { type: "text" };
import faults from "./page/panels/faults.js" with { type: "text" };
import overview from "./page/panels/overview.js" with { type: "text" };
import servers from "./page/panels/servers.js" with { type: "text" };
import sessions from "./page/panels/sessions.js" with { type: "text" };
import traffic from "./page/panels/traffic.js" with { type: "text" };
import parts from "./page/parts.js" with { type: "text" };
import store from "./page/store.js" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import tap from "./page/tap.js" with { type: "text" };
import token from "./page/token.js" with { type: "text" };
import words from "./page/words.js" with { type: "text" };

interface ConsoleFile {
  readonly type: string;
  readonly text: string;
}

/** Packages, by the names under which modules import them. */
const packages: Readonly<Record<string, string>> = {
  "htm": htm,
  "preact": preact,
  "preact/hooks": hooks,
};

const modules: Readonly<Record<string, string>> = {
  "api.js": api,
  "fault_text.js": faultText,
  "format.js": format,
  "html.js": html,
  "main.js": main,
  "message.js": message,
  "panels/faults.js": faults,
  "panels/overview.js": overview,
  "panels/servers.js": servers,
  "panels/sessions.js": sessions,
  "panels/traffic.js": traffic,
  "parts.js": parts,
  "store.js": store,
  "tap.js": tap,
  "token.js": token,
  "words.js": words,
};

/** All files, by the paths where they are served. */
export function consoleFiles(): ReadonlyMap<string, ConsoleFile> {
  const script = (text: string) => ({ type: "text/javascript; charset=utf-8", text: linked(text) });
  return new Map([
    ["/", { type: "text/html; charset=utf-8", text: page }],
    ["/console/style.css", { type: "text/css; charset=utf-8", text: pageStyle(style) }],
    ...Object.entries(modules).map(([path, text]) => [`/console/${path}`, script(text)] as const),
    ...Object.entries(packages).map(([name, text]) => [pathOf(name), script(text)] as const),
  ]);
}

/** Browsers know no package by its name, and an import map would have to stand in the page itself. */
function linked(code: string): string {
  return code
    .replace(
      /\bfrom ?"([\w/]+)"/g,
      (all, name) => name in packages ? `from "${pathOf(name)}"` : all,
    )
    .replace(/^\/\/# sourceMappingURL=.*$/m, "");
}

function pathOf(name: string): string {
  return `/console/packages/${name}.js`;
}
