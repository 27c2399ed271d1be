// Environment variables, without a question to the user.

/** Whether a variable may be read without asking the user for the permission. */
export function isPermittedVariable(name: string): boolean {
  return Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
}

/** A variable that may be read without asking the user for the permission; undefined otherwise. */
export function permittedVariable(name: string): string | undefined {
  return isPermittedVariable(name) ? Deno.env.get(name) : undefined;
}
