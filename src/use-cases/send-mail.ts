import { auditLetter } from "../domain/audit.ts";
import { isExhausted } from "../domain/backoff.ts";
import type { SendMail } from "../domain/effect.ts";
import type { CustomerFile } from "../domain/entitlements.ts";
import { OutsideError } from "../domain/errors.ts";
import type { Grant, ShownLicenseKey } from "../domain/grant.ts";
import { type CustomerId, mailId } from "../domain/ids.ts";
import { NO_IDS } from "../domain/purchase-file.ts";
import { wantedAccess } from "../domain/slot.ts";
import type { LeasedEffect, LicenseLetter, Mailer } from "../ports.ts";
import { holdLease } from "./hold-lease.ts";
import { withKeys } from "./purchase-grants.ts";
import type { EffectPorts, EffectResult } from "./run-effects.ts";

/** Tries after which a bounce is believed: some servers bounce at first and take it later. */
const BOUNCES = 6;

type Letter = Pick<LicenseLetter, "id" | "news">;

/**
 * Tells a customer about a licence by mail; nobody to write to is no error. A letter is recorded as soon as the mail server
 * has taken it; if that record is lost it goes out once more under the same Message-ID (decision 0009). What fails is tried
 * again, and when it is given up the customer's timeline says so.
 */
export async function sendMail(
  ports: EffectPorts,
  leased: LeasedEffect,
  effect: SendMail,
): Promise<EffectResult> {
  const { mailer, records, store } = ports;
  const { customerId } = effect;
  if (mailer === null) return { kind: "done" };
  const [grant, { file }] = await Promise.all([
    records.grant(customerId, effect.grantId),
    store.load({ ...NO_IDS, customerId }),
  ]);
  const letter = grant === null ? null : await letterOf(ports, grant, effect.news, file.customer);
  if (grant === null || letter === null) return { kind: "done" };
  const to = file.customer?.contact?.email ?? (await lookUp(ports, leased, customerId));
  if (to === null) return { kind: "done" };
  const lease = await holdLease(ports, leased, mailer.timeoutMs);
  if (lease === null) return { kind: "later", code: "lease_lost" };
  const language = file.customer?.contact?.language ?? null;
  const entitlement = ports.settings.policy.catalog.entitlements.get(grant.entitlementId);
  const productName = entitlement?.name ?? grant.entitlementId;
  const sent = await send(ports, mailer, lease, { ...letter, to, language, productName });
  if (sent.kind === "later") return { kind: "later", code: sent.code, lease };
  const code = sent.kind === "sent" ? null : sent.code;
  const audit = auditLetter(grant, letter.news.kind, code, ports.clock.now());
  await ports.mailRecords.settle(letter.id, code === null ? "sent" : "given_up", audit);
  return { kind: "done", lease };
}

/** Who can't be looked up for a day has no address, until the app tells one. */
async function lookUp(
  { accounts, clock, log }: EffectPorts,
  leased: LeasedEffect,
  customerId: CustomerId,
): Promise<string | null> {
  try {
    return await accounts.email(customerId);
  } catch (error) {
    const over = isExhausted("send_mail", clock.now() - leased.askedAt);
    if (!(error instanceof OutsideError) || !over) throw error;
    log.error("mail.no_address", { effect_id: leased.id, code: error.code });
    return null;
  }
}

type Sent =
  | { readonly kind: "sent" }
  | { readonly kind: "given_up"; readonly code: string }
  | { readonly kind: "later"; readonly code: string };

async function send(
  { clock, log }: EffectPorts,
  mailer: Mailer,
  leased: LeasedEffect,
  letter: LicenseLetter,
): Promise<Sent> {
  try {
    await mailer.send(letter);
    return { kind: "sent" };
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    const { code, kind } = error;
    const bounced = kind === "refused" && leased.attempts + 1 >= BOUNCES;
    const over = bounced || isExhausted("send_mail", clock.now() - leased.askedAt);
    if (over) log.error("mail.given_up", { mail_id: letter.id, code });
    return { kind: over ? "given_up" : "later", code };
  }
}

/** @returns null where there is nothing to tell, any more. */
async function letterOf(
  ports: EffectPorts,
  grant: Grant,
  news: SendMail["news"],
  customer: CustomerFile | null,
): Promise<Letter | null> {
  const { licenseKey } = grant;
  if (licenseKey === null) return null;
  const { masked } = licenseKey;
  if (news === "revoked") {
    const id = mailId(grant.id, "revoked");
    const reason = grant.revocationReason;
    if (reason === null || isOutdated(grant, customer) || (await ports.mailRecords.isSent(id))) return null;
    return { id, news: { kind: "revoked", masked, reason } };
  }
  // Taken away again before the letter went out: a key that no longer works is no news.
  if (grant.status !== "Delivered") return null;
  const id = mailId(licenseKey.id, "delivered");
  const former = await formerKey(ports, grant);
  const isSame = former?.id === licenseKey.id;
  if (await ports.mailRecords.isSent(id)) return isSame ? restored(ports, grant, masked) : null;
  const [owned] = await withKeys(ports, [grant]);
  if (owned?.key == null) {
    ports.log.error("mail.no_key", { mail_id: id });
    return null;
  }
  // The key whose place this one takes.
  const formerMasked = isSame ? null : (former?.masked ?? null);
  return { id, news: { kind: "delivered", key: owned.key, formerMasked, until: grant.expiresAt } };
}

/**
 * Another letter tells more: at a plan change the one with the new key says that the former one no longer works; and while
 * this one waited the same key may have come to work again.
 */
function isOutdated({ revocationReason, slotId, licenseKey }: Grant, customer: CustomerFile | null): boolean {
  const slot = customer?.slots[slotId];
  if (slot === undefined) return false;
  if (slot.grant?.status === "Delivered" && slot.grant.licenseKey?.id === licenseKey?.id) return true;
  const isReplaced = wantedAccess(slot).kind === "active" && slot.failure === null;
  return revocationReason === "plan_changed" && isReplaced;
}

/** The key was told before, with an earlier row. */
async function restored({ mailRecords }: EffectPorts, grant: Grant, masked: string): Promise<Letter | null> {
  const id = mailId(grant.id, "restored");
  if (await mailRecords.isSent(id)) return null;
  return { id, news: { kind: "restored", masked, until: grant.expiresAt } };
}

/** What the row before showed. */
async function formerKey({ records }: EffectPorts, grant: Grant): Promise<ShownLicenseKey | null> {
  const former = grant.regrantOf === null ? null : await records.grant(grant.customerId, grant.regrantOf);
  return former?.licenseKey ?? null;
}
