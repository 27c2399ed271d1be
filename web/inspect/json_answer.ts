// The JSON answers of the inspector.

/** JSON that is inserted as it was written, so that no number loses a digit. */
export class RawJson {
  readonly text: string;

  /** @param text must be valid JSON */
  constructor(text: string) {
    this.text = text;
  }
}

export type JsonFields = Readonly<Record<string, unknown>>;

/** The fields as JSON, indented and ending in a newline. */
export function jsonText(fields: JsonFields): string {
  const lines = Object.entries(fields).map(([key, value]) => {
    const text = value instanceof RawJson
      ? value.text.trim()
      : JSON.stringify(value ?? null, null, 2).replaceAll("\n", "\n  ");
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return lines.length === 0 ? "{}\n" : `{\n${lines.join(",\n")}\n}\n`;
}

export function jsonAnswer(
  fields: JsonFields,
  { status = 200, headers = {} }: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Response {
  return new Response(jsonText(fields), {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}
