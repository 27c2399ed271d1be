/**
 * Installs the program for this user, from these sources and with the permissions of the `sockdock`
 * task: `deno task install`. `DENO_INSTALL_ROOT` says where, as for `deno install --global`.
 */

import { runFlags } from "./permissions.ts";

const root = await Deno.realPath(`${import.meta.dirname}/..`);
const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    ...["install", "--global", "--force", "--name", "sockdock"],
    ...["--config", `${root}/deno.json`, ...runFlags(), `${root}/main.ts`],
  ],
}).spawn().status;
Deno.exit(code);
