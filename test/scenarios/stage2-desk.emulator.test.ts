import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, PACKAGE } from "../support/lab.ts";
import type { DeadLetter, Orphan, Page, Problem, Replay, Review } from "./support/desk.ts";
import { openShop, SHOP_CATALOG, type Shop } from "./support/shop-floor.ts";

/** What waits for a person: dead letters, licences whose key is lost, refund reviews. */

let shop: Shop;

beforeAll(async () => {
  shop = await openShop(import.meta.url, { services: 2, env: { REFUND_REVIEW_DEFAULT: "decline" } });
});

afterAll(async () => {
  expect(await shop?.leaks()).toEqual([]);
  await shop?.close();
});

const letters = async () => (await shop.admin<Page<DeadLetter>>("/dead_letters")).body.data;
const replay = (id = "", desk = 0) =>
  shop.admin<Replay & Problem>(`/dead_letters/${id}/replay`, { body: {} }, desk);
const reviews = async () => (await shop.admin<Page<Review>>("/refund_reviews")).body.data;
const answer = (id: string, preference: string, desk = 0) =>
  shop.admin<Review & Problem>(`/refund_reviews/${id}/answer`, { body: { preference } }, desk);

test("of two opinions at once the first goes to Google, the other is told so; access is not touched", async () => {
  const token = shop.lab.buy("rita", "lifetime");
  await shop.verified("rita", "lifetime", token);
  shop.act(token, "refund_review");
  await shop.settled();
  const [review] = await reviews();
  expect(review).toEqual({
    id: expect.any(String),
    order_id: shop.play.purchase(token).orderIds[0],
    refund_reason: 7,
    received_at: expect.any(String),
    answer_by: expect.any(String),
    preference: null,
    answered_at: null,
  });
  const id = review?.id ?? "";
  const wishes = ["approve", "decline", "neutral", "approve"] as const;
  const answers = await Promise.all(wishes.map((wish, desk) => answer(id, wish, desk)));
  const [first] = answers.flatMap(({ status, body }) => (status === 200 ? [body] : []));
  for (const { status, body } of answers) {
    if (status === 200) expect(body.preference).toBe(first?.preference);
    else expect([status, body.code]).toEqual([409, "refund_review_decided"]);
  }
  await shop.settled();
  expect((await answer(id, first?.preference ?? "")).status).toBe(200);
  expect([...shop.play.reviews.values()].map(({ preference }) => preference)).toEqual([
    first?.preference?.toUpperCase(),
  ]);
  expect(shop.play.calls.reviewrefund).toBe(1);
  expect(await shop.told("rita")).toEqual(["desktop Delivered", "premium Delivered"]);
});

test("two hours before its deadline a review is answered by default", async () => {
  const token = shop.lab.buy("rolf", "lifetime");
  await shop.verified("rolf", "lifetime", token);
  shop.act(token, "refund_review", { notify: false });
  const asked = shop.play.notifications.at(-1)?.body;
  const eventTimeMillis = String(Date.now() - 22.01 * 3_600_000);
  shop.play.publish({ ...(typeof asked === "object" ? asked : {}), eventTimeMillis });
  await shop.settled();
  const open = (await reviews()).find(({ preference }) => preference === null);
  expect((await shop.sweep(["refund-reviews"])).code).toBe(0);
  await shop.settled();
  const answered = (await reviews()).find(({ id }) => id === open?.id);
  expect(answered).toMatchObject({ preference: "decline", answered_at: expect.any(String) });
});

test("a licence whose answer was lost is an orphan for a person, and its customer has one key that works", async () => {
  shop.faults.add({ service: "keythai", kind: "cut_after", path: "POST /keythai/v1/licenses" });
  await shop.verified("olga", "lifetime", shop.lab.buy("olga", "lifetime"));
  await shop.settled();
  const { body } = await shop.admin<Page<Orphan>>("/license_orphans");
  const lost = shop.licences("olga").find(({ id }) => id === body.data[0]?.license_id);
  expect(lost).toBeDefined();
  expect(shop.licences("olga")).toHaveLength(2);
  expect(body.data).toMatchObject([
    { customer_id: "olga", order_id: lost?.metadata.order, resolved_at: null },
  ]);
  const path = `/license_orphans/${body.data[0]?.id}/resolve`;
  const resolved = await shop.admin<Orphan>(path, { body: {}, by: "ben" });
  expect(resolved.body.resolved_at).not.toBeNull();
  expect((await shop.admin<Orphan>(path, { body: {} })).body).toEqual(resolved.body);
});

test("a dead letter is kept once, and replayed when what it lacked is there", async () => {
  const { play } = shop;
  const junk = play.publish("not json {");
  const token = shop.lab.buy("dora", "brand_new");
  await shop.settled();
  play.redeliver(junk);
  await shop.settled();
  await eventually(async () => {
    expect((await letters()).map(({ reason }) => reason).sort()).toEqual([
      "not_json",
      "product_not_in_catalog",
    ]);
  });
  const [unread] = (await letters()).filter(({ reason }) => reason === "not_json");
  expect(unread).toMatchObject({ source: "push", message_id: junk.messageId, package_name: null });
  expect((await replay(unread?.id)).body).toEqual({
    id: unread?.id,
    outcome: "dead_letter",
    reason: "not_json",
  });

  const [letter] = (await letters()).filter(({ reason }) => reason !== "not_json");
  shop.faults.add({ service: "play", kind: "status_503", count: null });
  expect(await replay(letter?.id)).toMatchObject({ status: 503, body: { code: "play_unavailable" } });
  shop.faults.clear();
  const added = {
    package_name: PACKAGE,
    product_id: "brand_new",
    type: "one_time",
    entitlements: ["desktop"],
  };
  shop.writeCatalog({ ...SHOP_CATALOG, products: [...SHOP_CATALOG.products, added] });
  await shop.restart();
  expect((await replay(letter?.id)).body).toEqual({ id: letter?.id, outcome: "handled" });
  await shop.settled();
  expect(await shop.told("dora")).toEqual(["desktop Delivered"]);
  expect(play.purchase(token).acknowledged).toBe(true);
  expect((await letters()).map(({ reason }) => reason)).toEqual(["not_json"]);
  const audits = (await shop.lab.documents("audit_events")).filter(({ data }) => data.actor === "anna");
  expect(JSON.stringify(audits)).toContain(letter?.id);
});
