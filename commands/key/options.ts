// Options of `key`.

import { duration, flag, type OptionValues, text } from "../../core/options/option.ts";

export const keyMakingOptions = {
  out: text({ metavar: "file", help: "write the key to this file; - is stdout" }),
  name: text({ metavar: "name", help: "who the holder of the key is to those who know it" }),
  dataFolder: text({
    metavar: "folder",
    help: "data folder, where keys without --out are kept",
  }),
  overwrite: flag({ help: "replace files that are there already" }),
} as const;

export type KeyMakingValues = OptionValues<typeof keyMakingOptions>;

export const keyOpeningOptions = {
  maxAgeMs: duration({ help: "open no Fernet token that was made longer ago (default: any age)" }),
} as const;

export type KeyOpeningValues = OptionValues<typeof keyOpeningOptions>;
