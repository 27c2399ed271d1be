/** Serves something of ours by name: what is compared with the bare servers. */

import { apps } from "../../../web/index.ts";
import { protocols } from "../../../protocols/index.ts";
import { serve } from "../../../mod.ts";

const [name, url = ""] = Deno.args;
const served = [...protocols, ...apps].find((one) => one.name === name);
if (served === undefined) throw new Error(`There is no ${name}`);
const server = await serve(url, served);
console.log(server.url);
