import { isIP } from "node:net";
import ipaddr from "ipaddr.js";

/** All that IANA hands out of IPv6 for the internet; what lies outside isn't routed, or leads inside by some other name. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");
/** Azure's machines ask this one for their secrets; to everybody else it looks like any address of the internet. */
const AZURE_WIRE_SERVER = "168.63.129.16";

/**
 * Is this an address of the internet, where a webhook may go (entitlement-grants.md section 7)? Private networks, this
 * machine, clouds' metadata servers and the ways to spell them through IPv6 are not.
 *
 * @param address As a resolver gives it; anything that can't be read as an address is not public.
 */
export function isPublicAddress(address: string): boolean {
  // ipaddr.js also reads `1` and `0x7f.1`, which no resolver says.
  if (isIP(address) === 0) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast" || parsed.toString() === AZURE_WIRE_SERVER) return false;
  // Of IPv6 ipaddr.js calls all unicast that it has no other word for, `::7f00:1` among it.
  return !(parsed instanceof ipaddr.IPv6) || parsed.match(GLOBAL_UNICAST);
}

/** Names of this machine and of the networks around it, whatever they resolve to; Google's metadata server is one. */
const INSIDE = ["localhost", "internal", "local"];

/** @param name A host name, also as DNS spells it in full: with a dot at its end. */
export function isInsideName(name: string): boolean {
  const labels = name.toLowerCase().replace(/\.+$/, "").split(".");
  return INSIDE.includes(labels.at(-1) ?? "");
}

/** The only name of this machine that counts where loopback is allowed. */
export function isLocalhost(name: string): boolean {
  return /^localhost\.?$/i.test(name);
}
