// The field Sec-WebSocket-Extensions (RFC 6455 9.1): extensions that the client offers and the
// server accepts, as a list of names with parameters.

import { type HttpFields, HttpHeadError } from "../http/head.ts";

/** One element of the field. A parameter without a value has null. */
export interface Extension {
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, value: string | null])[];
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
// A quoted value has to be a token too, so it never contains a comma.
const PARAMETER = `[ \\t]*;[ \\t]*(${TOKEN})(?:[ \\t]*=[ \\t]*(?:(${TOKEN})|"(${TOKEN})"))?`;
const ELEMENT = new RegExp(`^(${TOKEN})((?:${PARAMETER})*)$`);

/** Parses all lines of the field, in order of preference.
 * @throws {HttpHeadError} when it is malformed: no WebSocket may be opened then (RFC 6455 9.1) */
export function parseExtensions(fields: HttpFields): Extension[] {
  return fields.list("sec-websocket-extensions").map((element) => {
    const [, name, parameters] = ELEMENT.exec(element) ?? [];
    if (name === undefined || parameters === undefined) {
      throw new HttpHeadError(400, "the Sec-WebSocket-Extensions header is malformed");
    }
    return {
      name,
      parameters: Array.from(
        parameters.matchAll(new RegExp(PARAMETER, "g")),
        ([, name = "", bare, quoted]) => [name, bare ?? quoted ?? null] as const,
      ),
    };
  });
}
