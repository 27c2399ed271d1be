import { assertEquals } from "@std/assert";
import { text } from "../../../core/options/option.ts";
import { prefixedTable, unprefixed } from "../../../core/options/prefixed.ts";

const table = {
  tlsKey: text({ short: "k", help: "the key of --tls-cert; better as SOCKDOCK_TLS_KEY" }),
  tlsCert: text({ help: "see --verbose and SOCKDOCK_HOME" }),
};

Deno.test("options under a prefix name each other as they are called there", () => {
  const prefixed = prefixedTable("metrics", table);
  assertEquals(Object.keys(prefixed), ["metricsTlsKey", "metricsTlsCert"]);
  const { metricsTlsKey, metricsTlsCert } = prefixed;
  assertEquals(
    metricsTlsKey?.help,
    "the key of --metrics-tls-cert; better as SOCKDOCK_METRICS_TLS_KEY",
  );
  assertEquals(metricsTlsCert?.help, "see --verbose and SOCKDOCK_HOME");
  assertEquals([metricsTlsKey?.short, metricsTlsKey?.topic], [undefined, "metrics"]);
});

Deno.test("options under a prefix are given back by their own names, and no others", () => {
  const given = { tlsKey: "own", metricsTlsKey: "theirs", metricsOther: "x" };
  assertEquals(unprefixed("metrics", table, given), { tlsKey: "theirs" });
});
