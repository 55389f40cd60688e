import type { RevocationReason } from "../../../domain/access.ts";
import type { Phrases, Reason } from "./phrases.ts";

const ASK_THE_SELLER = "If you have a question about it, please contact the seller.";

const reasons: Record<RevocationReason, Reason> = {
  subscription_on_hold: {
    why: "Your subscription is paused, or its last payment didn’t go through.",
    next: "Your key is kept for you: the same one works again as soon as the payment goes through or you resume the subscription. You can check this in the Google Play app under “Payments & subscriptions”.",
  },
  subscription_cancelled: {
    why: "Your subscription was canceled, and its paid period is over.",
    next: "You’re welcome back at any time: subscribe again in the app, and you’ll get a new key.",
  },
  subscription_expired: {
    why: "The period this key was valid for is over.",
    next: "To go on using it, you can buy it in the app; you’ll get a new key then.",
  },
  plan_changed: {
    why: "Your plan was changed, and this key belonged to the former plan.",
    next: "If your new plan comes with a key, you’ll get it in an email of its own.",
  },
  refund: {
    why: "The payment for this purchase was returned.",
    next: "You’ll find the details in your order history on Google Play. If you didn’t expect this, please contact the seller.",
  },
  manual: { why: "The seller ended this license.", next: ASK_THE_SELLER },
  license_key_disabled: { why: "This key was turned off in the license system.", next: ASK_THE_SELLER },
  platform_external: {
    why: "The license was ended by the service that it’s connected to.",
    next: ASK_THE_SELLER,
  },
};

const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "UTC" });

export const english: Phrases = {
  language: "en",
  subject: {
    delivered: "Your license key",
    replaced: "Your new license key",
    restored: "Your license key works again",
    paused: "Your license key is paused",
    ended: "Your license key has ended",
  },
  heading: {
    delivered: "Here is your license key",
    replaced: "Here is your new license key",
    restored: "Your license key works again",
    paused: "Your license key is paused",
    ended: "Your license key has ended",
  },
  keyLabel: "License key",
  untilLabel: "Valid until",
  delivered: (product) => `Use this key to unlock ${product}.`,
  replaced: (product, ending) =>
    `This key for ${product} replaces your former one ending in ${ending}, which no longer works.`,
  howTo: {
    below: "Copy the key and paste it where the app asks for it.",
    above: "Copy the key above and paste it where the app asks for it.",
  },
  keepIt: "Please keep this email, and keep the key to yourself.",
  renewal: "If it renews, this date moves on and the key stays the same.",
  restored: (product, ending) => `Your key for ${product} ending in ${ending} works again.`,
  nothingToDo: "It’s the same key as before, so there is nothing you need to do.",
  paused: (product, ending) => `Your key for ${product} ending in ${ending} doesn’t work for now.`,
  ended: (product, ending) => `Your key for ${product} ending in ${ending} no longer works.`,
  reasons,
  automatic: "This email was sent automatically to the owner of this license.",
  moment: (at) => `${day.format(at)}, ${time.format(at)} UTC`,
};
