// An acceptor that converts the connections of another one, such as to TLS.

import type { Acceptor, Connection } from "../../core/connection.ts";

/** Takes ownership of the acceptor and of further resources. */
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
