import { beforeEach, describe, expect, it } from "vitest";
import type { Grant } from "../../../src/domain/grant.ts";
import { revokeGrant } from "../../../src/use-cases/admin/revoke-grant.ts";
import { ANN, lineItem, must, NOW, oneTime, subscription, token } from "../../support/builders.ts";
import { createWorld, type Process, type World } from "../../support/ports.ts";
import { eventCounts, findLicenceFaults, googleSays, verify } from "../support/acts.ts";

let world: World;
let service: Process;

beforeEach(() => {
  world = createWorld({ settings: { verifyFreshMs: 0 } });
  service = world.process();
});

const rows = () => [...world.memory.tables.grants.values()];
const rowOf = (entitlementId: string) => must(rows().find((row) => row.entitlementId === entitlementId));
const revoke = (grant: Grant) => world.run(revokeGrant(service.ports, grant.id, "eve"));
const isOpen = (entitlementId: string) => world.customer(ANN).entitlements[entitlementId]?.active;

describe("revoking by hand", () => {
  it("ends access and licence at once, and says who did it", async () => {
    googleSays(world, "first", oneTime());
    await verify(world, service, "first");
    const revoked = await revoke(rowOf("desktop"));
    expect(revoked).toMatchObject({ status: "Revoked", revocationReason: "manual" });
    await service.settle();
    expect([isOpen("desktop"), isOpen("pro"), world.licenses.live()]).toEqual([false, true, []]);
    expect(world.memory.tables.audit.filter(({ actor }) => actor === "eve")).toMatchObject([
      {
        cause: "admin",
        customerId: ANN,
        changes: [{ kind: "admin", grantId: revoked.id }, { kind: "grant" }],
      },
    ]);
  });

  it("is not undone by a renewal, nor by many revokes at once", async () => {
    googleSays(world, "first", subscription());
    await verify(world, service, "first");
    const grant = rowOf("desktop");
    const answers = await world.run(
      Promise.all([1, 2, 3].map(() => revokeGrant(service.ports, grant.id, "eve"))),
    );
    expect(answers.map(({ status }) => status)).toEqual(["Revoked", "Revoked", "Revoked"]);
    googleSays(
      world,
      "first",
      subscription({ items: [lineItem({ orderId: "GPA.1..0", expiresAt: NOW + 1e10 })] }),
    );
    await verify(world, service, "first");
    await service.settle();
    expect([isOpen("desktop"), isOpen("pro")]).toEqual([false, true]);
    expect(eventCounts(world).revoked).toBe(1);
    expect(world.memory.tables.audit.filter(({ actor }) => actor === "eve")).toHaveLength(1);
    expect(await findLicenceFaults(world)).toEqual(["desktop is wanted, and there is no licence"]);
  });

  it("blocks what has ended, also where a later token of the chain has the last word", async () => {
    googleSays(world, "first", subscription());
    await verify(world, service, "first");
    googleSays(world, "first", subscription({ state: "expired", endedBy: "replacement" }));
    const later = { replaces: token("first") };
    googleSays(world, "second", subscription(later));
    await verify(world, service, "second");
    const ended = lineItem({ expiresAt: NOW - 1 });
    googleSays(world, "second", subscription({ ...later, state: "expired", items: [ended] }));
    await verify(world, service, "second");
    await service.settle();
    const grant = must(rows().find(({ entitlementId }) => entitlementId === "pro"));
    expect([grant.status, world.customer(ANN).slots]).toEqual(["Revoked", {}]);
    expect(await revoke(grant)).toEqual(grant);
    googleSays(world, "second", subscription(later));
    await verify(world, service, "second");
    await service.settle();
    expect([isOpen("pro"), isOpen("desktop")]).toEqual([false, true]);
  });
});
