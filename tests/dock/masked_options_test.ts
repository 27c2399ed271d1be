/** What of the options of a server may be seen. */

import { assertEquals } from "@std/assert";
import { text } from "../../core/options/option.ts";
import { maskedOptions } from "../../dock/control/masked_options.ts";
import { servingTable } from "../../dock/unknown_option.ts";

Deno.test("secrets among options are masked, and nothing that is harmless", () => {
  const own = {
    apiSecret: text({ help: "to be told to nobody", secret: true }),
    motto: text({ help: "to be told to everybody" }),
  };
  const key = "-----BEGIN PRIVATE KEY-----\nswordfish\n-----END PRIVATE KEY-----\n";
  const given = {
    ...{ auth: "ada:swordfish", authUpload: "ada:swordfish", authToken: "swordfish" },
    ...{ authFile: "users.txt", tlsKey: [key], tlsCert: ["cert.pem"], sealedKey: [key] },
    ...{ signedKey: key, cluster: ["nats://ada:sword@fish@127.0.0.1:4222"] },
    upstreamHeader: ["X-Api-Key: swordfish", "cookie: a=swordfish", "Accept: */*"],
    ...{ idleTimeoutMs: Infinity, maxConnections: 7, to: undefined },
    ...{ apiSecret: "swordfish", motto: "a: b", unheardOf: "swordfish" },
  };
  assertEquals(maskedOptions(given, servingTable(own)), {
    ...{ auth: "***", authUpload: "***", authToken: "***" },
    ...{ authFile: "users.txt", tlsKey: ["***"], tlsCert: ["cert.pem"], sealedKey: ["***"] },
    ...{ signedKey: "***", cluster: ["nats://***@127.0.0.1:4222"] },
    upstreamHeader: ["X-Api-Key: ***", "cookie: a=***", "Accept: */*"],
    ...{ idleTimeoutMs: "none", maxConnections: 7 },
    ...{ apiSecret: "***", motto: "a: b", unheardOf: "***" },
  });
});
