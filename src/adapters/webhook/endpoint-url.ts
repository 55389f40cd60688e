import { isIP } from "node:net";
import { isInsideName, isLocalhost } from "./public-address.ts";

const MAX_LENGTH = 2048;

/**
 * The rules that a webhook's URL must keep whatever DNS says (entitlement-grants.md section 7). They hold at every send
 * too: of an address in the URL, the resolver is never asked.
 *
 * @param allowLoopback For development: this machine may be named as well, by `http:` and with any port.
 * @returns Which one it breaks, in a sentence for a person; null: none. It doesn't quote the URL, which may hold a secret.
 */
export function urlRefusal(text: string, allowLoopback: boolean): string | null {
  if (text.length > MAX_LENGTH) return TOO_LONG;
  if (!URL.canParse(text)) return "This is not a URL.";
  const url = new URL(text);
  // Escaping makes it longer.
  if (url.href.length > MAX_LENGTH) return TOO_LONG;
  if (url.username !== "" || url.password !== "") return "The URL must not hold a user name or a password.";
  if (allowLoopback && isLoopback(url)) return null;
  if (url.protocol !== "https:") return "The URL must begin with https://.";
  if (url.port !== "") return "The URL must use port 443, that of https.";
  return hostRefusal(url.hostname);
}

const TOO_LONG = `The URL is longer than ${MAX_LENGTH} characters.`;

/** @param hostname As `URL` has normalised it: 2130706433, 0x7f.1 and 127.1 are 127.0.0.1 by then. */
function hostRefusal(hostname: string): string | null {
  const name = hostname.replace(/\.$/, "");
  const labels = name.split(".");
  if (hostname.startsWith("[") || isIP(name) !== 0) return "The URL must name a host, not an IP address.";
  if (labels.includes("")) return "The URL's host is not a name that DNS can hold.";
  if (isInsideName(name)) return "The URL's host is a name of an internal network.";
  if (labels.length === 1) return "The URL's host must be a full name, with its domain.";
  return null;
}

function isLoopback({ protocol, hostname }: URL): boolean {
  if (protocol !== "http:" && protocol !== "https:") return false;
  const isIPv4 = hostname.startsWith("127.") && isIP(hostname) === 4;
  return isIPv4 || hostname === "[::1]" || isLocalhost(hostname);
}
