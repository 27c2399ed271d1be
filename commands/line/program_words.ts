// How the person at the keyboard calls this program.

/** `sockdock` for the executable, else the task that runs it, through npx where that started us. */
export function programWords(): string {
  if (Deno.build.standalone) return "sockdock";
  const runner = Deno.env.get("npm_command") === "exec"
    ? `npx --yes deno@${Deno.version.deno}`
    : "deno";
  return `${runner} task sockdock`;
}
