// An acceptor that converts the connections of another one, such as to TLS.

import type { Acceptor, Connection } from "../../core/connection.ts";

/** Takes the acceptor over, and what else goes with it. */
export function wrapAcceptor<C extends Connection>(
  inner: Acceptor,
  wrap: (connection: Connection) => C,
  owned?: Disposable,
): Acceptor<C> {
  return {
    address: inner.address,
    async accept() {
      const connection = await inner.accept();
      return connection === null ? null : wrap(connection);
    },
    [Symbol.dispose]() {
      inner[Symbol.dispose]();
      owned?.[Symbol.dispose]();
    },
  };
}
