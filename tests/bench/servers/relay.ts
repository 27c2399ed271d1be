/** Our relay: the arguments are the URL to listen on, the upstream's and, if there are to be any, the
 * faults. */

import { relay } from "../../../mod.ts";

const [listen = "", to = "", fault] = Deno.args;
const server = await relay(listen, to, fault === undefined ? {} : { fault: [fault] });
console.log(server.url);
