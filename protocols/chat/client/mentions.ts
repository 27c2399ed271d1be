// Whether a text mentions a member, the same in a terminal and in a page.

/** Whether a text mentions a name, as a word of its own. */
export function mentions(text: string, name: string): boolean {
  return mentionOf(name).test(text);
}

/** What finds the first mention of a name. */
export function mentionOf(name: string): RegExp {
  const escaped = name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, "iu");
}
