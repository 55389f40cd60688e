import { describe, expect, it } from "vitest";
import { createKeyThaiClient } from "../../../src/adapters/keythai/keythai-client.ts";
import { createLicenseServer } from "../../../src/adapters/keythai/license-server.ts";
import { type SlotId, slotId } from "../../../src/domain/ids.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { anOrder } from "../../contracts/license-server.ts";
import { startKeyThai } from "./sandbox-harness.ts";
import { type Answer, startScripted } from "./scripted-server.ts";

const { customerId } = anOrder({ product: "", policyId: "" });
const SLOT = slotId(customerId, "chain", "desktop", 1);
const ours = (id: string, more: object = {}) => ({ id, status: "active", metadata: { slot: SLOT, ...more } });
const page = (...licenses: object[]): Answer => ({ body: { licenses } });

async function find(answers: readonly Answer[], maxPages = 5) {
  await using scripted = await startScripted(answers);
  const truncated: SlotId[] = [];
  const client = createKeyThaiClient({ apiKey: new Secret("kt"), baseUrl: scripted.url, timeoutMs: 5_000 });
  const server = createLicenseServer({
    client,
    issueTimeoutMs: 1,
    maxPages,
    onTruncated: (slot) => truncated.push(slot),
  });
  const found = await server.findBySlot(SLOT);
  return {
    found,
    truncated,
    asked: scripted.seen.map(({ query }) => query),
    ids: found.map((it) => it.licenseId),
  };
}

describe("the search for licences whose key was lost", () => {
  it.each([true, false])(
    "finds one among hundreds, and after it was cut; q matches metadata: %s",
    async (matches) => {
      const harness = await startKeyThai({ maxPages: 10 });
      harness.keythai.qMatchesMetadata = matches;
      const lost = anOrder(harness, { attempt: 4 });
      harness.fault({ kind: "cut_after" });
      await expect(harness.server.issue(lost)).rejects.toMatchObject({ kind: "unknown" });
      for (let other = 0; other < 250; other += 1) {
        harness.keythai.create({
          product: "my-app",
          policyId: harness.policyId,
          metadata: { slot: `slt_${other}` },
        });
      }
      const found = await harness.server.findBySlot(lost.slotId).finally(harness.close);
      const licenseId = harness.keythai.licences[0]?.id;
      const { grantId, orderId } = lost;
      expect(found).toEqual([{ licenseId, attempt: 4, grantId, orderId, revoked: false }]);
      expect(harness.keythai.calls.list).toBe(matches ? 2 : 5);
    },
  );

  it("asks by q first, and is content with what that brings", async () => {
    const { asked, ids } = await find([page(ours("a")), page()]);
    expect(ids).toEqual(["a"]);
    expect(asked).toEqual([
      { q: SLOT, page: "1", limit: "100" },
      { q: SLOT, page: "2", limit: "100" },
    ]);
  });

  it("doesn't take q's word for it: metadata decides", async () => {
    const stranger = { id: "b", metadata: { slot: `${SLOT}0`, note: SLOT } };
    const { ids } = await find([page(stranger, ours("a")), page()]);
    expect(ids).toEqual(["a"]);
  });

  it("reads the whole list when q brought nothing", async () => {
    const { asked, ids } = await find([page(), page({ id: "x" }), page(ours("a")), page()]);
    expect(ids).toEqual(["a"]);
    expect(asked.slice(1)).toEqual(["1", "2", "3"].map((number) => ({ page: number, limit: "100" })));
  });

  it("reads on past a short page: KeyThai may cap the limit", async () => {
    const { ids } = await find([page(ours("a")), page({ id: "x" }), page(ours("b")), page()]);
    expect(ids).toEqual(["a", "b"]);
  });

  it("counts once what comes twice, and stops where pages repeat", async () => {
    const { asked, ids, truncated } = await find([
      page(ours("a")),
      page(ours("a"), ours("b")),
      page(ours("b")),
    ]);
    expect(ids).toEqual(["a", "b"]);
    expect(asked).toHaveLength(3);
    expect(truncated).toEqual([]);
  });

  it("gives what it has when the list goes on for ever, and says that this may not be all", async () => {
    const endless = Array.from({ length: 20 }, (_, number) => page({ id: `x${number}` }, ours(`a${number}`)));
    const { asked, ids, truncated } = await find(endless, 3);
    expect(ids).toEqual(["a0", "a1", "a2"]);
    expect(asked).toHaveLength(3);
    expect(truncated).toEqual([SLOT]);
  });

  it("says so once, when neither search came to an end", async () => {
    const { ids, truncated, asked } = await find([page({ metadata: {} })], 2);
    expect([ids, truncated, asked.length]).toEqual([[], [SLOT], 4]);
  });

  it("passes over licences that tell nothing of themselves", async () => {
    const { found } = await find([page({}, { id: null }, { id: "x", metadata: null }, ours("a")), page()]);
    expect(found).toHaveLength(1);
  });

  it.each([
    [{ attempt: "12" }, 12],
    [{ attempt: 12 }, 12],
    [{ attempt: "" }, null],
    [{ attempt: "1e3" }, null],
    [{ attempt: "-1" }, null],
    [{ attempt: null }, null],
    [{}, null],
  ])("reads the attempt out of %j: %j", async (metadata, attempt) => {
    const { found } = await find([page(ours("a", metadata)), page()]);
    expect(found).toEqual([{ licenseId: "a", attempt, grantId: null, orderId: null, revoked: false }]);
  });

  it.each([
    ["revoked", true],
    ["REVOKED", true],
    ["suspended", false],
    ["expired", false],
    [null, false],
  ])("knows by its status whether a licence is revoked: %j", async (status, revoked) => {
    const { found } = await find([page({ ...ours("a"), status }), page()]);
    expect(found).toMatchObject([{ revoked }]);
  });
});
