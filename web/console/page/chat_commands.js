// The commands of the chat that can be typed, as its plain clients type them.

/** What a line that was typed asks for; undefined for a command that there is not. */
export function wishOf(text) {
  if (text.startsWith("//")) return { type: "say", text: text.slice(1) };
  if (!text.startsWith("/")) return { type: "say", text };
  const [, command = "", rest = ""] = /^\/(\S*)\s*([^]*)$/.exec(text.trimEnd());
  const [, first = "", others = ""] = /^(\S*)\s*([^]*)$/.exec(rest);
  const wish = {
    me: { type: "say", kind: "me", text: rest },
    name: { type: "name", name: first },
    join: { type: "join", room: first },
    msg: { type: "msg", to: first, text: others },
    kick: { type: "kick", name: first, ...others !== "" && { reason: others } },
    ban: { type: "ban", name: first, ...others !== "" && { reason: others } },
    search: { type: "search", words: rest },
  }[command];
  return wish === undefined || Object.values(wish).includes("") ? undefined : wish;
}
