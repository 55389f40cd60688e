import { beforeEach, expect, it } from "vitest";
import type { Observation } from "../../src/domain/observation.ts";
import { rememberVoid } from "../../src/use-cases/remember-void.ts";
import { sweepDuePurchases } from "../../src/use-cases/sweep-due-purchases.ts";
import { ANN, NOW, refOf, subscription } from "../support/builders.ts";
import { createWorld, type Process, type World } from "../support/ports.ts";
import { googleSays, stored, verify } from "./support/acts.ts";

let world: World;
let service: Process;
beforeEach(() => {
  world = createWorld();
  service = world.process();
  googleSays(world, "first", subscription());
});

const order = { orderId: "GPA.1", extent: "full", at: NOW } as const;
const voided: Extract<Observation, { kind: "voided" }> = { kind: "voided", order };
const remember = () => world.run(rememberVoid(service.ports, refOf("first"), voided));

it("a purchase that comes after its void gives nothing", async () => {
  await remember();
  await verify(world, service, "first");
  expect(world.customer(ANN).slots).toEqual({});
});

it("one that came just before is looked at again by the next sweep", async () => {
  await verify(world, service, "first");
  await service.settle();
  await remember();
  await world.run(sweepDuePurchases(service.ports, 10));
  expect(world.customer(ANN).entitlements.pro).toMatchObject({ active: false, state: "revoked" });
  await service.settle();
  expect(world.licenses.live()).toEqual([]);
});

it("again it changes nothing", async () => {
  await remember();
  const before = stored(world, "first");
  await remember();
  expect(stored(world, "first")).toBe(before);
});
