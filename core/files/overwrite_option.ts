// Whether what is received may replace what is there, for everything that receives files.

import { flag } from "../options/option.ts";

/** `--overwrite`. */
export const overwriteOption = flag({
  help: "let a file that is sent replace one of the same name",
});
