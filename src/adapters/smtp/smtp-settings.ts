import { domainToASCII } from "node:url";
import type { Secret } from "../../domain/secret.ts";

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte on; else by STARTTLS. */
  readonly secure: boolean;
  /** This very machine: nothing leaves it, so plain text may be spoken. */
  readonly loopback: boolean;
  readonly login: { readonly user: string; readonly password: string } | null;
}

export interface Sender {
  readonly name: string;
  readonly address: string;
  /** In ASCII: also of a name in Thai letters. */
  readonly domain: string;
}

/** No quoted local parts: what needs quotes is read in two ways by two mail servers. */
const ADDRESS = /^[^\s<>()[\]",;:\\@\p{Cc}]+@[^\s<>()[\]",;:\\@\p{Cc}]+$/u;
const MAX_ADDRESS = 254;

/** @returns False for what isn't one plain address, and so can't be written to. */
export function isAddress(text: string): boolean {
  return text.length <= MAX_ADDRESS && ADDRESS.test(text);
}

/**
 * @param url `smtps://user:password@host:port` or `smtp://…`, percent-encoded where need be.
 * @throws RangeError without any of the URL's text.
 */
export function readSmtpUrl(url: Secret): SmtpServer {
  const text = url.reveal();
  const parsed = URL.canParse(text) ? new URL(text) : null;
  const secure = parsed?.protocol === "smtps:";
  if (parsed === null || parsed.hostname === "" || !(secure || parsed.protocol === "smtp:"))
    throw new RangeError("SMTP_URL must be smtps://user:password@host:port or smtp://…");
  if (/^\/?$/.exec(parsed.pathname) === null || parsed.search !== "" || parsed.hash !== "")
    throw new RangeError("SMTP_URL must end with its port: no path, query or fragment");
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    host,
    port: Number(parsed.port) || (secure ? 465 : 587),
    secure,
    loopback: host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host),
    login:
      parsed.username === "" ? null : { user: decoded(parsed.username), password: decoded(parsed.password) },
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RangeError("SMTP_URL has a % in its user or password that isn't percent-encoded");
  }
}

/**
 * @param from `Shop <licenses@example.com>`, or the address alone.
 * @throws RangeError
 */
export function readSender(from: string): Sender {
  const named = /^([^<>\p{Cc}]*)<([^<>]*)>$/u.exec(from.trim());
  const address = (named?.[2] ?? from).trim();
  const domain = domainToASCII(address.slice(address.lastIndexOf("@") + 1));
  if (!isAddress(address) || domain === "")
    throw new RangeError("MAIL_FROM must be one address, as: Shop <licenses@example.com>");
  return { name: (named?.[1] ?? "").trim().replace(/^"(.*)"$/, "$1"), address, domain };
}
