import { describe, expect, test } from "vitest";
import type { CustomerId, SlotId } from "../../../src/domain/ids.ts";
import {
  customerSchema,
  deadLetterSchema,
  orphanSchema,
  replaySchema,
  reviewSchema,
} from "../../../src/http/admin-schemas.ts";
import { pageOf } from "../../../src/http/schemas.ts";
import { asAdmin, deedsOf, exactly, push } from "../support/admin.ts";
import { expectProblem, PACKAGE, sharedService, startService, type TestService } from "../support/service.ts";

const UNKNOWN = `${"a".repeat(24)}.${"B".repeat(120)}`;

function bought(purchaseToken: string, packageName = PACKAGE) {
  const oneTimeProductNotification = { version: "1.0", notificationType: 1, purchaseToken, sku: "x" };
  return { version: "1.0", packageName, eventTimeMillis: "1", oneTimeProductNotification };
}

const encoded = (notice: unknown) => Buffer.from(JSON.stringify(notice)).toString("base64");

const LETTER = {
  reason: "malformed_envelope",
  messageId: null,
  source: "push",
  receivedAt: 1_795_000_000_000,
  packageName: null,
} as const;

describe("lists", () => {
  const shared = sharedService();

  test.each(["/v1/admin/dead_letters", "/v1/admin/license_orphans", "/v1/admin/refund_reviews"])(
    "%s: empty at first, and 400 on what is no page",
    async (path) => {
      const service = shared();
      expect((await asAdmin(service, "GET", path)).body).toEqual({ data: [], next_cursor: null });
      for (const query of ["limit=0", "limit=x", "cursor="]) {
        const problem = expectProblem(
          await asAdmin(service, "GET", `${path}?${query}`),
          400,
          "invalid_request",
        );
        expect(problem.errors?.[0]?.path).toBe(query.slice(0, query.indexOf("=")));
      }
      expectProblem(await asAdmin(service, "GET", `${path}?cursor=abc`), 400, "invalid_request");
    },
  );
});

describe("dead letters", () => {
  const PATH = "/v1/admin/dead_letters";
  const letters = async (service: TestService, query = "") =>
    exactly(pageOf(deadLetterSchema, "DeadLetters"), await asAdmin(service, "GET", `${PATH}${query}`));
  const replay = async (service: TestService, id = "") =>
    exactly(replaySchema, await asAdmin(service, "POST", `${PATH}/${id}/replay`));

  test("as they were received, in pages", async () => {
    const service = await startService();
    await push(service, bought(UNKNOWN), "1");
    await push(service, bought(UNKNOWN, "com.other.app"), "2");
    await push(service, "garbage", "3");
    const { data } = await letters(service);
    const found = Object.fromEntries(data.map((letter) => [letter.message_id, letter]));
    expect(found).toMatchObject({
      1: { reason: "purchase_not_found", source: "push", package_name: PACKAGE },
      2: { reason: "package_not_allowed", package_name: "com.other.app" },
      3: { reason: "not_json", package_name: null, data: Buffer.from("garbage").toString("base64") },
    });
    const first = await letters(service, "?limit=2");
    const rest = await letters(service, `?limit=2&cursor=${encodeURIComponent(String(first.next_cursor))}`);
    expect([...first.data, ...rest.data]).toEqual(data);
    expect(rest.next_cursor).toBeNull();
  });

  test("what works now leaves the list, with all that follows from it, and who did it", async () => {
    const service = await startService();
    const { purchase_token } = service.buy("badge");
    // Google didn't know it yet.
    await service.ports.intake.addDeadLetter({
      ...LETTER,
      reason: "purchase_not_found",
      data: encoded(bought(purchase_token)),
    });
    const [letter] = (await letters(service)).data;
    expect(letter?.reason).toBe("purchase_not_found");
    expect(await replay(service, letter?.id)).toEqual({ id: letter?.id, outcome: "handled" });
    expect((await letters(service)).data).toEqual([]);
    expectProblem(await asAdmin(service, "POST", `${PATH}/${letter?.id}/replay`), 404, "not_found");
    const ann = exactly(customerSchema, await asAdmin(service, "GET", "/v1/admin/customers/ann"));
    expect(ann.entitlements).toMatchObject([{ entitlement_id: "premium", active: true }]);
    expect(ann.timeline.data.at(-2)).toMatchObject({ cause: "admin", summary: "new → purchased (tests)" });
    expect(deedsOf(service).at(-1)).toEqual({
      actor: "tests",
      summary: `dead letter ${letter?.id} (purchase_not_found) replayed by hand`,
    });
  });

  test("what is still hopeless stays, as it was", async () => {
    const service = await startService();
    await push(service, bought(UNKNOWN), "1");
    await push(service, "garbage", "2");
    await push(service, bought(UNKNOWN, "com.other.app"), "3");
    const before = await letters(service);
    for (const { id, reason } of before.data)
      expect(await replay(service, id)).toEqual({ id, outcome: "dead_letter", reason });
    expect(await letters(service)).toEqual(before);
    expect(deedsOf(service)).toEqual([]);
  });

  test("an envelope that couldn't be read is read again", async () => {
    const service = await startService();
    const { purchase_token } = service.buy("badge");
    const body = JSON.stringify({ message: { data: encoded(bought(purchase_token)) } });
    await service.ports.intake.addDeadLetter({ ...LETTER, data: body });
    await service.ports.intake.addDeadLetter({ ...LETTER, data: "{" });
    const found = (await letters(service)).data;
    const outcomes = await Promise.all(
      found.map(async (each) => [each.data, (await replay(service, each.id)).outcome]),
    );
    expect(Object.fromEntries(outcomes)).toEqual({
      "{": "dead_letter",
      [body]: "handled",
    });
  });

  test("503 while Google is down: the letter stays", async () => {
    const service = await startService();
    await push(service, bought(UNKNOWN));
    const { data } = await letters(service);
    service.sandbox.faults.add({ service: "play", kind: "status_503", count: null });
    const answer = await asAdmin(service, "POST", `${PATH}/${data[0]?.id}/replay`);
    expectProblem(answer, 503, "play_unavailable");
    expect((await letters(service)).data).toEqual(data);
  });

  test("404: none of ours, and what is no id", async () => {
    const service = await startService();
    for (const id of [`dlt_${"0".repeat(32)}`, "x", "a%2Fb", "%2E%2E%2Fx"])
      expectProblem(await asAdmin(service, "POST", `${PATH}/${id}/replay`), 404, "not_found");
  });
});

describe("licence orphans", () => {
  const PATH = "/v1/admin/license_orphans";

  test("listed, resolved once by a person, and kept", async () => {
    const service = await startService();
    await service.ports.intake.addOrphan({
      id: `orp_${"1".repeat(32)}`,
      licenseId: "lic_1",
      slotId: `slt_${"1".repeat(32)}` as SlotId,
      grantId: null,
      customerId: "ann" as CustomerId,
      orderId: "GPA.1",
      foundAt: Date.now(),
      resolvedAt: null,
    });
    const list = () =>
      asAdmin(service, "GET", PATH).then((answer) => exactly(pageOf(orphanSchema, "x"), answer).data);
    const [open] = await list();
    expect(open).toMatchObject({
      license_id: "lic_1",
      customer_id: "ann",
      order_id: "GPA.1",
      resolved_at: null,
    });
    const resolve = () => asAdmin(service, "POST", `${PATH}/${open?.id}/resolve`);
    const resolved = exactly(orphanSchema, await resolve());
    expect(resolved).toEqual({ ...open, resolved_at: expect.any(String) });
    expect(exactly(orphanSchema, await resolve())).toEqual(resolved);
    expect(await list()).toEqual([resolved]);
    expect(deedsOf(service)).toEqual([
      { actor: "tests", summary: `licence orphan ${open?.id} resolved by hand` },
    ]);
  });

  test("404: none of ours, and what is no id", async () => {
    const service = await startService();
    for (const id of [`orp_${"0".repeat(32)}`, "x", "a%2Fb"])
      expectProblem(await asAdmin(service, "POST", `${PATH}/${id}/resolve`), 404, "not_found");
  });
});

describe("refund reviews", () => {
  const PATH = "/v1/admin/refund_reviews";

  async function asked(service: TestService) {
    const { purchase_token } = service.buy("badge");
    const pushed = service.sandbox.play.notifications.length;
    service.sandbox.play.act(purchase_token, "refund_review");
    for (const { body } of service.sandbox.play.notifications.slice(pushed)) await push(service, body);
    const answer = await asAdmin(service, "GET", PATH);
    const [review] = exactly(pageOf(reviewSchema, "x"), answer).data;
    expect(review).toMatchObject({ preference: null, answered_at: null });
    for (const token of service.sandbox.play.reviews.keys()) expect(answer.text).not.toContain(token);
    return review ?? expect.fail("no review");
  }

  const decide = (service: TestService, id: string, preference: unknown) =>
    asAdmin(service, "POST", `${PATH}/${id}/answer`, { preference });
  const told = ({ sandbox }: TestService) =>
    [...sandbox.play.reviews.values()].map(({ preference, answers }) => [preference, answers]);

  test.each(["approve", "decline", "neutral"])("%s goes to Google, once", async (preference) => {
    const service = await startService();
    const { id, answer_by, received_at } = await asked(service);
    expect(Date.parse(answer_by) - Date.parse(received_at)).toBeGreaterThan(86_000_000);
    const answered = exactly(reviewSchema, await decide(service, id, preference));
    expect(answered).toMatchObject({ id, preference, answered_at: expect.any(String) });
    expect(exactly(reviewSchema, await decide(service, id, preference))).toEqual(answered);
    expect(told(service)).toEqual([[preference.toUpperCase(), 1]]);
    expect(deedsOf(service)).toEqual([
      { actor: "tests", summary: `refund review ${id} answered by hand: ${preference}` },
    ]);
  });

  test("409: the first decision counts, also while Google has not heard it", async () => {
    const service = await startService({ VERIFY_WAIT_MS: "200" });
    const { id } = await asked(service);
    service.sandbox.faults.add({ service: "play", kind: "status_503", count: null });
    const decided = exactly(reviewSchema, await decide(service, id, "decline"));
    expect(decided).toMatchObject({ preference: "decline", answered_at: null });
    expectProblem(await decide(service, id, "approve"), 409, "refund_review_decided");
    expect((await decide(service, id, "decline")).status).toBe(200);
    expect(told(service)).toEqual([[null, 0]]);
  });

  test("400: no preference, or one that there isn't; 404: none of ours", async () => {
    const service = await startService();
    const { id } = await asked(service);
    for (const preference of [undefined, "maybe", "APPROVE", null])
      expectProblem(await decide(service, id, preference), 400, "invalid_request");
    for (const other of [`rrv_${"0".repeat(32)}`, "x", "a%2Fb"])
      expectProblem(await decide(service, other, "approve"), 404, "not_found");
    expect(told(service)).toEqual([[null, 0]]);
  });
});
