// Words of commands that users copy into a shell.

/** A word as a POSIX shell takes it, with quotes around it where it needs them (POSIX.1 XCU 2.2). */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-][\w@%+=:,./~-]*$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
