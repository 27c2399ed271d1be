import { assertEquals } from "@std/assert";
import { programWords } from "../../../commands/serving/program_words.ts";

const variables = (values: Readonly<Record<string, string>>) => (name: string) => values[name];

Deno.test("programWords() is the task, started the way this program was", () => {
  const task = (values: Readonly<Record<string, string>>, cwd = "/home/ada/sock dock") =>
    programWords({
      env: variables(values),
      executable: undefined,
      cwd,
      main: "file:///home/ada/sock%20dock/main.ts",
    });
  assertEquals(task({}), "deno task -q sockdock");
  assertEquals(task({ npm_command: "run" }), "deno task -q sockdock");
  assertEquals(
    task({ npm_command: "exec" }),
    `npx --yes deno@${Deno.version.deno} task -q sockdock`,
  );
  assertEquals(task({ SOCKDOCK_CALLED_AS: "npx sockdock", npm_command: "exec" }), "npx sockdock");
  assertEquals(task({}, "/home/ada"), "sockdock", "as deno install has put it on PATH");
});

Deno.test("programWords() is the shortest path of an executable that works here", () => {
  const words = (executable: string) =>
    programWords({ env: variables({}), executable, cwd: "/home/ada/project" });
  assertEquals(words("/usr/local/bin/sockdock"), "sockdock");
  assertEquals(words("/home/ada/.local/bin/sockdock"), "sockdock");
  assertEquals(words("/bin/sockdock"), "sockdock");
  assertEquals(words("/home/ada/project/dist/sockdock"), "./dist/sockdock");
  assertEquals(words("/home/ada/project/bin/sockdock"), "./bin/sockdock");
  assertEquals(words("/opt/sockdock/sockdock"), "/opt/sockdock/sockdock");
  assertEquals(words("/home/ada/my tools/sockdock"), '"/home/ada/my tools/sockdock"');
});
