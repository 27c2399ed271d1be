/** docs/inspect.md, from the same lists as the index page of the inspector. */

import { differences } from "../../../web/inspect/page/differences.ts";
import { groups, type InspectEndpoint } from "../../../web/inspect/endpoint.ts";
import { endpoints } from "../../../web/inspect/endpoints/index.ts";

/** The page, in Markdown. */
export function inspectReference(): string {
  const rooms = groups.map((group) => {
    const own = endpoints.filter((endpoint) => endpoint.group === group);
    return `## ${group}\n\n${table(["path", "methods", "does", "takes"], own.map(rowOf))}`;
  });
  return `<!-- Written from the list of endpoints; a test compares the two. -->

# serve inspect

\`sockdock serve inspect http://:8080\` answers as these paths tell it to. \`http://127.0.0.1:8080/\`
explains and tries them. HEAD goes where GET does, OPTIONS everywhere.

${rooms.join("\n")}
## What differs from httpbin 0.7.0

${
    table(
      ["where", "httpbin", "here"],
      differences.map(({ where, httpbin, here }) => [where, httpbin, here]),
    )
  }`;
}

function rowOf({ path, methods, summary, parameters = [] }: InspectEndpoint): string[] {
  const takes = parameters.map(({ name, in: place, help }) =>
    `${place === "body" ? "a body" : `\`${name}\``} ${place === "path" ? "" : `(${place}) `}${help}`
  );
  return [
    `\`${path}\``,
    methods === "any" ? "any" : methods.join(", "),
    summary,
    takes.join("; ").replace("a body (body)", "a body:"),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}
