import type { MoneyInput } from "./inputs.ts";
import type { Money } from "./model.ts";

const BILLION = 1_000_000_000;

/** 99.5 → `{units: "99", nanos: 500000000}` baht. */
export function baht(amount: number): Money {
  const units = Math.floor(amount);
  const nanos = Math.round((amount - units) * BILLION);
  return { currencyCode: "THB", units: String(units), ...(nanos === 0 ? {} : { nanos }) };
}

/** The sum of prices in one currency; an order's total over its line items. */
export function sum(prices: readonly Money[], times = 1): Money {
  let units = 0;
  let nanos = 0;
  for (const price of prices) {
    units += Number(price.units) * times;
    nanos += (price.nanos ?? 0) * times;
  }
  units += Math.floor(nanos / BILLION);
  nanos %= BILLION;
  const currencyCode = prices[0]?.currencyCode ?? "THB";
  return { currencyCode, units: String(units), ...(nanos === 0 ? {} : { nanos }) };
}

/** A price of the control API: a number of baht, or Google's money. */
export function moneyOf(price: MoneyInput | undefined, otherwise: number): Money {
  if (price === undefined) return baht(otherwise);
  if (typeof price === "number") return baht(price);
  const { currencyCode, units, nanos } = price;
  return { currencyCode, units, ...(nanos === undefined ? {} : { nanos }) };
}
