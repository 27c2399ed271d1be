#!/usr/bin/env node
// The program of the npm package. It is in old JavaScript, so that an old Node can read as far as
// the line that says that it is too old.
"use strict";
const oldest = parseInt(require("./package.json").engines.node.replace(/\D+/, ""), 10);
if (parseInt(process.versions.node, 10) < oldest) {
  console.error(
    "error: sockdock needs Node " + oldest + " or newer to start; this is " + process.version +
      ". Install a newer Node, or run sockdock with Deno alone.",
  );
  process.exit(1);
}
require("./node/launch.cjs");
