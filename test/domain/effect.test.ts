import { expect, test } from "vitest";
import { askedAgain, type Effect, eventsOf, queueOf, requestEffect } from "../../src/domain/effect.ts";
import { type EventId, endpointId, type GrantId, reviewId } from "../../src/domain/ids.ts";
import { ANN, BEN, NOW, refOf, SLOT_ID, token } from "../support/builders.ts";

test("asking twice for the same effect is one effect: its id is its kind and subject", () => {
  const effect = { kind: "fulfill_slot", customerId: ANN, slotId: SLOT_ID, token } as const;
  expect(requestEffect(effect, NOW)).toEqual({ id: `fulfill_slot:${SLOT_ID}`, effect, dueAt: NOW });
  expect(requestEffect(effect, NOW + 1).id).toBe(requestEffect(effect, NOW).id);
});

test("effects of different kinds on one subject are different", () => {
  const purchaseId = refOf("first").id;
  const ids = (["acknowledge_purchase", "sync_purchase"] as const).map(
    (kind) => requestEffect({ kind, purchaseId }, NOW).id,
  );
  expect(ids).toEqual([`acknowledge_purchase:${purchaseId}`, `sync_purchase:${purchaseId}`]);
});

test("an answer to a refund review is named after the review", () => {
  const id = reviewId(token("refund"));
  const request = requestEffect({ kind: "answer_refund_review", reviewId: id }, NOW);
  expect(request.id).toBe(`answer_refund_review:${id}`);
});

const HOOK = endpointId("0".repeat(32));
const OTHER = endpointId("1".repeat(32));

const publish = (...eventIds: string[]): Effect => ({
  kind: "publish_events",
  customerId: ANN,
  eventIds: eventIds as EventId[],
});

const mail = (news: "delivered" | "revoked"): Effect => ({
  kind: "send_mail",
  customerId: ANN,
  grantId: "egr_1" as GrantId,
  news,
});

test("what happens to one customer is one effect, and one for each endpoint", () => {
  const send = { kind: "send_webhooks", endpointId: HOOK, customerId: ANN, eventIds: [] } as const;
  const ids = [
    publish(),
    send,
    { ...send, endpointId: OTHER },
    { ...send, customerId: BEN },
    mail("delivered"),
    mail("revoked"),
  ].map((effect) => requestEffect(effect, NOW).id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(requestEffect(publish("a"), NOW).id).toBe(requestEffect(publish("b"), NOW).id);
});

test("a replay is named after what was asked for, however far it has come", () => {
  const replay = {
    kind: "replay_events",
    endpointId: HOOK,
    since: NOW,
    which: "failed",
    after: null,
  } as const;
  const { id } = requestEffect(replay, NOW);
  const on = { ...replay, after: { at: NOW + 1, id: "egr_1_created" as EventId } };
  expect(requestEffect(on, NOW).id).toBe(id);
  expect(requestEffect({ ...replay, which: "missing" }, NOW).id).not.toBe(id);
  expect(requestEffect({ ...replay, since: NOW + 1 }, NOW).id).not.toBe(id);
});

test("each endpoint has a queue of its own, so has mail, and all else shares one", () => {
  const send = { kind: "send_webhooks", endpointId: HOOK, customerId: ANN, eventIds: [] } as const;
  expect(queueOf(send)).toBe(HOOK);
  expect(queueOf(mail("delivered"))).toBe("mail");
  const replay = {
    kind: "replay_events",
    endpointId: HOOK,
    since: NOW,
    which: "failed",
    after: null,
  } as const;
  expect([publish(), replay].map(queueOf)).toEqual(["core", "core"]);
});

test("asked again an effect is about all its events, each once, in the order in which they came", () => {
  expect(eventsOf(askedAgain(publish("a", "b"), publish("b", "c")))).toEqual(["a", "b", "c"]);
  expect(eventsOf(askedAgain(undefined, publish("a")))).toEqual(["a"]);
  expect(eventsOf(mail("delivered"))).toBeNull();
  expect(askedAgain(mail("delivered"), mail("delivered"))).toEqual(mail("delivered"));
});
