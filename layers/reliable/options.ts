// The options of the layer reliable.

import { choice, duration, integer, size } from "../../core/options/option.ts";
import { controlNames } from "./congestion/control_names.ts";

export const reliableOptions = {
  reliableWindowBytes: size({
    default: 1024 * 1024,
    min: 16 * 1024,
    max: 1024 ** 3,
    help: "bytes under way to one peer at most, and unread from it",
  }),
  reliableTimeoutMs: duration({
    default: 30_000,
    min: 100,
    help: "give a peer up that acknowledges nothing for this long",
  }),
  reliableHostPeers: integer({
    min: 1,
    max: 1_000_000,
    help: "peers of one host at once (default a quarter of --max-peers)",
  }),
  reliableMoves: integer({
    default: 10,
    min: 0,
    max: 1000,
    help: "attempts of a peer to move to another address, in a minute; 0 lets none move",
  }),
  reliableControl: choice(controlNames, {
    default: "bbr",
    help: "congestion control: bbr goes by what the path delivers, cubic by losses",
  }),
  reliableDatagramBytes: size({
    min: 600,
    max: 65_507,
    help: "largest datagram to send (default what the path takes, found out from 1200 on)",
  }),
} as const;
