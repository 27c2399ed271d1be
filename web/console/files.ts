// The console's page and what it loads, as they are sent. Everything is embedded in the program.

import htm from "htm" with { type: "text" };
import preact from "preact" with { type: "text" };
import hooks from "preact/hooks" with { type: "text" };
import uplot from "uplot" with { type: "text" };
import uplotStyle from "uplot/style" with { type: "text" };
import { pageStyle } from "../page/look.ts";
import page from "./page.html" with { type: "text" };
import chart from "./page/chart.js" with { type: "text" };
import api from "./page/api.js" with { type: "text" };
import changes from "./page/changes.js" with { type: "text" };
import chatModel from "./page/chat.js" with { type: "text" };
import chatCommands from "./page/chat_commands.js" with { type: "text" };
import chatRoom from "./page/chat_room.js" with { type: "text" };
import clientOptions from "./page/client_options.js" with { type: "text" };
import conversation from "./page/conversation.js" with { type: "text" };
import dials from "./page/dials.js" with { type: "text" };
import faultText from "./page/fault_text.js" with { type: "text" };
import format from "./page/format.js" with { type: "text" };
import history from "./page/history.js" with { type: "text" };
import html from "./page/html.js" with { type: "text" };
import httpBody from "./page/http_body.js" with { type: "text" };
import httpPart from "./page/http_part.js" with { type: "text" };
import main from "./page/main.js" with { type: "text" };
import optionField from "./page/option_field.js" with { type: "text" };
import message from "./page/message.js" with { type: "text" };
import chatPanel from "./page/panels/chat.js" with { type: "text" };
import certificates from "./page/panels/certificates.js" with { type: "text" };
import faults from "./page/panels/faults.js" with { type: "text" };
import http from "./page/panels/http.js" with { type: "text" };
import overview from "./page/panels/overview.js" with { type: "text" };
import plots from "./page/panels/plots.js" with { type: "text" };
import servers from "./page/panels/servers.js" with { type: "text" };
import sessions from "./page/panels/sessions.js" with { type: "text" };
import tryPanel from "./page/panels/try.js" with { type: "text" };
import traffic from "./page/panels/traffic.js" with { type: "text" };
import panelTap from "./page/panel_tap.js" with { type: "text" };
import parts from "./page/parts.js" with { type: "text" };
import requestCommand from "./page/request_command.js" with { type: "text" };
import sendRequest from "./page/send_request.js" with { type: "text" };
import picture from "./page/picture.js" with { type: "text" };
import startForm from "./page/start_form.js" with { type: "text" };
import stop from "./page/stop.js" with { type: "text" };
import rates from "./page/rates.js" with { type: "text" };
import roundTrips from "./page/round_trips.js" with { type: "text" };
import store from "./page/store.js" with { type: "text" };
import style from "./page/style.css" with { type: "text" };
import talks from "./page/talks.js" with { type: "text" };
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
  // Of its forms this one alone is small; it is a script, whose variable a module has to export.
  "uplot": `${uplot}\nexport default uPlot;`,
};

const modules: Readonly<Record<string, string>> = {
  "api.js": api,
  "chart.js": chart,
  "changes.js": changes,
  "chat.js": chatModel,
  "chat_commands.js": chatCommands,
  "chat_room.js": chatRoom,
  "client_options.js": clientOptions,
  "conversation.js": conversation,
  "dials.js": dials,
  "fault_text.js": faultText,
  "format.js": format,
  "history.js": history,
  "html.js": html,
  "http_body.js": httpBody,
  "http_part.js": httpPart,
  "main.js": main,
  "message.js": message,
  "panels/chat.js": chatPanel,
  "option_field.js": optionField,
  "panels/certificates.js": certificates,
  "panels/faults.js": faults,
  "panels/http.js": http,
  "panels/overview.js": overview,
  "panels/plots.js": plots,
  "panels/servers.js": servers,
  "panels/sessions.js": sessions,
  "panels/traffic.js": traffic,
  "panels/try.js": tryPanel,
  "panel_tap.js": panelTap,
  "parts.js": parts,
  "request_command.js": requestCommand,
  "send_request.js": sendRequest,
  "picture.js": picture,
  "start_form.js": startForm,
  "stop.js": stop,
  "rates.js": rates,
  "round_trips.js": roundTrips,
  "store.js": store,
  "talks.js": talks,
  "tap.js": tap,
  "token.js": token,
  "words.js": words,
};

/** All files, by the paths where they are served. */
export function consoleFiles(): ReadonlyMap<string, ConsoleFile> {
  const script = (text: string) => ({ type: "text/javascript; charset=utf-8", text: linked(text) });
  return new Map([
    ["/", { type: "text/html; charset=utf-8", text: page }],
    ["/console/style.css", {
      type: "text/css; charset=utf-8",
      text: pageStyle(uplotStyle + style),
    }],
    ...Object.entries(modules).map(([path, text]) =>
      [`/console/${path}`, script(compact(text))] as const
    ),
    ...Object.entries(packages).map(([name, text]) => [pathOf(name), script(text)] as const),
  ]);
}

/** Code without comments on lines of their own, indentation and empty lines, all of which are for us. */
function compact(code: string): string {
  return code.replace(/^[ \t]*\/\*\*[^]*?\*\/\n|^[ \t]*\/\/.*\n/gm, "")
    .replace(/^[ \t]+|^\n/gm, "").replaceAll(">\n<", "><")
    // A line may end with a comment, which the next one must not become a part of.
    .replace(/^(?!.*\/\/)(.*[{(,;])\n/gm, "$1");
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
