// JSON Schema, as far as the control describes its bodies and parameters with it: written into its
// OpenAPI document, and held against what comes in.

import { Problem } from "./problem.ts";

/** The part of JSON Schema 2020-12 that is used here. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
}

/** Refuses a value that does not fit.
 * @param where the name of the value, which begins the message
 * @throws {Problem} 422, saying what was expected */
export function checkShape(schema: Schema, value: unknown, where: string): void {
  const wrong = (expected: string) =>
    new Problem(422, `${where}: expected ${expected}, got ${shown(value)}`);
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOf(type, value))) throw wrong(types.join(" or "));
  if (schema.enum !== undefined && !schema.enum.includes(value as string)) {
    throw wrong(`one of ${schema.enum.join(", ")}`);
  }
  if (typeof value === "number") {
    const { minimum = -Infinity, maximum = Infinity } = schema;
    if (value < minimum || value > maximum) throw wrong(`a number from ${minimum} to ${maximum}`);
  } else if (typeof value === "string") {
    const { maxLength = Infinity } = schema;
    if (value.length > maxLength) throw wrong(`at most ${maxLength} characters`);
  } else if (Array.isArray(value)) {
    const { minItems = 0, maxItems = Infinity, items } = schema;
    if (value.length < minItems || value.length > maxItems) {
      throw wrong(`${minItems} to ${maxItems} items`);
    }
    if (items !== undefined) {
      value.forEach((item, at) => checkShape(items, item, `${where}[${at}]`));
    }
  } else if (typeof value === "object" && value !== null) {
    checkFields(schema, value, where);
  }
}

function checkFields(schema: Schema, value: object, where: string): void {
  const { properties = {}, required = [], additionalProperties = true, maxProperties } = schema;
  const fields = Object.entries(value);
  if (maxProperties !== undefined && fields.length > maxProperties) {
    throw new Problem(422, `${where}: at most ${maxProperties} fields`);
  }
  for (const name of required) {
    if (!Object.hasOwn(value, name)) throw new Problem(422, `${where}: ${name} is missing`);
  }
  for (const [name, field] of fields) {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known !== undefined) checkShape(known, field, `${where}.${name}`);
    else if (additionalProperties === false) {
      throw new Problem(
        422,
        `${where}: unknown field ${shown(name)}; known are ${Object.keys(properties).join(", ")}`,
      );
    } else if (typeof additionalProperties === "object") {
      checkShape(additionalProperties, field, `${where}.${name}`);
    }
  }
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    case "string":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    default:
      return typeof value === "number";
  }
}

/** A value that came in, short enough for a message. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= 100 ? text : `${text.slice(0, 100)}...`;
}
