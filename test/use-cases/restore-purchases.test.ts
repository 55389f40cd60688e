import { beforeEach, expect, it } from "vitest";
import { AppError } from "../../src/domain/errors.ts";
import { restorePurchases } from "../../src/use-cases/restore-purchases.ts";
import {
  ANN,
  BEN,
  lineItem,
  oneTime,
  PACKAGE,
  product,
  refOf,
  subscription,
  token,
} from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { findLicenceFaults, googleSays, verify } from "./support/acts.ts";

let world: World;
let service: Process;

beforeEach(() => {
  world = createWorld();
  service = world.process();
});

function restore(names: readonly string[], productId = "lumen_lifetime") {
  const requests = names.map((name) => ({ packageName: PACKAGE, productId, token: token(name) }));
  return world.run(restorePurchases(service.ports, ANN, requests));
}

it("answers each in the order given: the purchase, or why not", async () => {
  googleSays(world, "good", oneTime());
  googleSays(world, "bens", oneTime());
  googleSays(world, "other", oneTime({ items: [product({ productId: "lumen_v2" })] }));
  world.play.put(refOf("gone", "one_time"), "purchase_token_expired");
  await verify(world, service, "bens", { customerId: BEN });
  const { results, customer } = await restore(["gone", "bens", "good", "unknown", "other"]);
  expect(results.map((result) => (result instanceof AppError ? result.code : result.purchase.id))).toEqual([
    "purchase_token_expired",
    "purchase_owned_by_another_customer",
    refOf("good", "one_time").id,
    "purchase_not_found",
    "product_mismatch",
  ]);
  expect(customer.entitlements.pro?.active).toBe(true);
});

it("restores fifty at once into one customer's file, none lost", async () => {
  const names = Array.from({ length: 50 }, (_, index) => `buy-${index}`);
  names.forEach((name, index) => {
    googleSays(world, name, oneTime({ items: [product({ orderId: `GPA.${index}` })] }));
  });
  const { results, customer } = await restore(names);
  expect(results.filter((result) => result instanceof AppError)).toEqual([]);
  await service.settle();
  expect(customer.entitlements.pro?.purchaseIds).toHaveLength(50);
  expect(world.licenses.live()).toHaveLength(50);
  expect(await findLicenceFaults(world)).toEqual([]);
});

it("takes one purchase that is named many times as one", async () => {
  googleSays(world, "first", oneTime());
  const { results } = await restore(Array.from({ length: 8 }, () => "first"));
  expect(results.filter((result) => result instanceof AppError)).toEqual([]);
  await service.settle();
  expect(world.licenses.all).toHaveLength(1);
});

it("brings back a subscription that went on without us", async () => {
  googleSays(world, "first", subscription({ items: [lineItem()] }));
  const { customer } = await restore(["first"], "lumen_pro");
  expect(customer.entitlements.pro).toMatchObject({ active: true, willRenew: true });
});

it("of nothing is nothing", async () => {
  expect(await restore([])).toMatchObject({ results: [], customer: { slots: {} } });
});

it("fails as a whole on a bug", async () => {
  world.play.failNext("getPurchase", new TypeError("oops"));
  await expect(restore(["first"])).rejects.toThrow(TypeError);
});
