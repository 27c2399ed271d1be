// The HTTP requests that the control sends to servers of this process, and to no other: to the address
// on which a server listens, whatever its name has come to mean.

import { type Address, bracket } from "../../core/addresses/address.ts";
import { parseEndpoint } from "../../core/addresses/endpoint.ts";
import { dialledHost, isUnspecified } from "../../core/addresses/own_addresses.ts";
import { errorText } from "../../core/event.ts";
import { secretsOf } from "../../core/http/secrets.ts";
import { UsageError } from "../../core/usage_error.ts";
import { CapturedPart } from "../../servers/http/captured.ts";
import { noServer } from "../../web/control/missing.ts";
import { Problem } from "../../web/control/problem.ts";
import type { OwnRequests, RequestAnswered, RequestAsked } from "../../web/control/requests.ts";
import { serverSchemes } from "../schemes.ts";
import type { DialledServer } from "./dials.ts";

/** The most of an answer that is read, to be counted. */
const MAX_READ_BYTES = 64 * 1024 * 1024;

interface RequestSettings {
  /** The server with a number. */
  readonly find: (server: number) => DialledServer | undefined;
  /** How many may be on their way at a time. */
  readonly maxRequests: number;
}

/** Where a server is asked. */
interface Place {
  readonly origin: string;
  /** What a client of its URL would send as Host. */
  readonly host: string;
  readonly unixSocket?: string;
}

export class RequestRegistry implements OwnRequests {
  readonly #settings: RequestSettings;
  #open = 0;

  constructor(settings: RequestSettings) {
    this.#settings = settings;
  }

  async send(id: number, asked: RequestAsked): Promise<RequestAnswered> {
    const { find, maxRequests } = this.#settings;
    const found = find(id);
    if (found === undefined) throw noServer(id);
    refuseUnfit(id, found);
    if (this.#open >= maxRequests) {
      throw new Problem(429, `${maxRequests} requests are on their way already; try again later`);
    }
    this.#open++;
    try {
      return await sendRequest(found.server, asked);
    } finally {
      this.#open--;
    }
  }
}

/** @throws {Problem} when the server takes no such request */
function refuseUnfit(id: number, { server: { url, carries }, of: { options } }: DialledServer) {
  if (carries !== "requests") {
    throw new Problem(409, `server ${id} (${url}) takes no HTTP requests; send it a message`);
  }
  if (options.requireClientCert === true) {
    throw new Problem(
      409,
      `${url} wants a client certificate, and the control has none to show; send the request with ` +
        `sockdock fetch ${url} --tls-cert FILE --tls-key FILE`,
    );
  }
}

async function sendRequest(
  { url, address, certificate }: DialledServer["server"],
  asked: RequestAsked,
): Promise<RequestAnswered> {
  const { method, target, headers, body, timeoutMs, maxBodyBytes, signal } = asked;
  const { origin, host, unixSocket } = placeOf(url, address);
  // Behind an origin without a slash, another first character could change the host.
  if (!target.startsWith("/") || target.includes("#")) {
    throw new Problem(422, `target: expected a path and a query, such as /hello?name=ada`);
  }
  if (method.toUpperCase() === "CONNECT") throw new Problem(422, "method: CONNECT is for proxies");
  const has = (name: string) => headers.some(([one]) => one.toLowerCase() === name);
  const { fetchUrl } = await import("../../clients/http/client.ts");
  let hasHead = false;
  try {
    await using response = await fetchUrl(origin + target, {
      ...{ method, signal, maxTimeMs: timeoutMs, connectTimeoutMs: timeoutMs, noProxy: true },
      headers: [...has("host") ? [] : [["host", host] as const], ...headers],
      withoutHeaders: ["user-agent", "accept"].filter((name) => !has(name)),
      ...(body !== undefined && { body }),
      ...(unixSocket !== undefined && { unixSocket }),
      ...(certificate && { tlsFingerprint: certificate.fingerprint }),
    });
    hasHead = true;
    const { status, statusText, httpVersion, headerList } = response;
    const part = new CapturedPart(maxBodyBytes);
    part.fields = headerList;
    let broke: string | undefined;
    try {
      for await (const piece of response.body) {
        part.add(piece);
        if (part.bytes > MAX_READ_BYTES) {
          throw new Error(`it is longer than ${MAX_READ_BYTES} bytes`);
        }
      }
    } catch (error) {
      broke = errorText(error);
    }
    const told = part.told(secretsOf([...headers, ...headerList]));
    part.release();
    return {
      ...{ status, statusText, httpVersion },
      ...told,
      ...(broke !== undefined && { broke }),
      ...(status === 401 && { missing: "credentials" as const }),
      timing: response.timing,
    };
  } catch (error) {
    if (hasHead || error instanceof UsageError || error instanceof Problem) throw error;
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    throw new Problem(isLate ? 504 : 502, errorText(error));
  }
}

function placeOf(url: string, address: Address): Place {
  if ("path" in address) {
    return { origin: "http://localhost", host: "localhost", unixSocket: address.path };
  }
  const { scheme, hostname } = parseEndpoint(url, serverSchemes);
  const { port } = address;
  const near = dialledHost(address.hostname);
  const named = hostname === "" || isUnspecified(hostname) ? near : hostname;
  return { origin: `${scheme}://${bracket(near)}:${port}`, host: `${bracket(named)}:${port}` };
}
