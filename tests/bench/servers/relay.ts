/** Our relay: the arguments are the URL to listen on, the upstream's and, if there are to be any, the
 * faults and their seed. */

import { relay } from "../../../mod.ts";

const [listen = "", to = "", fault, seed = "1"] = Deno.args;
const faults = fault === undefined ? {} : { fault: [fault], seed: Number(seed) };
const server = await relay(listen, to, { changeable: false, ...faults });
console.log(server.url);
