import { beforeEach, expect, it } from "vitest";
import { emptyCustomerFile } from "../../src/domain/entitlements.ts";
import { listGrants, listPurchases, readCustomer, readGrant } from "../../src/use-cases/customer-reads.ts";
import { ANN, BEN, must, oneTime, only, product } from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { googleSays, verify } from "./support/acts.ts";

let world: World;
let service: Process;

beforeEach(async () => {
  world = createWorld();
  service = world.process();
  googleSays(world, "first", oneTime());
  googleSays(world, "second", oneTime({ items: [product({ productId: "lumen_v2", orderId: "GPA.2" })] }));
  await verify(world, service, "first");
  world.clock.advance(1_000);
  await verify(world, service, "second");
  await service.settle();
});

const PAGE = { limit: 10, cursor: null };

it("tells what a customer holds, and nothing of one whom nobody knows", async () => {
  expect((await readCustomer(service.ports, ANN)).entitlements.pro?.purchaseIds).toHaveLength(2);
  expect(await readCustomer(service.ports, BEN)).toEqual(emptyCustomerFile(BEN));
});

it("lists a customer's purchases and grants, newest first, keys in clear", async () => {
  const purchases = await listPurchases(service.ports, ANN, PAGE);
  expect(purchases.data.map(({ answer }) => answer?.items[0]?.productId)).toEqual([
    "lumen_v2",
    "lumen_lifetime",
  ]);
  const grants = await listGrants(service.ports, ANN, PAGE);
  const keys = grants.data.flatMap(({ key }) => key?.reveal() ?? []);
  expect([grants.data.length, keys]).toEqual([3, [only(world.licenses.all).key]]);
  expect((await listGrants(service.ports, BEN, PAGE)).data).toEqual([]);
});

it("reads one grant of one's own, and never one of somebody else's", async () => {
  const { grant } = must((await listGrants(service.ports, ANN, PAGE)).data.find(({ key }) => key !== null));
  expect((await readGrant(service.ports, ANN, grant.id)).key?.reveal()).toBe(only(world.licenses.all).key);
  await expect(readGrant(service.ports, BEN, grant.id)).rejects.toMatchObject({ code: "not_found" });
  await expect(readGrant(service.ports, ANN, "egr_none" as never)).rejects.toMatchObject({
    code: "not_found",
  });
});

it("refuses a cursor that isn't ours", async () => {
  const page = { limit: 10, cursor: "abc" };
  await expect(listGrants(service.ports, ANN, page)).rejects.toMatchObject({ code: "invalid_request" });
});
