// The version of this program and library, which stands in deno.json alone.

import configuration from "../deno.json" with { type: "json" };

export const VERSION: string = configuration.version;
