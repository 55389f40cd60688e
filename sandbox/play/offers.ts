import { DAY } from "../clock.ts";
import type { OfferInput } from "./inputs.ts";
import { TEST_TRIAL_MS, testPeriod } from "./lengths.ts";
import type { LineItem, OfferPhase } from "./model.ts";
import { baht, moneyOf } from "./money.ts";

/** A free trial, then the introductory price, each where the offer has it; the base price follows. */
export function offerOf(
  offer: OfferInput | undefined,
  periodMs: number,
  fast: boolean,
): Pick<LineItem, "offerId" | "offerTags" | "phases"> {
  if (offer === undefined) return { offerId: null, offerTags: [], phases: [] };
  const phases: OfferPhase[] = [];
  const { freeTrialDays, introductory } = offer;
  if (freeTrialDays !== undefined) {
    const length = fast ? TEST_TRIAL_MS : freeTrialDays * DAY;
    phases.push({ kind: "free_trial", price: baht(0), periodMs: length, cycles: 1 });
  }
  if (introductory !== undefined) {
    const { price, days, cycles = 1 } = introductory;
    const asked = days === undefined ? periodMs : days * DAY;
    const length = fast ? testPeriod(asked) : asked;
    phases.push({ kind: "introductory", price: moneyOf(price, 0), periodMs: length, cycles });
  }
  return { offerId: offer.offerId, offerTags: offer.tags ?? [], phases };
}
