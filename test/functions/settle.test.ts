import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { handleMessage } from "../../functions/src/notifications.ts";
import { runEffects } from "../../functions/src/passes.ts";
import * as service from "../../functions/src/service.ts";
import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";

/** Notices and schedules wait for what they began, while a receiver that hangs can't make them run out of time. */

/** What the functions are given in all, in ms, is more. */
const PATIENCE = 20_000;
const ENCRYPTION_KEY = Buffer.alloc(32, 1).toString("base64");

let running: ReturnType<typeof compose>;
let work: PromiseWithResolvers<void>;

beforeEach(() => {
  vi.useFakeTimers();
  work = Promise.withResolvers();
  const read = readConfig({
    PLAYGRANT_STORE: "memory",
    CATALOG_FILE: join(import.meta.dirname, "../../examples/catalog.json"),
    KEYTHAI_API_KEY: "kt_test_sandbox",
    LICENSE_ENCRYPTION_KEYS: `k1:${ENCRYPTION_KEY}`,
    LOG_LEVEL: "silent",
  });
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  running = { ...compose(read.config), idle: () => work.promise };
  vi.spyOn(service, "theService").mockImplementation(() => running);
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await running.close();
});

const message = (notice: object) => ({
  messageId: "1",
  data: Buffer.from(JSON.stringify(notice)).toString("base64"),
});
const TEST_NOTICE = message({
  version: "1.0",
  packageName: "com.example.app",
  eventTimeMillis: "1790000000000",
  testNotification: { version: "1.0" },
});

/** @returns How it has ended, once it has. */
function watch(act: Promise<unknown>): { ended: string | null } {
  const watched: { ended: string | null } = { ended: null };
  act.then(
    () => {
      watched.ended = "done";
    },
    () => {
      watched.ended = "failed";
    },
  );
  return watched;
}

test.each([
  ["a notice", () => handleMessage(TEST_NOTICE)],
  ["a run of effects", runEffects],
])("%s ends when what it began has ended", async (_, act) => {
  const seen = watch(act());
  await vi.advanceTimersByTimeAsync(PATIENCE / 2);
  expect(seen.ended).toBeNull();
  work.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(seen.ended).toBe("done");
});

test.each([
  ["a notice that was handled", () => handleMessage(TEST_NOTICE)],
  ["a run of effects", runEffects],
])("%s ends well all the same where something hangs", async (_, act) => {
  const seen = watch(act());
  await vi.advanceTimersByTimeAsync(PATIENCE);
  expect(seen.ended).toBe("done");
});

test("a notice that could not be handled fails, so that it comes again", async () => {
  const intake = { ...running.ports.intake, addDeadLetter: () => Promise.reject(new Error("no store")) };
  running = { ...running, ports: { ...running.ports, intake } };
  work.resolve();
  await expect(handleMessage({ messageId: "1" })).rejects.toThrow("comes again");
});
