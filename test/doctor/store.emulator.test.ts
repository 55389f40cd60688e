import { Timestamp } from "@google-cloud/firestore";
import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { firestore } from "../../src/doctor/checks/firestore.ts";
import { notices } from "../../src/doctor/checks/notices.ts";
import { outbox } from "../../src/doctor/checks/outbox.ts";
import { webhooks } from "../../src/doctor/checks/webhooks.ts";
import { DAY, MINUTE } from "../../src/domain/instant.ts";
import { newEndpoint, noteAttempt } from "../../src/domain/webhook-endpoint.ts";
import { aChange, newCustomer, newEndpointId, storeOptions } from "../contracts/store-harness.ts";
import { createEmulatedStore, type EmulatedStore } from "../support/emulator.ts";
import { aContext, lines } from "./support.ts";

let store: EmulatedStore;
beforeAll(() => {
  store = createEmulatedStore(import.meta.url, storeOptions(60_000));
});
afterAll(() => store.close());

function context() {
  const settings = {
    GOOGLE_CLOUD_PROJECT: store.projectId,
    FIRESTORE_EMULATOR_HOST: process.env.FIRESTORE_EMULATOR_HOST ?? "",
  };
  return aContext(settings, { store: async () => store });
}

test("an empty database is well; no notice has come", async () => {
  expect(await lines(firestore, context(), 30_000)).toEqual([
    expect.stringMatching(/^ok: a document was read in \d+ ms$/),
  ]);
  expect(await lines(outbox, context())).toEqual(["ok: 0 effects are due, none for long"]);
  expect(await lines(webhooks, context())).toEqual(["ok: 0 endpoints, none of them switched off"]);
  expect(await lines(notices, context())).toEqual([
    expect.stringMatching(/^warning: none has come yet → Play Console → .* Send Test Message$/),
  ]);
});

test("effects that nobody takes", async () => {
  const due = (ms: number) =>
    store.db.collection("outbox").add({ due_at: Timestamp.fromMillis(Date.now() - ms) });
  await due(MINUTE);
  expect(await lines(outbox, context())).toEqual(["ok: 1 effects are due, none for long"]);
  await due(7 * MINUTE);
  expect(await lines(outbox, context())).toEqual([
    expect.stringMatching(
      /^warning: 2 effects are due, the oldest for 7 minutes: is a worker running\? → Run one/,
    ),
  ]);
});

test("endpoints that the service switched off", async () => {
  const audit = aChange(newCustomer(), "added");
  const seed = { url: "https://example.com/hook", description: "A", eventTypes: null };
  const well = newEndpoint({ ...seed, id: newEndpointId() }, "sealed", Date.now());
  const gone = noteAttempt(
    { ...well, id: newEndpointId() },
    { succeeded: false, statusCode: 410 },
    Date.now(),
  );
  await store.webhookRecords.addEndpoint(well, audit);
  await store.webhookRecords.addEndpoint(gone, audit);
  expect(await lines(webhooks, context())).toEqual([
    expect.stringMatching(
      `^warning: ${gone.id} is switched off: answered 410 Gone → When it works again, enable it: PATCH`,
    ),
  ]);
});

test("Google was heard, and then was not for long", async () => {
  const now = systemClock.now();
  await store.sweepRecords.heardGoogle(now - 3 * DAY);
  expect(await lines(notices, context())).toEqual([
    expect.stringMatching(/^warning: the last one came 72 h ago, which is longer than usual → Play Console/),
  ]);
  await store.sweepRecords.heardGoogle(now);
  expect(await lines(notices, context())).toEqual(["ok: the last one came within the hour"]);
});

test.each([outbox, webhooks, notices])(
  "without Firestore there is nothing to look at: $name",
  async (check) => {
    expect(await lines(check, aContext({ PLAYGRANT_STORE: "memory" }))).toEqual([
      "skipped: the store is in memory",
    ]);
    expect(check.needs?.(context())).toEqual(["firestore"]);
  },
);
