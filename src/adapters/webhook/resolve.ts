import type { LookupAddress } from "node:dns";
import { Resolver } from "node:dns/promises";

/** All addresses of a host name, IPv4 first. @throws Error when there is none, or DNS doesn't say. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** Per question; a second one waits longer. */
const TIMEOUT_MS = 2000;
const TRIES = 2;

/**
 * Asks DNS itself. `dns.lookup` would wait in a thread of the few that all of the process shares: two receivers whose DNS
 * is down would keep us from finding Google.
 *
 * @param servers In place of the machine's own, as `address:port`.
 */
export function createResolve(servers?: readonly string[]): Resolve {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers !== undefined) resolver.setServers(servers);
  return async (hostname) => {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
    if (v4.status === "rejected" && v6.status === "rejected") throw v4.reason;
    return [...addressesOf(v4, 4), ...addressesOf(v6, 6)];
  };
}

function addressesOf(answer: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === "rejected" ? [] : answer.value.map((address) => ({ address, family }));
}
