// Tries the endpoints of the index page, and writes each request as a command line.

const MAX_SHOWN = 20_000;

/** The request that a form describes. */
function requestOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = [];
  let body;
  for (const field of form.querySelectorAll("[data-in]")) {
    const { name, value } = field;
    if ("free" in field.dataset) {
      if (field.dataset.in === "header") headers.push(...fieldOf(value));
      else for (const [key, text] of new URLSearchParams(value)) query.append(key, text);
      continue;
    }
    switch (field.dataset.in) {
      case "path":
        path = path
          .replace(`:${name}`, () => encodeURIComponent(value))
          .replace(`*${name}`, () => value.split("/").map(encodeURIComponent).join("/"));
        break;
      case "query":
        if (value !== "") query.append(name, value);
        break;
      case "header":
        if (value !== "") headers.push([name, value]);
        break;
      case "body":
        if (value !== "") body = { type: form.querySelector("[data-type]").value, text: value };
        break;
    }
  }
  const method = form.querySelector("[data-method]")?.value ?? form.dataset.method;
  if (method === "GET" || method === "HEAD") body = undefined;
  if (body !== undefined) headers.push(["Content-Type", body.type]);
  const question = query.size > 0 ? `?${query}` : "";
  return { method, url: location.origin + path + question, headers, body: body?.text };
}

/** The header field in a text, if it is one. */
function fieldOf(text) {
  const [, name, value] = /^([!#$%&'*+\-.^_`|~\w]+):\s*(.*)$/.exec(text) ?? [];
  return name === undefined ? [] : [[name, value]];
}

/** A word for a shell. */
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function commandLine(program, { method, url, headers, body }) {
  const usual = body === undefined ? "GET" : "POST";
  const isHead = method === "HEAD" && program[0] === "curl";
  return [
    ...program,
    ...(method === usual ? [] : isHead ? ["--head"] : ["-X", method]),
    ...headers.flatMap(([name, value]) => ["-H", `${name}: ${value}`]),
    ...(body === undefined ? [] : [program[0] === "curl" ? "--data-raw" : "-d", body]),
    url,
  ].map(quoted).join(" ");
}

const socketUrl = () => `${location.origin.replace(/^http/, "ws")}/ws`;

function showCommands(form) {
  const request = requestOf(form);
  const isSocket = form.dataset.path === "/ws";
  form.querySelector(".fetch code").textContent = isSocket
    ? `sockdock connect ${socketUrl()}`
    : commandLine(["sockdock", "fetch", "--include"], request);
  form.querySelector(".curl").hidden = isSocket;
  form.querySelector(".curl code").textContent = commandLine(["curl", "-i"], request);
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Shows an answer as it comes. */
async function attempt(form) {
  form.abort?.abort();
  const abort = form.abort = new AbortController();
  const box = form.querySelector(".answer");
  const status = element("p", "status", "waiting");
  box.hidden = false;
  box.replaceChildren(status);
  if (form.dataset.path === "/ws") return talk(form, box, status, abort.signal);

  const { method, url, headers, body } = requestOf(form);
  const start = performance.now();
  try {
    const response = await fetch(url, {
      method,
      headers,
      body,
      signal: abort.signal,
      cache: "no-store",
      // Otherwise the browser would open its own dialogue at a 401.
      credentials: form.dataset.group === "Authentication" ? "omit" : "same-origin",
    });
    const lead = `${response.status} ${response.statusText}`.trim();
    status.textContent = lead;
    status.classList.add(response.ok ? "good" : "bad");
    const time = element("small", "", "");
    status.append(time);
    if (response.redirected) status.append(element("small", "", `redirected to ${response.url}`));
    box.append(
      element("pre", "head", [...response.headers].map(([n, v]) => `${n}: ${v}`).join("\n")),
    );
    const bytes = await showBody(box, response);
    time.textContent = `${bytes} bytes in ${Math.round(performance.now() - start)} ms`;
  } catch (error) {
    if (abort.signal.aborted) return;
    status.classList.add("bad");
    status.textContent = `no answer: ${error.message}`;
  }
}

async function showBody(box, response) {
  const type = response.headers.get("content-type") ?? "";
  if (type.startsWith("image/")) {
    const blob = await response.blob();
    const image = element("img", "", "");
    image.alt = "The picture that came";
    image.onload = () => URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(blob);
    box.append(image);
    return blob.size;
  }
  const reader = response.body?.getReader();
  if (reader === undefined) return 0;
  const shown = element("pre", "body", "");
  const isText = !type.startsWith("application/octet-stream");
  const decoder = new TextDecoder();
  let bytes = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    bytes += value.length;
    if (!shown.isConnected) box.append(shown);
    if (shown.textContent.length > MAX_SHOWN) continue;
    const isPrintable = isText || value.every((byte) => byte >= 32 && byte < 127);
    shown.append(
      isPrintable
        ? decoder.decode(value, { stream: true })
        : [...value.subarray(0, 1024)].map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
    );
  }
  if (shown.textContent.length > MAX_SHOWN) {
    shown.textContent = `${shown.textContent.slice(0, MAX_SHOWN)}\n(and more)`;
  }
  return bytes;
}

/** Sends one message over a WebSocket and shows what comes back. */
function talk(form, box, status, signal) {
  const message = form.querySelector("[name=message]")?.value ?? "ahoy";
  const socket = new WebSocket(socketUrl());
  const log = element("pre", "body", "");
  signal.addEventListener("abort", () => socket.close());
  socket.onopen = () => {
    status.textContent = "open";
    status.classList.add("good");
    box.append(log);
    log.append(`> ${message}\n`);
    socket.send(message);
  };
  socket.onmessage = ({ data }) => {
    log.append(`< ${data}\n`);
    socket.close(1000);
  };
  socket.onclose = ({ code }) => {
    if (signal.aborted) return;
    status.textContent = `closed with ${code}`;
    status.classList.toggle("good", code === 1000);
    status.classList.toggle("bad", code !== 1000);
  };
}

async function copy(button) {
  const text = button.parentElement.querySelector("code").textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(button.parentElement.querySelector("code"));
    button.textContent = "Selected";
  }
  setTimeout(() => button.textContent = "Copy", 1500);
}

for (const form of document.forms) {
  showCommands(form);
  form.addEventListener("input", () => showCommands(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(form);
  });
}

addEventListener("click", ({ target }) => {
  if (target.matches?.(".command button")) copy(target);
});

const search = document.querySelector("#search");
search.hidden = false;
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const section of document.querySelectorAll("section[data-group]")) {
    let some = false;
    for (const endpoint of section.querySelectorAll("details")) {
      const text = endpoint.querySelector("summary").textContent.toLowerCase();
      endpoint.hidden = !words.every((word) => text.includes(word));
      some ||= !endpoint.hidden;
    }
    section.hidden = !some;
  }
});

/** Opens the endpoint that the address names. */
function openNamed() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) named.open = true;
}
addEventListener("hashchange", openNamed);
openNamed();
