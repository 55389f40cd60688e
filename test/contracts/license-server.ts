import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asCustomerId, asPurchaseId, type CustomerId, grantId, slotId } from "../../src/domain/ids.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { LicenseOrder, LicenseServer } from "../../src/ports.ts";

/** What the other side holds of a licence. */
export interface HeldLicense {
  readonly status: string;
  /** Epoch seconds. */
  readonly expiresAt: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface LicenseServerHarness {
  readonly server: LicenseServer;
  /** A product and policy that it sells. */
  readonly product: string;
  readonly policyId: string;
  /** Oldest first. */
  held(): HeldLicense[];
  /**
   * The next call is …: `done_unheard` done, but its answer is lost; `turned_away` sent off until later; and from now on
   * `down` nothing is done or answered, until `up`.
   */
  make(fault: "done_unheard" | "turned_away" | "down" | "up"): void;
  close(): Promise<void>;
}

/** What every licence server must do: run it on each that the project has. */
export function licenseServerContract(name: string, start: () => Promise<LicenseServerHarness>): void {
  describe(`the licence server port: ${name}`, () => {
    let harness: LicenseServerHarness;
    let server: LicenseServer;

    beforeEach(async () => {
      harness = await start();
      server = harness.server;
    });
    afterEach(() => harness.close());

    const order = (changes: Partial<LicenseOrder> = {}) => anOrder(harness, changes);

    it("issues a licence and tells its key, which prints as nothing", async () => {
      const issued = await server.issue(order());
      expect(issued.key.reveal().length).toBeGreaterThan(8);
      expect(JSON.stringify(issued)).not.toContain(issued.key.reveal());
      expect(harness.held()).toMatchObject([{ status: "active", expiresAt: null }]);
    });

    it("writes on the licence whose it is and what it was bought with", async () => {
      const mine = order({ attempt: 3 });
      await server.issue(mine);
      expect(harness.held()[0]?.metadata).toEqual({
        order: mine.orderId,
        purchase: mine.purchaseId,
        grant: mine.grantId,
        slot: mine.slotId,
        customer: mine.customerId,
        attempt: "3",
      });
    });

    it("names the purchase as order where Play has no order id", async () => {
      const gift = order({ orderId: null });
      await server.issue(gift);
      expect(harness.held()[0]?.metadata.order).toBe(gift.purchaseId);
      expect(await server.findBySlot(gift.slotId)).toMatchObject([{ orderId: null }]);
    });

    it("makes a licence per call: it is the caller who must ask once", async () => {
      const mine = order();
      const [first, second] = [await server.issue(mine), await server.issue(mine)];
      expect(first.key.equals(second.key)).toBe(false);
      expect(harness.held()).toHaveLength(2);
    });

    it("finds the licences of a slot, and of no other", async () => {
      const mine = order({ attempt: 2 });
      const { licenseId } = await server.issue(mine);
      await server.issue(order());
      const { grantId: grant, orderId } = mine;
      expect(await server.findBySlot(mine.slotId)).toEqual([
        { licenseId, attempt: 2, grantId: grant, orderId, revoked: false },
      ]);
      expect(await server.findBySlot(order().slotId)).toEqual([]);
    });

    it("says of an issue whose answer is lost that nobody knows, and finds its one licence with its attempt", async () => {
      const mine = order({ attempt: 7 });
      await server.issue(order());
      harness.make("done_unheard");
      await expect(server.issue(mine)).rejects.toMatchObject({ name: "OutsideError", kind: "unknown" });
      const found = await server.findBySlot(mine.slotId);
      expect(found).toMatchObject([{ attempt: 7, grantId: mine.grantId, revoked: false }]);
    });

    it("says busy to an issue that was turned away, and has made nothing", async () => {
      harness.make("turned_away");
      await expect(server.issue(order())).rejects.toMatchObject({ name: "OutsideError", kind: "busy" });
      expect(harness.held()).toEqual([]);
    });

    it("refuses an order of what isn't sold", async () => {
      const foreign = server.issue(order({ policyId: "nothing" }));
      await expect(foreign).rejects.toMatchObject({ name: "OutsideError", kind: "refused" });
    });

    it("suspends, resumes and revokes, each as often as it is asked", async () => {
      const { key } = await server.issue(order());
      for (const [action, status] of [
        ["suspend", "suspended"],
        ["resume", "active"],
        ["suspend", "suspended"],
        ["revoke", "revoked"],
      ] as const) {
        await server.setStatus(key, action);
        await server.setStatus(key, action);
        expect(harness.held()[0]?.status).toBe(status);
      }
    });

    it("still finds a revoked licence, and says so", async () => {
      const mine = order();
      const { key } = await server.issue(mine);
      await server.setStatus(key, "revoke");
      expect(await server.findBySlot(mine.slotId)).toMatchObject([{ revoked: true }]);
    });

    it.each(["done_unheard", "turned_away"] as const)(
      "gets a change through by itself: %s once",
      async (fault) => {
        const { key } = await server.issue(order());
        harness.make(fault);
        await server.setStatus(key, "suspend");
        harness.make(fault);
        await server.setExpiry(key, 1_900_000_000_000);
        harness.make(fault);
        await server.setStatus(key, "revoke");
        expect(harness.held()).toMatchObject([{ status: "revoked", expiresAt: 1_900_000_000 }]);
      },
    );

    it("moves the end of a licence, to the second that isn't too early", async () => {
      const { key } = await server.issue(order());
      await server.setExpiry(key, 1_900_000_000_000);
      expect(harness.held()[0]?.expiresAt).toBe(1_900_000_000);
      await server.setExpiry(key, 1_900_000_000_001);
      expect(harness.held()[0]?.expiresAt).toBe(1_900_000_001);
    });

    it("takes the revoke of a key it doesn't know for done", async () => {
      await server.setStatus(new Secret("KEYT-0000-0000-0000-0000-0000"), "revoke");
    });

    it("refuses to change a licence that is revoked, or that it doesn't know: it is gone", async () => {
      const { key } = await server.issue(order());
      await server.setStatus(key, "revoke");
      const gone = { name: "OutsideError", kind: "refused", code: "keythai_license_gone" };
      for (const dead of [key, new Secret("KEYT-0000-0000-0000-0000-0000")]) {
        await expect(server.setStatus(dead, "suspend")).rejects.toMatchObject(gone);
        await expect(server.setStatus(dead, "resume")).rejects.toMatchObject(gone);
        await expect(server.setExpiry(dead, 1_900_000_000_000)).rejects.toMatchObject(gone);
      }
      expect(harness.held()).toMatchObject([{ status: "revoked", expiresAt: null }]);
    });

    it("tells how a licence stands, and until when", async () => {
      const { key } = await server.issue(order());
      expect(await server.standing(key)).toEqual({ status: "active", expiresAt: null });
      await server.setExpiry(key, 1_900_000_000_000);
      expect(await server.standing(key)).toEqual({ status: "active", expiresAt: 1_900_000_000_000 });
      await server.setStatus(key, "suspend");
      expect(await server.standing(key)).toMatchObject({ status: "suspended" });
      await server.setStatus(key, "resume");
      expect(await server.standing(key)).toMatchObject({ status: "active" });
    });

    it("tells of a licence that ran out that it is active: its end says the rest", async () => {
      const { key } = await server.issue(order());
      await server.setExpiry(key, 1_600_000_000_000);
      expect(await server.standing(key)).toEqual({ status: "active", expiresAt: 1_600_000_000_000 });
    });

    it("tells of a licence that is revoked, or that it doesn't know, that it is gone", async () => {
      const { key } = await server.issue(order());
      await server.setStatus(key, "revoke");
      expect(await server.standing(key)).toMatchObject({ status: "gone" });
      const stranger = new Secret("KEYT-0000-0000-0000-0000-0000");
      expect(await server.standing(stranger)).toEqual({ status: "gone", expiresAt: null });
    });

    it("tells how a licence stands by itself after one hiccup", async () => {
      const { key } = await server.issue(order());
      harness.make("turned_away");
      expect(await server.standing(key)).toMatchObject({ status: "active" });
    });

    it("makes an issued gift findable without a purchase", async () => {
      const gift = order({ purchaseId: null, orderId: null });
      await server.issue(gift);
      expect(await server.findBySlot(gift.slotId)).toMatchObject([{ grantId: gift.grantId }]);
      expect(harness.held()[0]?.metadata).not.toHaveProperty("purchase");
      expect(harness.held()[0]?.metadata).not.toHaveProperty("order");
    });

    it("says busy to all that may be repeated while it is down, and unknown to an issue", async () => {
      const mine = order();
      const { key } = await server.issue(mine);
      harness.make("down");
      const busy = { name: "OutsideError", kind: "busy" };
      await expect(server.setStatus(key, "revoke")).rejects.toMatchObject(busy);
      await expect(server.setExpiry(key, 1_900_000_000_000)).rejects.toMatchObject(busy);
      await expect(server.findBySlot(mine.slotId)).rejects.toMatchObject(busy);
      await expect(server.standing(key)).rejects.toMatchObject(busy);
      await expect(server.issue(mine)).rejects.toMatchObject({ name: "OutsideError", kind: "unknown" });
      harness.make("up");
      await server.setStatus(key, "revoke");
      expect(harness.held()).toMatchObject([{ status: "revoked" }]);
    });
  });
}

/** A slot of its own each time. */
export function anOrder(
  sells: Pick<LicenseServerHarness, "product" | "policyId">,
  changes: Partial<LicenseOrder> = {},
): LicenseOrder {
  const slot = slotId(CUSTOMER, randomUUID(), "desktop", 1);
  return {
    product: sells.product,
    policyId: sells.policyId,
    slotId: slot,
    attempt: 1,
    grantId: grantId(slot, 1),
    customerId: CUSTOMER,
    purchaseId: asPurchaseId("pur_0123456789abcdef0123456789abcdef"),
    orderId: "GPA.3345-1234-5678-90123",
    ...changes,
  };
}

const CUSTOMER = customer("uid-somchai");

function customer(uid: string): CustomerId {
  const id = asCustomerId(uid);
  if (id === null) throw new Error("no customer id");
  return id;
}
