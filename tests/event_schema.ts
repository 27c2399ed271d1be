/** Holds events to the schema that docs/ publishes. */

// Not in the import map: what stands there is fetched by `deno task start`.
// deno-lint-ignore no-import-prefix
import { Validator } from "npm:@cfworker/json-schema@4.1.1";
import { eventJson } from "../core/event_json.ts";
import type { ServerEvent } from "../core/event.ts";
import schema from "../docs/events.schema.json" with { type: "json" };

interface EventSchema {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
}

/** The names of all events, in their order. */
export const EVENT_NAMES: readonly string[] = schema.oneOf.map(({ $ref }) =>
  $ref.slice($ref.lastIndexOf("/") + 1)
);

/** The schema of one event. */
export function schemaOf(name: string): EventSchema {
  return (schema.$defs as unknown as Record<string, EventSchema>)[name]!;
}

const validators = new Map<string, Validator>();

function validatorOf(name: string): Validator {
  const known = validators.get(name);
  if (known !== undefined) return known;
  // By its name, so that what is wrong is told of this event and not of all others.
  const { $schema, $defs } = schema;
  const validator = new Validator({ $schema, $ref: `#/$defs/${name}`, $defs }, "2020-12", false);
  validators.set(name, validator);
  return validator;
}

/** What the schema says against a line of `--json`; empty when it fits. */
export function misfitsOfJson(line: unknown): string[] {
  const { event } = line as { readonly event: string };
  if (!EVENT_NAMES.includes(event)) return [`no event is called ${event}`];
  const { errors } = validatorOf(event).validate(line);
  return errors.map(({ error, instanceLocation }) => `${event} ${instanceLocation}: ${error}`);
}

/** The same for an event. */
export function misfitsOf(event: ServerEvent): string[] {
  return misfitsOfJson(JSON.parse(JSON.stringify(eventJson(event))));
}
