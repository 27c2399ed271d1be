// What this program is called where it was started.

/** Name by which the user called this program: `sockdock` for the executable, else the task that
 * runs it, through npx where npx runs Deno. */
export function programWords(): string {
  if (Deno.build.standalone) return "sockdock";
  const runner = Deno.env.get("npm_command") === "exec"
    ? `npx --yes deno@${Deno.version.deno}`
    : "deno";
  return `${runner} task sockdock`;
}
