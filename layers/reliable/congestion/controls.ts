// Makes the congestion control that a user chose.

import { Bbr } from "./bbr.ts";
import type { CongestionControl } from "./congestion_control.ts";
import type { ControlName } from "./control_names.ts";
import { Cubic } from "./cubic.ts";

/** @param random at least 0 and below 1, so that flows do not probe at the same time */
export function congestionControlOf(
  name: ControlName,
  datagramBytes: number,
  random: () => number,
): CongestionControl {
  return name === "bbr" ? new Bbr(datagramBytes, random) : new Cubic(datagramBytes);
}
