/** The workflows of the repository's host: what they may do, and what they name. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { parse } from "@std/yaml/parse";
import denoJson from "../../deno.json" with { type: "json" };

const root = new URL("../../", import.meta.url);
const read = (path: string) => Deno.readTextFileSync(new URL(path, root));

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly needs?: string;
  readonly steps: readonly Step[];
  readonly strategy?: { readonly matrix: { readonly include?: readonly { target?: string }[] } };
}

/** A job that is another workflow. */
interface WorkflowJob {
  readonly uses: string;
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job | WorkflowJob>>;
}

const folder = ".github/workflows";
const workflows = [...Deno.readDirSync(new URL(folder, root))].map(({ name }) => {
  const text = read(`${folder}/${name}`);
  return { name, text, workflow: parse(text) as Workflow };
});
const jobs = workflows.flatMap(({ name, workflow }) =>
  Object.entries(workflow.jobs).flatMap(([job, value]) =>
    "steps" in value ? [{ name: `${name} ${job}`, ...value }] : []
  )
);

Deno.test("there are workflows to check and to release", () => {
  assertEquals(workflows.map(({ name }) => name).toSorted(), ["check.yml", "release.yml"]);
});

Deno.test("every action is pinned by its commit, one commit each, with the version beside it", () => {
  const pins = new Map<string, string>();
  for (const { name, text } of workflows) {
    // A workflow of this repository is that of the same commit.
    const used = text.split("\n").filter((line) => /^\s*(?:- )?uses: (?!\.\/)/.test(line));
    assertEquals(
      used.length,
      jobs.filter((job) => job.name.startsWith(name))
        .flatMap(({ steps }) => steps.filter(({ uses }) => uses)).length,
    );
    for (const line of used) {
      const [, action = "", pin = ""] =
        /^\s*(?:- )?uses: ([\w-]+\/[\w-]+)@([0-9a-f]{40} # v\d+\.\d+\.\d+)$/.exec(line) ?? [];
      assert(pin !== "", `${name}: ${line}`);
      assertEquals(pins.get(action) ?? pin, pin, action);
      pins.set(action, pin);
    }
  }
});

Deno.test("a workflow may read the sources, and a job no more than it needs", () => {
  for (const { workflow } of workflows) assertEquals(workflow.permissions, { contents: "read" });
  const allowed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "release.yml build": { contents: "read", "id-token": "write", attestations: "write" },
    "release.yml release": { contents: "write" },
    "release.yml npm": { contents: "read", "id-token": "write" },
    "release.yml jsr": { contents: "read", "id-token": "write" },
  };
  for (const { name, permissions } of jobs) assertEquals(permissions, allowed[name], name);
});

Deno.test("what others send in runs without permissions, credentials or secrets", () => {
  for (const { name, text, workflow } of workflows) {
    const events = Object.keys(workflow.on);
    assertEquals(
      events.filter((event) => !["push", "pull_request", "workflow_call"].includes(event)),
      [],
      name,
    );
    assert(!/\bsecrets\b/.test(text), `${name}: no secret is needed`);
  }
  for (const { name, steps } of jobs) {
    for (const { uses = "", run = "", with: given } of steps) {
      assert(!run.includes("${{"), `${name}: an expression in a script is text of the script`);
      if (uses.startsWith("actions/checkout@")) {
        assertEquals(given?.["persist-credentials"], false, name);
      }
    }
  }
});

Deno.test("no job runs without an end", () => {
  assertEquals(jobs.filter((job) => !job["timeout-minutes"]).map(({ name }) => name), []);
});

Deno.test("one version of Deno everywhere, and tasks and files that exist", () => {
  const [, version] = /deno@(\d+\.\d+\.\d+)/.exec(read(".ci/run")) ?? [];
  const places = [...workflows.map(({ text }) => text), read("packages/docker/Dockerfile")];
  const versions = places.flatMap((text) =>
    [...text.matchAll(/\bdeno[@:](\S+)/g)].map(([, found]) => found!)
  );
  assert(versions.length >= 5);
  assertEquals(versions.filter((found) => found !== version), []);
  const tasks = new Set(Object.keys(denoJson.tasks));
  const named = places.flatMap((text) =>
    [...text.matchAll(/\btask (\S+)/g)].map(([, task]) => task!)
  );
  assertEquals(named.filter((task) => !tasks.has(task)), []);
  assert(Deno.statSync(new URL(".ci/run", root)).isFile);
});

Deno.test("every test runs before a release is built, and each executable before it is published", () => {
  const { jobs } = workflows.find(({ name }) => name === "release.yml")!.workflow;
  assertEquals(jobs["check"], { uses: "./.github/workflows/check.yml" });
  const needs = (job: string) => (jobs[job] as Job).needs;
  assertEquals(
    ["build", "try", "release", "npm", "jsr"].map(needs),
    ["check", "build", "try", "release", "release"],
  );
  const built = [...read(".ci/compile_all.ts").matchAll(/^ {2}"([\w-]+)",$/gm)]
    .map(([, target]) => target!.includes("windows") ? `${target}.exe` : target!);
  const tried = jobs["try"] as Job;
  assertEquals(tried.strategy!.matrix.include!.map(({ target }) => target), built);
  assertEquals(built.length, 5);
});

Deno.test("dependabot watches each kind of thing that is pinned outside deno.json", () => {
  const { updates } = parse(read(".github/dependabot.yml")) as {
    readonly updates: readonly {
      readonly "package-ecosystem": string;
      readonly directory: string;
    }[];
  };
  assertEquals(updates.map((one) => one["package-ecosystem"]), ["github-actions", "docker", "pip"]);
  for (const { directory } of updates) {
    assert(Deno.statSync(new URL(`.${directory}`, root)).isDirectory);
  }
});

Deno.test("the security policy names what is unaudited and how to report", () => {
  const text = read("SECURITY.md");
  assertMatch(text, /unaudited/);
  assertMatch(text, /^## Reporting/m);
});
