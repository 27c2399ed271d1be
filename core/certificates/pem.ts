// The blocks of a PEM text (RFC 7468), as bytes.

/** One block: what its line says it is, and the DER inside. */
export interface PemBlock {
  /** Such as `CERTIFICATE`. */
  readonly label: string;
  readonly der: Uint8Array<ArrayBuffer>;
}

/** The blocks in their order; text around them is passed by.
 *
 * @throws {SyntaxError} when one of them is not base64 inside */
export function pemBlocks(text: string): PemBlock[] {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g);
  return [...blocks].map(([, label = "", base64 = ""]) => {
    try {
      const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      return { label, der };
    } catch {
      throw new SyntaxError(`the block ${label} is not base64 inside`);
    }
  });
}
