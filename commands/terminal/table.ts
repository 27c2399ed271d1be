// Prints rows of text as aligned columns.

/** Rows as lines, each column as wide as its widest cell; the last is not padded. Cells may hold
 * colour escapes, which take no width. */
export function alignedRows(rows: readonly (readonly string[])[], gap = "  "): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, visibleLength(cell));
    });
  }
  return rows.map((row) =>
    row.map((cell, column) =>
      column === row.length - 1
        ? cell
        : cell + " ".repeat((widths[column] ?? 0) - visibleLength(cell))
    ).join(gap).trimEnd()
  );
}

function visibleLength(cell: string): number {
  // deno-lint-ignore no-control-regex
  return Array.from(cell.replace(/\x1b\[[0-9;]*m/g, "")).length;
}
