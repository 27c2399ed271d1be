// The path of a request's URL. Parsing the whole URL would cost more than some answers do.

/** The path as it was sent, still percent-encoded, without the query. */
export function requestPath(url: string): string {
  // The shortest beginning is http://x, so that the next slash is that of the path.
  const start = url.indexOf("/", 8);
  if (start === url.length - 1) return "/";
  const end = url.indexOf("?", start);
  return url.slice(start, end < 0 ? undefined : end);
}
