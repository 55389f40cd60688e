import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { Agent } from "undici";
import { isLocalhost, isPublicAddress } from "./public-address.ts";
import type { Resolve } from "./resolve.ts";

/** Why no connection was even tried. */
export class LookupFailure extends Error {
  readonly reason: "address_refused" | "dns_failed";

  constructor(reason: LookupFailure["reason"]) {
    super(reason);
    this.name = "LookupFailure";
    this.reason = reason;
  }
}

export interface GuardOptions {
  readonly resolve: Resolve;
  /** `localhost` may be connected to; nothing else becomes allowed by it. */
  readonly allowLoopback: boolean;
  /** For each step of a request: to connect, until headers come, between pieces of the body. */
  readonly timeoutMs: number;
}

/** Far receivers take a third of a second to shake hands; the next address is tried after this. */
const NEXT_ADDRESS_MS = 1000;

/**
 * Connects to addresses of the internet only. Every connection resolves anew and goes to just the addresses that were
 * checked, so a name that DNS points inside later leads nowhere (entitlement-grants.md section 7).
 *
 * Of an IP address in the URL it is not asked: `urlRefusal` comes first.
 */
export function createGuardedAgent({ resolve, allowLoopback, timeoutMs }: GuardOptions): Agent {
  const lookup: LookupFunction = (hostname, _options, callback) => {
    publicAddresses(hostname, resolve, allowLoopback).then(
      (addresses) => callback(null, [...addresses]),
      (error: Error) => callback(error, []),
    );
  };
  return new Agent({
    connect: { lookup, timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    // Makes Node ask for all addresses at once, which is how `lookup` answers.
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
    // A connection each: no message waits behind another one's answer.
    allowH2: false,
    pipelining: 1,
  });
}

/** What DNS says of this name must not be asked: RFC 6761. */
const LOCALHOST: readonly LookupAddress[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/**
 * @returns All addresses of the host.
 * @throws LookupFailure `address_refused` when one of them isn't public; a receiver has no reason to mix them.
 */
export async function publicAddresses(
  hostname: string,
  resolve: Resolve,
  allowLoopback: boolean,
): Promise<readonly LookupAddress[]> {
  if (allowLoopback && isLocalhost(hostname)) return LOCALHOST;
  const addresses = await resolve(hostname).catch(() => []);
  if (addresses.length === 0) throw new LookupFailure("dns_failed");
  if (!addresses.every(({ address }) => isPublicAddress(address))) throw new LookupFailure("address_refused");
  return addresses;
}
