// The options about files that several parts share.

import { flag, text } from "../options/option.ts";

/** Where the local authority is kept. */
export const dataFolderOptions = {
  dataFolder: text({
    metavar: "folder",
    help: "folder of the local authority, which issues a certificate where --tls-cert names none",
  }),
} as const;

/** `--overwrite`, for everything that receives files. */
export const overwriteOption = flag({
  help: "let a file that is sent replace one of the same name",
});
