// Environment variables, without a question to the user.

/** A variable that may be read without asking the user for the permission; undefined otherwise. */
export function permittedVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}
