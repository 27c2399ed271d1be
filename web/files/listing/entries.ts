// What a listing shows, and in which order.

import type { FolderEntry, Located } from "../access/located.ts";
import type { FileRoot } from "../access/root.ts";

/** More would stall the server that sorts them and the browser that lays them out. */
export const MAX_LISTED = 10_000;

/** The columns, as they are named in a URL. */
export const COLUMNS = ["name", "size", "modified"] as const;

/** One of the columns. */
export type Column = typeof COLUMNS[number];

/** An order of the entries. */
export interface SortOrder {
  readonly column: Column;
  readonly descending: boolean;
}

/** What is in a folder. */
export interface Listing {
  readonly entries: readonly FolderEntry[];
  /** Whether there are more than these. */
  readonly truncated: boolean;
}

/** As people sort: `file10` after `file9`, small and capital letters together. */
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** The order that a URL asks for. What it does not say or says wrongly is by name; sizes and times
 * begin with the largest and the latest unless it says otherwise. */
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
    // Folders stay together at the top, whichever way round. Their sizes say nothing.
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
