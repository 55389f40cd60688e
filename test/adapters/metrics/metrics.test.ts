import { expect, test } from "vitest";
import { meteredLog } from "../../../src/adapters/metrics/metered-log.ts";
import { createMetrics } from "../../../src/adapters/metrics/metrics.ts";
import { systemClock } from "../../../src/adapters/system/clock.ts";
import type { Log, LogFields, Outbox } from "../../../src/ports.ts";

const NOW = 1_800_000_000_000;
const TOKEN = `abcdefghijklmnopabcdefgh.AO-J1O${"x".repeat(60)}`;

function metered(backlog: Awaited<ReturnType<Outbox["backlog"]>> = { due: 0, oldestDueAt: null }) {
  const outbox = { backlog: async () => backlog } as Partial<Outbox> as Outbox;
  const metrics = createMetrics({ outbox, clock: { ...systemClock, now: () => NOW } });
  const lines: [string, string, LogFields | undefined, unknown][] = [];
  const write =
    (level: string): Log["error"] =>
    (event, fields, error) =>
      void lines.push([level, event, fields, error]);
  const log = meteredLog({ info: write("info"), warn: write("warn"), error: write("error") }, metrics);
  return { log, lines, metrics, text: async () => (await metrics.text()).body };
}

test("each line is logged as it is and counted once", async () => {
  const { log, lines, text } = metered();
  const error = new Error("x");
  log.info("request", { route: "/v1/grants", outcome: 200, ms: 12 });
  log.info("request", { route: "/v1/grants", outcome: 200, ms: 8 });
  log.warn("sweep.failed", { code: "play_unavailable" }, error);
  log.error("http.bug", { request_id: "r1" }, error);
  expect(lines).toEqual([
    ["info", "request", { route: "/v1/grants", outcome: 200, ms: 12 }, undefined],
    ["info", "request", { route: "/v1/grants", outcome: 200, ms: 8 }, undefined],
    ["warn", "sweep.failed", { code: "play_unavailable" }, error],
    ["error", "http.bug", { request_id: "r1" }, error],
  ]);
  const told = await text();
  for (const line of [
    'playgrant_events_total{event="request",level="info",kind="/v1/grants",outcome="200"} 2',
    'playgrant_events_total{event="sweep.failed",level="warn",kind="",outcome="play_unavailable"} 1',
    'playgrant_events_total{event="http.bug",level="error",kind="",outcome=""} 1',
    'playgrant_event_seconds_count{event="request",kind="/v1/grants"} 2',
    'playgrant_event_seconds_sum{event="request",kind="/v1/grants"} 0.02',
  ]) {
    expect(told.split("\n")).toContain(line);
  }
});

test("ids make no labels", async () => {
  const { log, text } = metered();
  log.info("effect", {
    effect_id: "fulfill_slot:slt_1",
    kind: "fulfill_slot",
    outcome: "done",
    customer_id: "ann",
  });
  expect(await text()).not.toMatch(/slt_1|ann/);
});

test("a label shows no secret, however it got there, and isn't endless", async () => {
  const { log, text } = metered();
  log.info("notification", { source: "push", outcome: `synced ${TOKEN}` });
  log.info("x", { kind: TOKEN, outcome: "y".repeat(500) });
  expect(await text()).not.toMatch(/abcdefghijkl|y{61}/);
});

test("what is waiting, and since when", async () => {
  expect(await metered().text()).toMatch(/^playgrant_effects_due 0$/m);
  const { text, metrics } = metered({ due: 3, oldestDueAt: NOW - 90_000 });
  expect(await text()).toMatch(/^playgrant_effects_due 3$/m);
  expect(await text()).toMatch(/^playgrant_effects_oldest_seconds 90$/m);
  expect((await metrics.text()).contentType).toMatch(/^text\/plain/);
});
