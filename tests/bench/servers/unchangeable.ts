/** An echo server as the program has it without a control. */

import { echo, serve } from "../../../mod.ts";

const server = await serve(Deno.args[0]!, echo, { changeable: false });
console.log(server.url);
