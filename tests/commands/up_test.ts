import { assertEquals } from "@std/assert";
import { programWords } from "../../commands/serving/program_words.ts";

/** Runs `body` where `npm_command` has a value, for this thread alone: other tests run beside it. */
function withNpmCommand(value: string | undefined, body: () => void): void {
  const { get } = Deno.env;
  Deno.env.get = (name) => name === "npm_command" ? value : get.call(Deno.env, name);
  try {
    body();
  } finally {
    Deno.env.get = get;
  }
}

Deno.test("programWords() is the task, started the way this program was", () => {
  withNpmCommand(undefined, () => assertEquals(programWords(), "deno task sockdock"));
  withNpmCommand("run", () => assertEquals(programWords(), "deno task sockdock"));
  withNpmCommand("exec", () => {
    assertEquals(programWords(), `npx --yes deno@${Deno.version.deno} task sockdock`);
  });
});
