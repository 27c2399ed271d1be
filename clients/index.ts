// The list of all client transports. A new one is a file in this folder and a line in this list.

import { dtls } from "./dtls.ts";
import { tcp } from "./tcp.ts";
import { tls } from "./tls.ts";
import { udp } from "./udp.ts";
import { unix } from "./unix.ts";
import { unixgram } from "./unixgram.ts";
import { ws, wss } from "./websocket.ts";

export const clientKinds = [tcp, tls, unix, udp, dtls, unixgram, ws, wss] as const;
