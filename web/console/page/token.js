// The token of the control. It comes in the fragment of the URL, which browsers do not send, is kept for
// this tab alone, and leaves the address bar at once.

const KEPT_AS = "sockdock control token";

/** Returns the token, or undefined when there is none. */
export function takeToken() {
  const fragment = /^#token=(.+)$/.exec(location.hash);
  if (fragment !== null) {
    keep(decoded(fragment[1]));
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEPT_AS) ?? undefined;
}

export function keep(token) {
  sessionStorage.setItem(KEPT_AS, token);
}

export function forget() {
  sessionStorage.removeItem(KEPT_AS);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
