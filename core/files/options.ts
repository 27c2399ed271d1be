// The options about files that several commands and servers share.

import { about, flag, text } from "../options/option.ts";

export const dataFolderOptions = about("tls", {
  dataFolder: text({
    metavar: "folder",
    help: "folder of the local authority, which issues a certificate where --tls-cert names none",
  }),
});

/** `--overwrite`, for every command that receives files. */
export const overwriteOption = flag({
  help: "let a file that is sent replace one of the same name",
});

/** `--hidden`, for every command that serves or receives files. Many such files are settings that
 * programs obey, as those of a shell, git and ssh. */
export const hiddenOption = flag({ help: "serve and receive names that begin with a dot too" });
