/** A project without "unstable": ["net"], in which Deno.listenDatagram does not exist. */
export function withoutDatagramSockets(): Disposable {
  const { listenDatagram } = Deno;
  Reflect.set(Deno, "listenDatagram", undefined);
  return { [Symbol.dispose]: () => void Reflect.set(Deno, "listenDatagram", listenDatagram) };
}
