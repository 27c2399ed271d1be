// Every transport there is, from the listening side. A new one is a file in this folder and a line
// in this list.

import { tcp } from "./tcp.ts";
import { udp } from "./udp.ts";
import { unix } from "./unix.ts";
import { unixgram } from "./unixgram.ts";

/** All listening transports. */
export const serverKinds = [tcp, unix, udp, unixgram] as const;
