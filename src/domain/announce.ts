import { type Contact, learn } from "./contact.ts";
import { type EffectRequest, requestEffect } from "./effect.ts";
import { type CustomerFile, emptyCustomerFile, slotsOf } from "./entitlements.ts";
import { eventIdsByCustomer, type GrantEvent } from "./grant-events.ts";
import type { CustomerId } from "./ids.ts";
import type { Instant } from "./instant.ts";

/** Asks that the outside be told of what a commit has brought about: one effect a customer, its events in their order. */
export function announce(events: readonly GrantEvent[], now: Instant): EffectRequest[] {
  return eventIdsByCustomer(events).map(([customerId, eventIds]) =>
    requestEffect({ kind: "publish_events", customerId, eventIds }, now),
  );
}

/** How a customer is reached, with the letters that were waiting for an address. */
export interface Introduced {
  readonly customer: CustomerFile;
  readonly effects: readonly EffectRequest[];
}

/**
 * The app tells how its customer is reached: with a new address come the letters about keys that have not gone out: delivered
 * before any address was known, by a notice that was faster than the app, or bounced at the former one.
 *
 * @returns null where nothing is new.
 */
export function introduce(
  file: CustomerFile | null,
  customerId: CustomerId,
  told: Contact,
  now: Instant,
): Introduced | null {
  const customer = file ?? emptyCustomerFile(customerId);
  const contact = learn(customer.contact, told);
  if (contact === customer.contact || (contact.email === null && contact.language === null)) return null;
  const isNew = contact.email !== null && contact.email !== customer.contact?.email;
  const open = isNew ? slotsOf(customer).flatMap(({ grant }) => grant ?? []) : [];
  const effects = open
    .filter(({ licenseKey }) => licenseKey !== null)
    .map(({ id: grantId }) =>
      requestEffect({ kind: "send_mail", customerId, grantId, news: "delivered" }, now),
    );
  return { customer: { ...customer, contact }, effects };
}
