// Builds HTML pages that inline their style and script: escaping, and a content security policy
// that allows nothing else.

/** Text in an element or in an attribute between quotes. */
export function escapeHtml(text: string): string {
  return /[&<>"']/.test(text)
    ? text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    : text;
}

/** A Content-Security-Policy that allows this style and this script by their hashes, requests to the
 * page's own origin, and what further directives allow. */
export async function pagePolicy(
  style: string,
  script: string,
  ...further: readonly string[]
): Promise<string> {
  return [
    "default-src 'none'",
    `style-src '${await hashOf(style)}'`,
    `script-src '${await hashOf(script)}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    ...further,
  ].join("; ");
}

async function hashOf(text: string): Promise<string> {
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)),
  );
  return `sha256-${btoa(String.fromCharCode(...digest))}`;
}
