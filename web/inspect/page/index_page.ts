// The page at /, which explains every endpoint, with a form to try it and the command lines that do
// the same. It loads nothing, and its policy allows only its own style and script, by hash.

import { escapeHtml, pagePolicy } from "../../page/html.ts";
import { pageStyle } from "../../page/look.ts";
import { differences } from "./differences.ts";
import { groups, type InspectEndpoint, type Parameter } from "../endpoint.ts";
import { endpoints } from "../endpoints/index.ts";
import script from "./script.js" with { type: "text" };
import ownStyle from "./style.css" with { type: "text" };

interface IndexPage {
  readonly html: string;
  readonly policy: string;
}

let made: Promise<IndexPage> | undefined;

/** The page, made when it is first asked for. */
export function indexPage(): Promise<IndexPage> {
  return made ??= makePage();
}

async function makePage(): Promise<IndexPage> {
  const style = pageStyle(ownStyle);
  const policy = await pagePolicy(style, script, "img-src blob:", "form-action 'none'");
  const shown = groups.map((group) => ({
    group,
    own: endpoints.filter((endpoint) => endpoint.group === group),
  }));
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sockdock inspect</title>
<style>${style}</style>
</head>
<body>
<div class="page">
<header>
<h1>What did my client send?</h1>
<p>Send a request to <a href="#/anything"><code>/anything</code></a> and read it back as JSON, or
have an answer made to order: a status, a delay, a redirect, a stream. Paths, fields and limits are
those of httpbin; <a href="#differences">what differs</a> is at the end.</p>
<noscript><p>Trying them out needs JavaScript; every other client will do as well.</p></noscript>
</header>
<nav aria-label="Groups">
<input id="search" type="search" placeholder="Find" aria-label="Find an endpoint" hidden>
<ul>
${
    shown.map(({ group }) => `<li><a href="#${slug(group)}">${escapeHtml(group)}</a></li>`).join(
      "\n",
    )
  }
<li><a href="#differences">What differs</a></li>
</ul>
</nav>
<main>
${shown.map(({ group, own }) => sectionOf(group, own)).join("\n")}
<section id="differences">
<h2>What differs from httpbin 0.7.0</h2>
<div class="differences"><table>
<thead><tr><th>Where</th><th>httpbin</th><th>Here</th></tr></thead>
<tbody>
${
    differences.map(({ where, httpbin, here }) =>
      `<tr><th>${escapeHtml(where)}</th><td data-label="httpbin">${escapeHtml(httpbin)}</td>` +
      `<td data-label="here">${escapeHtml(here)}</td></tr>`
    ).join("\n")
  }
</tbody>
</table></div>
</section>
</main>
</div>
<script>${script}</script>
</body>
</html>
`;
  return { html, policy };
}

function sectionOf(group: string, own: readonly InspectEndpoint[]): string {
  return `<section id="${slug(group)}" data-group>
<h2>${escapeHtml(group)}</h2>
${own.map(endpointOf).join("\n")}
</section>`;
}

function endpointOf(endpoint: InspectEndpoint): string {
  const { path, summary, group } = endpoint;
  const methods = triable(endpoint);
  const method = endpoint.tryMethod ?? methods[0]!;
  const parameters = path === "/ws" ? [MESSAGE] : endpoint.parameters ?? [];
  const blanks = escapeHtml(path).replace(/[:*]\w+/g, "<i>$&</i>");
  const label = endpoint.methods === "any" ? "any" : methods[0]!;
  return `<details class="endpoint" id="${escapeHtml(path)}">
<summary><span class="method">${label}</span><code>${blanks}</code>` +
    `<span class="what">${escapeHtml(summary)}</span></summary>
<form class="inside" data-path="${escapeHtml(path)}" data-method="${method}"` +
    ` data-group="${escapeHtml(group)}" autocomplete="off">
<div class="fields">
${methods.length > 1 ? methodField(methods, method) : ""}${parameters.map(fieldOf).join("\n")}
</div>
<button class="main">Try</button>
<div class="command fetch"><code></code><button type="button">Copy</button></div>
<div class="command curl"><code></code><button type="button">Copy</button></div>
<div class="answer" aria-live="polite" hidden></div>
</form>
</details>`;
}

/** The form field for the WebSocket, whose endpoint has no parameters. */
const MESSAGE: Parameter = {
  name: "message",
  in: "query",
  example: "ahoy",
  help: "what to say",
};

/** The methods that the form offers. */
function triable({ methods }: InspectEndpoint): readonly string[] {
  return methods === "any" ? ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] : methods;
}

function methodField(methods: readonly string[], chosen: string): string {
  const choices = methods.map((method) =>
    `<option${method === chosen ? " selected" : ""}>${method}</option>`
  );
  return `<label>method<select data-method>${choices.join("")}</select></label>\n`;
}

function fieldOf(parameter: Parameter): string {
  const { name, in: place, example, free, help, whole } = parameter;
  if (place === "body") return bodyFieldOf(parameter);
  // Where the client may send any names, the field holds names with their values.
  const label = !free ? name : place === "query" ? "query" : "header field";
  const value = !free ? example : place === "query" ? `${name}=${example}` : `${name}: ${example}`;
  return `<label>${escapeHtml(label)}<input name="${escapeHtml(label)}" data-in="${place}"` +
    ` value="${escapeHtml(value)}" spellcheck="false"${free ? " data-free" : ""}` +
    `${place === "path" ? " required" : ""}` +
    `${whole ? ' inputmode="numeric" pattern="[0-9]+"' : ""}>` +
    `<small>${free ? "" : PLACES[place]}${escapeHtml(help)}</small></label>`;
}

function bodyFieldOf({ name, example, help }: Parameter): string {
  const types = new Set([name, "application/x-www-form-urlencoded", "text/plain"]);
  const choices = [...types].map((type) => `<option>${escapeHtml(type)}</option>`);
  return `<label>content type<select data-type>${choices.join("")}</select></label>` +
    `<label class="wide">body<textarea name="body" data-in="body" spellcheck="false">` +
    `${escapeHtml(example)}</textarea><small>${escapeHtml(help)}</small></label>`;
}

/** Says where a value goes, unless the path shows it. */
const PLACES = { path: "", query: "query: ", header: "header field: " } as const;

function slug(group: string): string {
  return group.toLowerCase().replaceAll(" ", "-");
}
