// Every protocol there is. A new one is a file in this folder and a line in this list.

import type { Protocol } from "../core/protocol.ts";
import { acknowledge } from "./acknowledge.ts";
import { chargen } from "./chargen.ts";
import { chat } from "./chat.ts";
import { daytime } from "./daytime.ts";
import { discard } from "./discard.ts";
import { echo } from "./echo.ts";
import { inbox } from "./inbox.ts";
import { print } from "./print.ts";
import { qotd } from "./qotd.ts";
import { relay } from "./relay.ts";
import { time } from "./time.ts";
import { upper } from "./upper.ts";

/** All session protocols, by name. */
export const protocols: readonly Protocol[] = [
  acknowledge,
  chargen,
  chat,
  daytime,
  discard,
  echo,
  inbox,
  print,
  qotd,
  relay,
  time,
  upper,
];
