// A server's certificate from the local authority, for servers that were given none.

/** A certificate with the authority's after it, and its key, both PEM. */
export interface LocalIdentity {
  readonly cert: string;
  readonly key: string;
}

/** A certificate for these names from the authority in a data folder; null when there is none yet.
 *
 * @param now milliseconds since the epoch
 * @throws {UsageError} when there is an authority that must not be used: others can read its key, it
 *   is damaged or has expired */
export async function issueLocally(
  dataFolder: string,
  names: readonly string[],
  now: number,
): Promise<LocalIdentity | null> {
  const [{ loadAuthority }, { issuedFor }, { MAX_NAMES }] = await Promise.all([
    import("../../core/certificates/authority_folder.ts"),
    import("../../core/certificates/issued.ts"),
    import("../../core/certificates/names.ts"),
  ]);
  const authority = await loadAuthority(dataFolder);
  if (authority === null) return null;
  // A machine with very many addresses is better served by a part of them than not at all.
  const { chain, key } = await issuedFor(authority, names.slice(0, MAX_NAMES), now);
  return { cert: chain, key };
}
