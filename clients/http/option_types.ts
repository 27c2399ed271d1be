// The options of the HTTP client that are plain values.
// Written by `deno task option-types` from the option tables; change those.

/** Options of a request that the command `fetch` has too. */
export interface FetchValues {
  /** Dial from this address; port 0 is any free one. */
  readonly local?: string | undefined;
  /** Use IPv4 addresses only. Default: false. */
  readonly ipv4?: boolean;
  /** Use IPv6 addresses only. Default: false. */
  readonly ipv6?: boolean;
  /** Trust these authorities and self-signed certificates, PEM, instead of the well-known
   * authorities; local is the local authority; `tlsFingerprint` trusts any one certificate. The
   * path of a file, or its text. */
  readonly tlsCa?: readonly string[];
  /** Trust exactly this certificate, whatever its name, issuer and dates. */
  readonly tlsFingerprint?: string | undefined;
  /** Name to ask for and to expect in the certificate, instead of the URL's. */
  readonly serverName?: string | undefined;
  /** Do not verify the server: anyone in the way can read and change everything. Default: false. */
  readonly insecure?: boolean;
  /** Certificate to show to a server that asks for one, PEM, its chain after it. The path of a
   * file, or its text. */
  readonly tlsCert?: string | readonly string[] | undefined;
  /** Private key of `tlsCert`, PEM, not encrypted. The path of a file, or its text. */
  readonly tlsKey?: string | readonly string[] | undefined;
  /** Connect to this Unix socket instead of the host. */
  readonly unixSocket?: string | undefined;
  /** How long to try to connect. Default: `10_000` (10s). */
  readonly connectTimeoutMs?: number;
  /** How long the whole request may take, with all redirects and tries. Default: `Infinity`. */
  readonly maxTimeMs?: number;
  /** How many redirects to follow. Default: `0`. */
  readonly maxRedirects?: number;
  /** Largest body to hold in memory. Default: `67_108_864` (64m). */
  readonly maxBodyBytes?: number;
  /** Go through this HTTP proxy, also to loopback; otherwise as http_proxy, https_proxy,
   * all_proxy and no_proxy say. */
  readonly proxy?: string | undefined;
  /** Use no proxy, whatever the environment says. Default: false. */
  readonly noProxy?: boolean;
  /** Basic authentication at the proxy; without a password it is asked for. */
  readonly proxyUser?: string | undefined;
  /** How many times to try again when the network or the server fails for a while. Default: `0`. */
  readonly retry?: number;
  /** The first wait between two tries; it doubles each time, up to a minute. Default: `1_000`
   * (1s). */
  readonly retryDelayMs?: number;
  /** Begin no further try after this time. Default: `Infinity`. */
  readonly retryMaxTimeMs?: number;
  /** Try requests again that may then happen twice, such as POST. Default: false. */
  readonly retryAll?: boolean;
}
