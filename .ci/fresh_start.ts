/**
 * Starts the built-in suite as a newcomer does: from a fresh clone, with an empty cache of packages,
 * on a machine where other programs have every port of the suite. Ends with 1 when it does not start,
 * or fetches packages that only development needs.
 */

import { suitePorts } from "../commands/serving/builtin_suite.ts";

const root = await Deno.realPath(`${import.meta.dirname}/..`);
const folder = await Deno.makeTempDir({ prefix: "sockdock-fresh-" });

function stop(reason: string): never {
  console.error(reason);
  Deno.removeSync(folder, { recursive: true });
  Deno.exit(1);
}

const { success } = await new Deno.Command("git", {
  args: ["clone", "--quiet", root, `${folder}/clone`],
}).output();
if (!success) stop("Cannot clone the checkout");

const hostname = "127.0.0.1";
for (const port of Object.values(suitePorts)) {
  for (
    const listen of [
      () => Deno.listen({ hostname, port }),
      () => Deno.listenDatagram({ transport: "udp", hostname, port }),
    ]
  ) {
    try {
      listen();
    } catch (error) {
      // Another program has it already, which is as good.
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

const began = performance.now();
const suite = new Deno.Command(Deno.execPath(), {
  args: ["task", "--quiet", "start"],
  cwd: `${folder}/clone`,
  env: {
    NO_COLOR: "1",
    DENO_DIR: `${folder}/cache`,
    XDG_DATA_HOME: `${folder}/data`,
    SOCKDOCK_DATA_FOLDER: "",
  },
  stdout: "piped",
  stderr: "null",
}).spawn();
let shown = "";
for await (const text of suite.stdout.pipeThrough(new TextDecoderStream())) {
  shown += text;
  if (shown.includes("Ctrl-C stops") && suite.pid > 0) suite.kill("SIGINT");
}
const { code } = await suite.status;
const seconds = ((performance.now() - began) / 1000).toFixed(1);
console.log(shown);
if (code !== 130 || !shown.includes("Ctrl-C stops")) stop(`The suite did not start: exit ${code}`);
if (!/^\* on a free port/m.test(shown)) stop("The table does not say which ports were taken");

const registries = [...Deno.readDirSync(`${folder}/cache/npm`)].filter((one) => one.isDirectory);
const fetched = registries.flatMap(({ name }) =>
  [...Deno.readDirSync(`${folder}/cache/npm/${name}`)].map((entry) => entry.name)
);
const needless = fetched.filter((name) => /^(playwright|typescript|ws$)/.test(name));
if (needless.length > 0) stop(`It fetched ${needless.join(", ")}, for development alone`);
console.log(`started and stopped in ${seconds} s; fetched ${fetched.length} packages and scopes`);
await Deno.remove(folder, { recursive: true });
