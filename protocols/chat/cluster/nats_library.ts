// The NATS client library, which only a cluster loads. Its packages are CommonJS: a bundle finds
// their names through a static import alone, so this module is what is imported dynamically.

export { jetstream, JetStreamApiError, jetstreamManager } from "@nats-io/jetstream";
export { nodeResolveHost, NodeTransport } from "@nats-io/node-transport";
export {
  createInbox,
  credsAuthenticator,
  NatsConnectionImpl,
  ProtocolHandler,
  setTransportFactory,
} from "@nats-io/transport-node";
