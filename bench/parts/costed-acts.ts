import { createSweeps } from "../../src/use-cases/sweeps.ts";
import type { CostedShop, Spent } from "./costed-shop.ts";
import { PACKAGE, type PurchaseType } from "./shop.ts";

/** What people, Google and time do in a story. */

export interface Customer {
  readonly uid: string;
  readonly type: PurchaseType;
  readonly token: string;
}

let customers = 0;

/** Somebody buys; the notice of it is kept back. */
export async function buys(shop: CostedShop, type: PurchaseType): Promise<Customer> {
  customers += 1;
  const uid = `customer-${String(customers).padStart(8, "0")}`;
  const sold = { uid, packageName: PACKAGE, productId: type, type };
  const { purchaseToken: token } = shop.sandbox.play.buy(sold);
  return { uid, type, token };
}

/** The app presents it. */
export async function verifies(shop: CostedShop, { uid, type, token }: Customer): Promise<void> {
  const body = { package_name: PACKAGE, product_id: type, purchase_token: token };
  await shop.send(await shop.ask(uid, "/v1/purchases/verify", body));
}

export async function hearsOf(shop: CostedShop): Promise<void> {
  for (const notice of await shop.notices()) await shop.send(notice);
}

/** Bought, verified and told of: nothing is open any more. */
export async function settled(shop: CostedShop, type: PurchaseType = "subscription"): Promise<Customer> {
  const customer = await buys(shop, type);
  await shop.spend(() => verifies(shop, customer));
  await shop.spend(() => hearsOf(shop));
  return customer;
}

/** Who was there before all. */
export function firstOf({ sandbox }: CostedShop): { readonly token: string } {
  return { token: sandbox.play.purchases()[0]?.purchaseToken ?? "" };
}

/** One pass of a sweep, so much later. */
export function swept(shop: CostedShop, name: string, later: number): Promise<Spent> {
  shop.moveTo(shop.now() + later);
  const sweep = createSweeps().find((one) => one.name === name);
  return shop.spend(async () => sweep?.run(shop.ports));
}
