// The options of the metrics that a command serves besides: where, and those of their own server.

import { about, type Given, text } from "../../core/options/option.ts";
import { pickedTable, prefixedTable, unprefixed } from "../../core/options/prefixed.ts";
import { serverKinds } from "../../servers/index.ts";

const PREFIX = "metrics";

const KEYS: readonly string[] = [
  ...["allow", "deny", "allowHost"],
  ...["tlsCert", "tlsKey"],
  ...["auth", "authFile", "authToken", "authTokenFile"],
];

const ofServer = pickedTable(serverKinds.find(({ name }) => name === "https")!.options, KEYS);

export const metricsOptions = about("metrics", {
  metrics: text({
    metavar: "url",
    help: "serve /metrics for Prometheus, /healthz and /readyz here, as at http://127.0.0.1:9464",
  }),
});

export const metricsServerOptions = prefixedTable(PREFIX, ofServer);

/** The options of the server of metrics, by their own names. */
export function metricsGiven(given: Given): Given {
  return unprefixed(PREFIX, ofServer, given);
}
