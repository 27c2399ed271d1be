import { assert, assertEquals } from "@std/assert";
import { echo, openControl, serve } from "../../../mod.ts";

// For this test alone, so it is not among the imports of deno.json.
// deno-lint-ignore no-import-prefix
const { Validator } = await import("npm:@seriousme/openapi-schema-validator@2.11.0");

// deno-lint-ignore no-explicit-any
type Methods = Record<string, any>;

Deno.test("the OpenAPI document is valid, and says what answers really are", async () => {
  await using server = await serve(["tls://127.0.0.1:0", "tcp://127.0.0.1:0"], echo);
  await using control = await openControl([server]);
  // It needs no token.
  const document = await (await fetch(`${control.url}/api/openapi.json`)).json();
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  assert(valid, JSON.stringify(errors));
  assertEquals(document.openapi, "3.1.0");

  const { schemas } = document.components;
  const headers = { authorization: `Bearer ${control.token}` };
  server.setFaults("latency=1ms");
  for (const [path, methods] of Object.entries<Record<string, Methods>>(document.paths)) {
    const { get } = methods;
    if (get?.responses[200].content["application/json"] === undefined) continue;
    const url = control.url + path.replace("{server}", "1");
    const answer = await fetch(`${url}${path === "/api/wait" ? "?event=listening" : ""}`, {
      headers,
    });
    assertEquals(answer.status, 200, path);
    const { schema } = get.responses[200].content["application/json"];
    check(schema, await answer.json(), path);
  }

  // deno-lint-ignore no-explicit-any
  function check(schema: any, value: any, where: string): void {
    const { type, required = [], properties = {}, items, $ref } = schema;
    if ($ref !== undefined) return check(schemas[$ref.split("/").at(-1)], value, where);
    if (value === null) return assert([type].flat().includes("null"), where);
    for (const name of required) assert(name in value, `${where} has no ${name}`);
    // What is not described is as wrong as what is missing.
    for (const name of Object.keys(properties).length > 0 ? Object.keys(value) : []) {
      if (schema !== schemas.Event) assert(name in properties, `${where}.${name} is not described`);
      if (name in properties) check(properties[name], value[name], `${where}.${name}`);
    }
    if (Array.isArray(value)) value.forEach((item, at) => check(items, item, `${where}[${at}]`));
    else if (["string", "boolean"].includes(type)) assertEquals(typeof value, type, where);
    else if (["integer", "number"].includes(type)) assertEquals(typeof value, "number", where);
  }
});
