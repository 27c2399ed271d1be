/** Serves something of ours by name: what is compared with the bare servers. A third argument is its
 * options as JSON. */

import "./collecting.ts";
import { apps } from "../../../web/index.ts";
import { protocols } from "../../../protocols/index.ts";
import { serve } from "../../../mod.ts";

const [name, url = "", options = "{}"] = Deno.args;
const served = [...protocols, ...apps].find((one) => one.name === name);
if (served === undefined) throw new Error(`There is no ${name}`);
// As the program has it.
const server = await serve(url, served, {
  changeable: false,
  ...JSON.parse(options) as Record<string, unknown>,
});
console.log(server.url);
