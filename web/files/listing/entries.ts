// Reads and sorts the entries that a listing shows.

import type { FolderEntry, Located } from "../access/located.ts";
import type { FileRoot } from "../access/root.ts";

/** With more entries, sorting would stall the server, and laying them out the browser. */
export const MAX_LISTED = 10_000;

/** The columns, as they are named in a URL. */
const COLUMNS = ["name", "size", "modified"] as const;

export type Column = typeof COLUMNS[number];

export interface SortOrder {
  readonly column: Column;
  readonly descending: boolean;
}

export interface Listing {
  readonly entries: readonly FolderEntry[];
  /** Whether there are more than these. */
  readonly truncated: boolean;
}

/** Sorts `file10` after `file9`, and small letters with capitals. */
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** The order that a URL asks for: by name when it names no column, and from the largest size or the
 * latest time unless it asks for ascending order. */
export function sortOrder(query: URLSearchParams): SortOrder {
  const column = COLUMNS.find((column) => column === query.get("sort")) ?? "name";
  const order = query.get("order");
  const descending = order === "desc" || (order !== "asc" && column !== "name");
  return { column, descending };
}

/** Reads a folder.
 *
 * @throws {Deno.errors.PermissionDenied} when it may not be read */
export async function readListing(
  folder: Located,
  root: FileRoot,
  order: SortOrder,
  maxEntries: number = MAX_LISTED,
): Promise<Listing> {
  const entries: FolderEntry[] = [];
  let truncated = false;
  for await (const entry of root.entries(folder)) {
    truncated = entries.length >= maxEntries;
    if (truncated) break;
    entries.push(entry);
  }
  return { entries: sorted(entries, order), truncated };
}

function sorted(
  entries: FolderEntry[],
  { column, descending }: SortOrder,
): readonly FolderEntry[] {
  const sign = descending ? -1 : 1;
  const byName = (a: FolderEntry, b: FolderEntry) =>
    collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);
  return entries.sort((a, b) => {
    // Folders stay at the top in either direction. Their sizes mean nothing.
    if (a.kind !== b.kind) return a.kind === "folder" ? -1 : 1;
    if (column === "size" && a.kind === "file" && a.bytes !== b.bytes) {
      return sign * (a.bytes - b.bytes);
    }
    if (column === "modified" && a.modifiedMs !== b.modifiedMs) {
      return sign * (a.modifiedMs - b.modifiedMs);
    }
    return (column === "name" ? sign : 1) * byName(a, b);
  });
}
