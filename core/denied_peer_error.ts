// A peer that proved who it is and is not wanted.

/** Thrown by the `ready` of a connection whose peer is turned away by name: not a handshake that
 * failed, but an answer of no. */
export class DeniedPeerError extends Error {
  override readonly name = "DeniedPeerError";
}
