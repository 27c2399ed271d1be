// Answers in JSON.

/** JSON that is passed on as it was written, so that no number loses a digit on the way. */
export class RawJson {
  readonly text: string;

  /** @param text must be valid JSON */
  constructor(text: string) {
    this.text = text;
  }
}

/** What stands in an answer, by field. */
export type JsonFields = Readonly<Record<string, unknown>>;

/** Indented for people, and ending in a newline. */
export function jsonText(fields: JsonFields): string {
  const lines = Object.entries(fields).map(([key, value]) => {
    const text = value instanceof RawJson
      ? value.text.trim()
      : JSON.stringify(value ?? null, null, 2).replaceAll("\n", "\n  ");
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return lines.length === 0 ? "{}\n" : `{\n${lines.join(",\n")}\n}\n`;
}

/** An answer of these fields. */
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
