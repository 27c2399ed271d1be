// What a browser calls a file that it saves.

/** A Content-Disposition header's value (RFC 6266): the name in UTF-8 (RFC 8187), and before it one
 * for readers that know only ASCII. */
export function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["%/\\]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
