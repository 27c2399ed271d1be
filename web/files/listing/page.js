// The script of a folder's page: sorting, filter, keys and uploads with progress. Links and form work
// without it. It is one file, because it is inlined in the page and allowed by its hash.

const table = document.querySelector("table");
const body = table.tBodies[table.tBodies.length - 1];
const filter = document.querySelector("#filter");
const count = document.querySelector("#count");
const form = document.querySelector("form");
const parent = document.querySelector("a.up");

const REMEMBERED = "sockdock listing order";
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
let allText = count.textContent;

const linkOf = (row) => row.cells[0].firstElementChild;
const isFolder = (row) => linkOf(row).classList.contains("folder");
const bytesOf = (row) => Number(row.dataset.b);
const changedOf = (row) => Number(row.dataset.m);
const nameOf = (row) => linkOf(row).textContent;

// --- Times in the browser's time zone.

function localTimes() {
  const two = (number) => String(number).padStart(2, "0");
  for (const time of document.querySelectorAll("time")) {
    const date = new Date(time.dateTime);
    const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
    time.firstChild.data = day;
    time.lastChild.textContent = ` ${two(date.getHours())}:${two(date.getMinutes())}`;
    time.title = date.toLocaleString();
  }
  for (const zone of document.querySelectorAll(".zone")) zone.hidden = true;
}

// --- The order.

const heads = [...table.tHead.rows[0].cells];

function sort(column, descending) {
  const sign = descending ? -1 : 1;
  const byName = (a, b) => collator.compare(nameOf(a), nameOf(b));
  const compare = {
    name: (a, b) => sign * byName(a, b),
    size: (a, b) => (isFolder(a) ? 0 : sign * (bytesOf(a) - bytesOf(b))) || byName(a, b),
    modified: (a, b) => sign * (changedOf(a) - changedOf(b)) || byName(a, b),
  }[column];
  const rows = [...body.rows];
  rows.sort((a, b) => isFolder(b) - isFolder(a) || compare(a, b));
  body.append(...rows);
  for (const head of heads) {
    const own = head.dataset.column;
    const link = head.firstElementChild;
    const turned = own === column ? !descending : own !== "name";
    if (own === column) head.ariaSort = descending ? "descending" : "ascending";
    else head.ariaSort = null;
    link.search = `?sort=${own}&order=${turned ? "desc" : "asc"}`;
  }
}

function remember(column, descending) {
  try {
    localStorage.setItem(REMEMBERED, `${column} ${descending ? "desc" : "asc"}`);
  } catch {
    // The browser may be set to store nothing.
  }
}

function remembered() {
  try {
    const [, column, order] = /^(name|size|modified) (asc|desc)$/.exec(
      localStorage.getItem(REMEMBERED) ?? "",
    ) ?? [];
    return column && { column, descending: order === "desc" };
  } catch {
    return undefined;
  }
}

table.tHead.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { href } = link;
  const query = new URLSearchParams(link.search);
  const column = query.get("sort");
  const descending = query.get("order") === "desc";
  sort(column, descending);
  remember(column, descending);
  history.replaceState(null, "", href);
});

// --- The filter.

function applyFilter() {
  const wanted = filter.value.normalize().toLowerCase();
  let shown = 0;
  for (const row of body.rows) {
    row.hidden = !nameOf(row).normalize().toLowerCase().includes(wanted);
    if (!row.hidden) shown++;
  }
  count.textContent = wanted === "" ? allText : `${shown} of ${body.rows.length} shown`;
}

filter.hidden = false;
filter.addEventListener("input", applyFilter);

// --- The keyboard.

function visibleLinks() {
  return [...table.querySelectorAll("tbody tr:not([hidden]) th a")];
}

function move(step) {
  const links = visibleLinks();
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
  links[Math.min(Math.max(next, 0), links.length - 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const { key, target } = event;
  if (target === filter) {
    if (key === "Escape") {
      filter.value = "";
      applyFilter();
      filter.blur();
    } else if (key === "ArrowDown") move(1);
    else if (key === "Enter") [...body.rows].find((row) => !row.hidden)?.querySelector("a").click();
    else return;
  } else if (target.matches("input, button, progress")) return;
  else if (key === "j" || key === "ArrowDown") move(1);
  else if (key === "k" || key === "ArrowUp") move(-1);
  else if (key === "/") filter.focus();
  else if (key === "Backspace" && parent) parent.click();
  else return;
  event.preventDefault();
});

// --- Sending files.

function setUpUpload() {
  const input = form.querySelector("input");
  const list = document.querySelector(".transfers");
  const status = document.querySelector("#status");
  const overwrite = "overwrite" in form.dataset;
  const maxBytes = Number(form.dataset.maxBytes ?? Infinity);
  const waiting = [];
  let sending = false;
  let stored = 0;
  let refused = 0;

  input.parentElement.classList.add("button", "main", "choose");
  form.querySelector("button").hidden = true;
  input.required = false;

  function add(file) {
    const item = document.createElement("li");
    const name = item.appendChild(document.createElement("span"));
    name.className = "name";
    name.textContent = file.name;
    const state = item.appendChild(document.createElement("span"));
    state.textContent = "waiting";
    const cancel = item.appendChild(document.createElement("button"));
    cancel.type = "button";
    cancel.textContent = "Cancel";
    cancel.ariaLabel = `Cancel ${file.name}`;
    const bar = item.appendChild(document.createElement("progress"));
    bar.max = 1;
    bar.value = 0;
    bar.ariaLabel = file.name;
    list.append(item);
    const transfer = { file, state, bar, cancel, finished: false };
    cancel.onclick = () => finish(transfer, "cancelled", true);
    waiting.push(transfer);
  }

  function finish(transfer, text, wasRefused) {
    if (transfer.finished) return;
    transfer.finished = true;
    transfer.request?.abort();
    transfer.bar.remove();
    transfer.cancel.remove();
    transfer.state.textContent = text;
    transfer.state.className = wasRefused ? "refused" : "stored";
    if (wasRefused) refused++;
    else stored++;
  }

  function problemOf({ name, size }) {
    if (size > maxBytes) return `Not stored: larger than ${form.dataset.maxText}.`;
    if (overwrite) return null;
    const taken = [...body.rows].some((row) => nameOf(row) === name);
    return taken ? "Not stored: there is one of this name already." : null;
  }

  /** Lets the browser ask for the password before a file is sent, which the answer would cut off. */
  async function mayUpload() {
    if (!("password" in form.dataset)) return true;
    try {
      const { status } = await fetch("./", { method: "POST" });
      return status !== 401 && status !== 429;
    } catch {
      // The connection is the matter, which sending a file reports.
      return true;
    }
  }

  function send(transfer) {
    const { file, state, bar } = transfer;
    const problem = problemOf(file);
    if (problem !== null) {
      finish(transfer, problem, true);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const request = transfer.request = new XMLHttpRequest();
      request.open("PUT", `./${encodeURIComponent(file.name)}`);
      request.setRequestHeader("Accept", "application/json");
      request.upload.onprogress = ({ loaded, total }) => {
        bar.value = total === 0 ? 1 : loaded / total;
        state.textContent = `${Math.floor(bar.value * 100)} %`;
      };
      request.onload = () => {
        if (request.status < 300) finish(transfer, "stored", false);
        else finish(transfer, `Not stored: ${reasonOf(request)}`, true);
      };
      request.onerror = () => finish(transfer, "Not stored: the connection broke off.", true);
      request.onloadend = resolve;
      request.send(file);
    });
  }

  function reasonOf({ status, responseText }) {
    try {
      return JSON.parse(responseText).error;
    } catch {
      return responseText.length > 0 && responseText.length < 200
        ? responseText
        : `status ${status}`;
    }
  }

  async function sendAll(files) {
    if (!sending) {
      // The results of the uploads before are no longer needed.
      list.replaceChildren();
      stored = refused = 0;
    }
    for (const file of files) add(file);
    list.hidden = false;
    if (sending) return;
    sending = true;
    status.textContent = "Sending";
    const admitted = await mayUpload();
    while (waiting.length > 0) {
      const transfer = waiting.shift();
      if (!admitted) finish(transfer, "Not stored: this takes a name and a password.", true);
      else if (!transfer.finished) await send(transfer);
    }
    sending = false;
    if (stored > 0) await refresh();
    status.textContent = [
      stored > 0 && `${stored} stored`,
      refused > 0 && `${refused} not stored`,
    ].filter(Boolean).join(", ");
  }

  /** Replaces the rows with those of the folder as it is now, and leaves the rest of the page. */
  async function refresh() {
    const response = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const rows = [...fresh.querySelectorAll("tbody:last-of-type > tr")];
    body.replaceChildren(...rows);
    document.querySelector("#empty").hidden = rows.length > 0;
    table.hidden = false;
    allText = fresh.querySelector("#count").textContent;
    localTimes();
    const head = heads.find((head) => head.ariaSort);
    if (head) sort(head.dataset.column, head.ariaSort === "descending");
    applyFilter();
  }

  input.addEventListener("change", () => {
    const files = [...input.files];
    // Without this, choosing the same file again would not be a change.
    input.value = "";
    sendAll(files);
  });

  const root = document.documentElement;
  let depth = 0;
  const bringsFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => {
    if (bringsFiles(event)) root.classList.toggle("drop", ++depth > 0);
  });
  document.addEventListener("dragleave", (event) => {
    if (bringsFiles(event)) root.classList.toggle("drop", --depth > 0);
  });
  document.addEventListener("dragover", (event) => {
    if (bringsFiles(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!bringsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    root.classList.remove("drop");
    const items = [...event.dataTransfer.items].filter((item) => item.kind === "file");
    const files = items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory);
    if (files.length < items.length) status.textContent = "Folders cannot be sent, only files.";
    if (files.length > 0) sendAll(files.map((item) => item.getAsFile()));
  });
  addEventListener("beforeunload", (event) => {
    if (sending) event.preventDefault();
  });
}

localTimes();
const order = remembered();
if (order && !new URLSearchParams(location.search).has("sort")) {
  sort(order.column, order.descending);
}
if (form) setUpUpload();
