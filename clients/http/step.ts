// What a request does, one step after the other, as its observer is told: connections, TLS, and the
// heads as they are sent and received, of every exchange (redirects, retries, answers to challenges).

import type { Address } from "../../core/addresses/address.ts";
import type { TlsFacts } from "../../core/connection.ts";
import type { Field } from "./message.ts";

/** A step of a request. */
export type FetchStep =
  | {
    readonly step: "connected";
    readonly remote: Address;
    /** The URL whose server it is, also behind a proxy. */
    readonly origin: string;
    /** Host and port of the proxy, if there is one. */
    readonly proxy?: string;
  }
  | {
    readonly step: "secured";
    readonly facts: TlsFacts;
    /** Whether the certificate was verified. */
    readonly trust: "authority" | "fingerprint" | "none";
  }
  | {
    readonly step: "request";
    readonly method: string;
    readonly target: string;
    readonly headerList: readonly Field[];
  }
  | {
    /** An interim response (RFC 9110 15.2) or the final one. */
    readonly step: "response";
    readonly status: number;
    readonly statusText: string;
    readonly httpVersion: string;
    readonly headerList: readonly Field[];
  };

/** Receives each step when it happens. */
export type OnStep = (step: FetchStep) => void;
