// Methods that a standard Request can have (Fetch standard, 2.2.1): it refuses some, and converts
// some in lower case to upper case, which are different methods (RFC 9110 9.1).

const FORBIDDEN = new Set(["CONNECT", "TRACE", "TRACK"]);
const NORMALISED = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

/** Placeholder for a method that a Request cannot have; refused later, like any unknown one. */
const UNSUPPORTED = "UNSUPPORTED";

export function requestMethod(method: string): string {
  const upper = method.toUpperCase();
  return FORBIDDEN.has(upper) || (upper !== method && NORMALISED.has(upper)) ? UNSUPPORTED : method;
}
