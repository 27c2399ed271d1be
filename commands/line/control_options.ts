// The options of the control that a command opens besides: where, with which token, and those of its
// own server.

import {
  about,
  duration,
  flag,
  type Given,
  integer,
  size,
  text,
} from "../../core/options/option.ts";
import { pickedTable, prefixedTable, unprefixed } from "../../core/options/prefixed.ts";
import { serverKinds } from "../../servers/index.ts";
import { DIAL_LIMITS } from "../../web/control/dial_limits.ts";

const PREFIX = "control";

/** Where the control is unless the user says otherwise. */
export const CONTROL_URL = "http://127.0.0.1:4040";

/** Where programs that speak with Toxiproxy expect it. */
export const TOXIPROXY_URL = "http://127.0.0.1:8474";

/** Turns off what would be open otherwise. */
export const OFF = "off";

const KEYS: readonly string[] = ["allow", "deny", "allowHost", "tlsCert", "tlsKey"];

const ofServer = pickedTable(serverKinds.find(({ name }) => name === "https")!.options, KEYS);

export const controlOptions = about("control", {
  control: text({
    metavar: "url",
    bare: { text: CONTROL_URL, takes: /^https?:\/\/|^off$/ },
    help: `open the control, by which programs see and drive the servers, here (${CONTROL_URL} ` +
      "unless a URL is given; the built-in suite has it without being asked; off closes it)",
  }),
  controlTokenFile: text({
    guard: true,
    metavar: "file",
    help: "take the token of the control from the first line of this file (default a new one, " +
      "which is printed)",
  }),
  controlFolder: text.many({
    metavar: "folder",
    help: "let servers that are started over the control use files inside this folder",
  }),
  controlTraffic: flag({
    help: "remember messages and requests for the control even while nobody listens",
  }),
  controlMaxDials: integer({
    default: DIAL_LIMITS.maxDials,
    min: 1,
    max: 1000,
    help: "sessions that the control opens to these servers at a time; more are refused",
  }),
  controlDialSizeBytes: size({
    default: DIAL_LIMITS.maxBytes,
    min: 64 * 1024,
    help: "how much it keeps of what passes over them; the oldest is forgotten",
  }),
  controlDialIdleMs: duration({
    default: DIAL_LIMITS.idleMs,
    min: 1000,
    help: "close one that nobody listens to or sends over for this long",
  }),
  controlToxiproxy: text({
    metavar: "url",
    bare: { text: TOXIPROXY_URL, takes: /^https?:\/\// },
    help: `speak the HTTP API of Toxiproxy here (${TOXIPROXY_URL} unless a URL is given)`,
  }),
});

export const controlServerOptions = prefixedTable(PREFIX, ofServer);

/** The options of the server of the control, by their own names. */
export function controlGiven(given: Given): Given {
  return unprefixed(PREFIX, ofServer, given);
}
