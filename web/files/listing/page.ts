// The HTML page of a folder. It works without JavaScript; the script adds filtering, keys and
// upload progress. The policy allows only the page's own style and script, by hash.

import { escapeHtml, pagePolicy } from "../../page/html.ts";
import { pageStyle } from "../../page/look.ts";
import type { Column, Listing, SortOrder } from "./entries.ts";
import {
  encodeName,
  exactBytes,
  formatBytes,
  formatNumber,
  isoTime,
  nameHtml,
  nameText,
} from "./text.ts";
import script from "./page.js" with { type: "text" };
import ownStyle from "./page.css" with { type: "text" };
import type { FolderEntry, Located } from "../access/located.ts";

const style = pageStyle(ownStyle);

interface FolderPage {
  readonly folder: Located;
  readonly listing: Listing;
  readonly order: SortOrder;
  readonly upload: boolean;
  /** Whether uploading takes a name and a password. */
  readonly asksPassword?: boolean;
  readonly archive: boolean;
  readonly overwrite?: boolean;
  readonly maxUploadBytes?: number;
}

const HEADS: readonly (readonly [column: Column, title: string])[] = [
  ["name", "Name"],
  ["size", "Size"],
  ["modified", 'Modified <span class="zone">(UTC)</span>'],
];

const encoder = new TextEncoder();

/** The page of a folder whose URL ends in a slash. */
export function folderPage(page: FolderPage): Uint8Array<ArrayBuffer> {
  const { folder, listing: { entries, truncated }, order } = page;
  const isRoot = folder.urlPath === "/";
  const parts = [
    beginning(folder.urlPath),
    `<nav aria-label="Path"><h1>${breadcrumbs(folder.urlPath)}</h1></nav>`,
    `<main>\n<div class="tools">`,
    `<input id="filter" type="search" placeholder="Filter" aria-label="Filter by name"`,
    ` autocomplete="off" spellcheck="false" hidden>`,
    page.upload ? uploadForm(page) : "",
    page.archive ? ARCHIVE_LINKS : "",
    `</div>\n<p id="status" role="status"></p><ul class="transfers" hidden></ul>\n`,
    truncated ? notice(entries.length) : "",
    `<table><thead><tr>${HEADS.map((head) => headCell(head, order)).join("")}</tr></thead>\n`,
    isRoot ? "" : PARENT_ROW,
    "<tbody>\n",
    ...entries.map(row),
    `</tbody></table>\n<p id="empty"${entries.length > 0 ? " hidden" : ""}>`,
    `This folder is empty.</p>\n</main>\n`,
    `<footer><p id="count" aria-live="polite">${summary(entries, truncated)}</p>`,
    KEYS,
    "</footer>\n",
    `<script>${script}</script>\n</body></html>\n`,
  ];
  return encoder.encode(parts.join(""));
}

interface Message {
  readonly title: string;
  readonly message: string;
  /** The path of the folder that its link leads to, percent-encoded. */
  readonly back: string;
}

/** A page of one sentence. */
export async function messagePage(
  status: number,
  { title, message, back }: Message,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const html = `${beginning(title)}<main><h1>${escapeHtml(title)}</h1>` +
    `<p class="notice">${nameHtml(message)}</p>` +
    `<p><a class="button" href="${
      escapeHtml(back)
    }">Back to the folder</a></p></main></body></html>\n`;
  return new Response(html, { status, headers: { ...await pageHeaders(), ...headers } });
}

let headers: Readonly<Record<string, string>> | undefined;

export async function pageHeaders(): Promise<Readonly<Record<string, string>>> {
  return headers ??= {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": await pagePolicy(style, script, "form-action 'self'"),
    "cache-control": "no-cache",
    // With no-referrer a form's Origin would be null, and the server would refuse it.
    "referrer-policy": "same-origin",
    "vary": "accept, accept-encoding",
    "x-content-type-options": "nosniff",
  };
}

function beginning(title: string): string {
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<meta name="color-scheme" content="light dark">` +
    `<title>${escapeHtml(nameText(title))}</title>\n` +
    `<style>${style}</style></head>\n<body data-drop="Drop files to store them here">\n`;
}

/** Links to the folders above, relative so that they work behind a proxy that adds to the path. */
function breadcrumbs(urlPath: string): string {
  const names = ["Files", ...urlPath.split("/").slice(1, -1)];
  return names.map((name, index) => {
    const up = names.length - 1 - index;
    const shown = `<bdi>${nameHtml(name)}</bdi>`;
    return up === 0
      ? `<span aria-current="page">${shown}</span>`
      : `<a href="${"../".repeat(up)}">${shown}</a>`;
  }).join("");
}

function headCell([column, title]: typeof HEADS[number], order: SortOrder): string {
  const own = order.column === column;
  const sorted = own ? ` aria-sort="${order.descending ? "descending" : "ascending"}"` : "";
  const descending = own ? !order.descending : column !== "name";
  const link = `?sort=${column}&amp;order=${descending ? "desc" : "asc"}`;
  return `<th scope="col" data-column="${column}"${column === "size" ? ' class="number"' : ""}` +
    `${sorted}><a href="${link}">${title}</a></th>`;
}

function row({ kind, name, bytes, modifiedMs }: FolderEntry): string {
  const isFolder = kind === "folder";
  const time = isoTime(modifiedMs);
  const href = `./${encodeName(name)}${isFolder ? "/" : ""}`;
  const size = isFolder
    ? `<td class="number"></td>`
    : `<td class="number" title="${exactBytes(bytes)}">${formatBytes(bytes)}</td>`;
  return `<tr data-b="${bytes}" data-m="${modifiedMs}"><th scope="row">` +
    `<a${isFolder ? ' class="folder"' : ""} href="${href}"><bdi>${nameHtml(name)}</bdi></a></th>` +
    `${size}<td><time datetime="${time}">${time.slice(0, 10)}<i> ${time.slice(11, 16)}</i></time>` +
    `</td></tr>\n`;
}

const PARENT_ROW =
  `<tbody><tr><th scope="row"><a class="up" href="../" rel="up">Parent folder</a>` +
  `</th><td></td><td></td></tr></tbody>\n`;

const ARCHIVE_LINKS = `<a class="button" href="?zip" download>Download zip</a>` +
  `<a class="button" href="?tar" download>tar</a>`;

const KEYS = `<p class="keys"><kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> opens, ` +
  `<kbd>Backspace</kbd> goes up, <kbd>/</kbd> filters</p>`;

function uploadForm({ overwrite, asksPassword, maxUploadBytes = Infinity }: FolderPage): string {
  const limit = Number.isFinite(maxUploadBytes)
    ? ` data-max-bytes="${maxUploadBytes}" data-max-text="${formatBytes(maxUploadBytes)}"`
    : "";
  return `<form method="post" enctype="multipart/form-data" action="./"${limit}` +
    `${overwrite === true ? " data-overwrite" : ""}${asksPassword ? " data-password" : ""}>` +
    `<label>Upload files${
      asksPassword ? " (asks for a password)" : ""
    } <input type="file" name="file" multiple required></label>` +
    `<button class="main">Upload</button></form>`;
}

function notice(shown: number): string {
  return `<p class="notice">There is more in this folder than can be shown: these are ` +
    `${formatNumber(shown)} of its entries, those that the disk names first.</p>\n`;
}

function summary(entries: readonly FolderEntry[], truncated: boolean): string {
  let folders = 0;
  let bytes = 0;
  for (const entry of entries) {
    if (entry.kind === "folder") folders++;
    else bytes += entry.bytes;
  }
  const files = entries.length - folders;
  const counted = (count: number, one: string) =>
    `${formatNumber(count)} ${one}${count === 1 ? "" : "s"}`;
  return `${truncated ? "More than " : ""}${counted(folders, "folder")}, ` +
    `${counted(files, "file")}, ${formatBytes(bytes)}`;
}
