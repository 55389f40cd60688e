import type { Mail, Since, Webhook } from "./news.ts";
import { check, seconds, soon } from "./teller.ts";
import { masked } from "./wording.ts";

/** What the shop's system is to hear of a licence, and Somchai to read. */
export interface Expected {
  /** The licence's entitlement. */
  readonly licence: string;
  /** The events, in their order. */
  readonly events: readonly string[];
  /** Why, where it was taken away. */
  readonly reason?: string;
  /** His key, where both are told it. */
  readonly key?: string | null;
  /** What the mail says. */
  readonly mail: string;
}

/** Waits for both: the webhooks, each with a signature that holds, and the mail. */
export async function told(since: Since, { licence, events, reason, key, mail }: Expected): Promise<void> {
  const story = events.map((event) => (event === "revoked" ? `revoked (${reason})` : event)).join(", ");
  const carrying = key == null ? "" : ", with the key";
  await soon(
    `The shop's system: ${licence} ${story}${carrying}; each signature holds`,
    () => since.webhooks().filter(({ entitlementId }) => entitlementId === licence),
    (webhooks) =>
      webhooks.map(({ type }) => type).join() === events.join() &&
      webhooks.every((webhook) => webhook.verified && isRight(webhook, reason, key)),
  );
  const shown = key == null ? `"${mail}"` : `"${mail}", with the key ${masked(key)}`;
  await soon(
    ({ mails }) => `Somchai's mailbox: ${inEnglish(mails[0])}: ${shown}`,
    () => ({ mails: since.mails().filter(({ text }) => text.includes(mail)) }),
    ({ mails: [found, ...more] }) =>
      found !== undefined && more.length === 0 && (key == null || found.text.includes(key)),
  );
}

/** What was taken away says why, what was given has the key. */
function isRight({ type, ...webhook }: Webhook, reason: Expected["reason"], key: Expected["key"]): boolean {
  if (type === "revoked") return webhook.reason === reason;
  return webhook.reason === null && (key == null || webhook.key === key);
}

/** "Mail and webhook within 2 s of the purchase" */
const WITHIN_MS = 2000;

export function inTime(since: Since): void {
  const ms = since.lastAfterMs();
  const words = `All of that came within ${seconds(WITHIN_MS)} of the purchase: after ${seconds(ms)}`;
  check(words, ms <= WITHIN_MS);
}

/** At a plan change all that ends is told before anything begins. */
export function revokedFirst(since: Since): void {
  const types = since.webhooks().map(({ type }) => type);
  const right = types.includes("created") && types.lastIndexOf("revoked") < types.indexOf("created");
  check("The shop's system: all that ended was told before what began", right, types);
}

/** While no app has told a language, mails are in Thai and in English. */
function inEnglish(mail: Mail | undefined): string {
  return mail?.subject.replace(/: .* \/ /, ": ") ?? "";
}
