// The application `files`, which serves a folder over HTTP.

import type { HttpApp } from "../core/http/app.ts";
import type { TableOf } from "../core/options/option.ts";
import { options } from "./files/options.ts";
import type { FilesAppOptions } from "./option_types.ts";

/** Serves a folder: files with ranges, validators and compression, listings, archives, uploads.
 * Nothing outside of the folder is served, whatever the path or the links in it. */
export const files: HttpApp<TableOf<FilesAppOptions>> = {
  name: "files",
  summary: "Serves a folder: files, listings, archives and uploads",
  options,
  needs: { overwrite: "upload", maxUploadBytes: "upload", authUpload: "upload" },
  operand: "root",
  // Loaded here, so that other applications start without it.
  open: async (given, context) => (await import("./files/open.ts")).openFiles(given, context),
};
