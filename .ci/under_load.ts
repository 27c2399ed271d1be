/**
 * Runs every test again and again on a loaded machine: `deno run --allow-all .ci/under_load.ts [N]`
 * makes N runs of `deno task test` (5 by default) beside four busy loops.
 *
 * A test that depends on how fast the machine is fails here sooner or later. After each run, and for
 * all of them at the end, the failed tests are printed with the time that the run took; the whole
 * output of each run is in `dist/under_load`. The exit code is 1 when any run failed.
 */

const LOOPS = 4;
/** A loop ends by itself when this program is gone, even when it was killed. */
const LOOP = "const parent = Deno.ppid; while (Deno.ppid === parent);";

const runs = Number(Deno.args[0] ?? 5);
if (Deno.args.length > 1 || !Number.isInteger(runs) || runs < 1) {
  console.error(`Cannot run the tests ${Deno.args.join(" ")} times: one number above 0 is needed`);
  Deno.exit(2);
}

const root = await Deno.realPath(`${import.meta.dirname}/..`);
const logs = `${root}/dist/under_load`;
await Deno.mkdir(logs, { recursive: true });

const children = new Set<Deno.ChildProcess>();

function start(args: string[], output: "null" | "piped"): Deno.ChildProcess {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: output,
    stderr: output,
  }).spawn();
  children.add(child);
  child.status.then(() => children.delete(child));
  return child;
}

async function endAll(): Promise<void> {
  const ending = [...children];
  for (const child of ending) child.kill();
  await Promise.all(ending.map((child) => child.status));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, async () => {
    await endAll();
    Deno.exit(signal === "SIGINT" ? 130 : 143);
  });
}

/** The tests that failed, as `deno test` lists them last: `name => file:line:column`. For the place,
 * which is that of the call of `Deno.test` and may be a helper's, stands the file that ran. */
function failedTests(output: string): string[] {
  const files = new Map(
    output.matchAll(/^(\S+) => (.+?) \.\.\./gm).map(([, file, name]) => [name, file]),
  );
  const list = output.split(/^ FAILURES\s*$/m)[1] ?? "";
  const lines = list.split(/^FAILED \|/m)[0]!.split("\n").map((line) => line.trim());
  return lines.filter(Boolean).map((line) => {
    const [name = line] = line.split(" => ");
    return files.has(name) ? `${name} => ${files.get(name)}` : line;
  });
}

/** One run: what failed in it, and a line about it. */
async function runOnce(number: number): Promise<{ failed: string[]; summary: string }> {
  const began = performance.now();
  const log = `${logs}/${number}.log`;
  const tests = start(["task", "test"], "piped");
  using file = await Deno.open(log, { write: true, create: true, truncate: true });
  const write = async (stream: ReadableStream<Uint8Array>) => {
    for await (const chunk of stream) file.writeSync(chunk);
  };
  const [status] = await Promise.all([tests.status, write(tests.stdout), write(tests.stderr)]);
  const output = await Deno.readTextFile(log);
  const failed = failedTests(output);
  const counts = output.match(/^(ok|FAILED) \| .*(?= \()/gm)?.at(-1);
  if (failed.length === 0 && (!status.success || counts === undefined)) {
    failed.push(`the run broke off with exit code ${status.code}`);
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  return { failed, summary: `run ${number}: ${counts ?? "no summary"} | ${seconds} s` };
}

for (let loop = 0; loop < LOOPS; loop++) start(["eval", LOOP], "null");

const summaries: string[] = [];
/** How often each test failed. */
const failures = new Map<string, number>();
for (let number = 1; number <= runs; number++) {
  const { failed, summary } = await runOnce(number);
  summaries.push(summary);
  console.log([summary, ...failed].join("\n  "));
  for (const test of failed) failures.set(test, (failures.get(test) ?? 0) + 1);
}
await endAll();

console.log(["", ...summaries].join("\n"));
for (const [test, times] of failures) console.log(`failed in ${times} of ${runs}: ${test}`);
if (failures.size === 0) console.log("nothing failed");
Deno.exit(failures.size === 0 ? 0 : 1);
