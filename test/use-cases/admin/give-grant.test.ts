import { expect, it } from "vitest";
import { DAY, type Instant } from "../../../src/domain/instant.ts";
import { giveGrant } from "../../../src/use-cases/admin/give-grant.ts";
import { sweepLicenses } from "../../../src/use-cases/sweep-licenses.ts";
import { ANN, NOW, only } from "../../support/builders.ts";
import { createWorld } from "../../support/ports.ts";

it("a gift that was for a while and is for good now: its licence outlives its old end", async () => {
  const world = createWorld();
  const shop = world.process();
  const give = (expiresAt: Instant | null) =>
    world.run(
      giveGrant(shop.ports, { customerId: ANN, entitlementId: "desktop", expiresAt, note: null }, "eve"),
    );
  await give(NOW + 10 * DAY);
  expect(only(world.licenses.live()).expiresAt).toBe(NOW + 10 * DAY);
  await give(null);
  await shop.settle();
  const { expiresAt } = only(world.licenses.live());
  expect(expiresAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(NOW + 100 * 365 * DAY);
  world.clock.advance(11 * DAY);
  await world.run(sweepLicenses(shop.ports, 10));
  expect(only(world.licenses.live()).expiresAt).toBe(expiresAt);
  expect(world.customer(ANN).entitlements.desktop).toMatchObject({ active: true, accessUntil: null });
});
