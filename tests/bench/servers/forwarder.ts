/** A lossy UDP forwarder as a process: upstream port, loss, delay each way in milliseconds, seed. */

import { LossyForwarder } from "../../lossy_forwarder.ts";

const [port = 0, loss = 0, delayMs = 0, seed = 0] = Deno.args.map(Number);
const forwarder = new LossyForwarder(port, { loss, delayMs, seed });
console.log(`udp://127.0.0.1:${forwarder.port}`);
