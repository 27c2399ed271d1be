// The options of the application `files`.

import { changeOptions } from "../../core/http/options.ts";
import { hiddenOption, overwriteOption } from "../../core/files/options.ts";
import { flag, type OptionValues, size, text } from "../../core/options/option.ts";
import { responseHeaderOptions } from "../response/options.ts";

export const options = {
  root: text({ guard: true, default: ".", metavar: "folder", help: "the folder to serve" }),
  hidden: hiddenOption,
  index: text.many({
    default: ["index.html"],
    metavar: "name",
    help: "file that stands for its folder, if it is there",
  }),
  listing: flag({ default: true, help: "show what is in a folder without an index file" }),
  archive: flag({ default: true, help: "let folders be downloaded whole: ?zip and ?tar" }),
  spa: flag({
    help: "answer a page that is not there with the root's index file, as single-page apps need",
  }),
  cors: flag({ help: "let pages of any origin read what is served" }),
  corsOrigin: text.many({
    metavar: "origin",
    help: "let pages of this origin read what is served",
  }),
  ...responseHeaderOptions,
  cacheControl: text({ metavar: "value", help: "Cache-Control of files, such as max-age=60" }),
  precompressed: flag({
    default: true,
    help: "send FILE.br or FILE.gz, unless older than FILE, to clients that take them",
  }),
  compress: flag({ default: true, help: "compress text on its way, up to 1 MiB" }),
  fileCacheBytes: size({
    default: 32 * 1024 * 1024,
    help: "memory for small and compressed files; changes show within a second all the same",
  }),
  upload: flag({ help: "let files be sent here, by the listing's form or PUT" }),
  ...changeOptions,
  overwrite: overwriteOption,
  maxUploadBytes: size({
    default: 1024 * 1024 * 1024,
    min: 1,
    help: "largest file that can be uploaded; --max-body limits the whole request",
  }),
} as const;

export type FilesOptions = OptionValues<typeof options>;
