import { describe, expect, test } from "vitest";
import type { ActionInput, BuyInput } from "../../sandbox/play/inputs.ts";
import { DAY } from "./support.ts";
import { ONE_TIME, START, timeline } from "./timeline.ts";

type Step = [day: number, action: string, input?: ActionInput];

/** What is bought on day 0 and acknowledged, what is done on which day, and what is told up to day 120. */
const LIVES: [name: string, buy: Partial<BuyInput>, steps: Step[], told: string][] = [
  ["renews at the end of each period", {}, [], "4@0 2@30 2@60 2@90 2@120"],
  ["cancelled, it ends at the end of what is paid", {}, [[10, "cancel"]], "4@0 3@10 13@30"],
  [
    "restarted, it goes on",
    {},
    [
      [10, "cancel"],
      [20, "restart"],
      [95, "cancel"],
    ],
    "4@0 3@10 7@20 2@30 2@60 2@90 3@95 13@120",
  ],
  ["prepaid, it ends untold before", { autoRenewing: false }, [], "4@0 13@30"],
  [
    "a refused payment: a silent day, grace, hold, the end",
    {},
    [[10, "decline", { holdDays: 20 }]],
    "4@0 6@31 5@34 3@54 13@54",
  ],
  [
    "grace and hold are 60 days together",
    {},
    [[10, "decline", { graceDays: 7 }]],
    "4@0 6@31 5@38 3@91 13@91",
  ],
  ["without grace: silent, then hold", {}, [[10, "decline", { graceDays: 0 }]], "4@0 5@31 3@91 13@91"],
  [
    "without grace and hold: silent, then the end",
    {},
    [[10, "decline", { graceDays: 0, holdDays: 0 }]],
    "4@0 3@31 13@31",
  ],
  [
    "paid within the silent day: a late renewal, same date",
    {},
    [
      [10, "decline"],
      [30.5, "accept"],
    ],
    "4@0 2@30.5 2@60 2@90 2@120",
  ],
  [
    "paid in grace: the date stays",
    {},
    [
      [10, "decline"],
      [32, "accept"],
    ],
    "4@0 6@31 2@32 2@60 2@90 2@120",
  ],
  [
    "paid on hold: the date is that day",
    {},
    [
      [10, "decline"],
      [40, "accept"],
    ],
    "4@0 6@31 5@34 1@40 2@70 2@100",
  ],
  [
    "cancelled on hold, the end follows",
    {},
    [
      [10, "decline"],
      [40, "cancel"],
    ],
    "4@0 6@31 5@34 3@40 13@40",
  ],
  [
    "mended before the charge, nothing happens",
    {},
    [
      [10, "decline"],
      [20, "accept"],
    ],
    "4@0 2@30 2@60 2@90 2@120",
  ],
  [
    "a pause begins at the period's end and ends by itself",
    {},
    [[10, "schedule_pause", { days: 14 }]],
    "4@0 11@10 10@30 1@44 2@74 2@104",
  ],
  [
    "a pause is called off",
    {},
    [
      [10, "schedule_pause"],
      [12, "unschedule_pause"],
      [80, "cancel"],
    ],
    "4@0 11@10 11@12 2@30 2@60 3@80 13@90",
  ],
  [
    "a pause that ends without money is a hold",
    {},
    [
      [10, "schedule_pause"],
      [40, "decline", { holdDays: 10 }],
    ],
    "4@0 11@10 10@30 5@60 3@70 13@70",
  ],
  [
    "resumed by hand, the date is that day",
    {},
    [
      [10, "schedule_pause"],
      [35, "resume"],
    ],
    "4@0 11@10 10@30 1@35 2@65 2@95",
  ],
  ["deferred, it renews later", {}, [[10, "defer", { days: 15 }]], "4@0 9@10 2@45 2@75 2@105"],
  [
    "instalments: each charge is told, the cancellation waits",
    { installments: 3 },
    [[10, "cancel"]],
    "4@0 18@10 2@30 2@60 3@90 13@90",
  ],
  [
    "instalments stopped by the developer end at once",
    { installments: 3 },
    [[10, "cancel", { by: "developer" }]],
    "4@0 3@10 13@30",
  ],
  [
    "a rise that nobody accepts cancels at its renewal",
    {},
    [[10, "price_change", { price: 199, days: 30 }]],
    "4@0 19@10 8@10 2@30 3@60 13@60",
  ],
  [
    "a rise that is accepted goes on",
    {},
    [
      [10, "price_change", { price: 199 }],
      [20, "accept_price"],
      [70, "cancel"],
    ],
    "4@0 19@10 8@10 19@20 8@20 2@30 2@60 3@70 13@90",
  ],
  [
    "a rise that is taken back goes on",
    {},
    [
      [10, "price_change"],
      [20, "withdraw_price"],
      [40, "cancel"],
    ],
    "4@0 19@10 8@10 19@20 8@20 2@30 3@40 13@60",
  ],
  ["Korea's step up without consent cancels", {}, [[10, "step_up"]], "4@0 22@10 3@30 13@30"],
  [
    "Korea's step up with consent goes on",
    {},
    [
      [10, "step_up"],
      [11, "accept_price"],
      [40, "cancel"],
    ],
    "4@0 22@10 22@11 2@30 3@40 13@60",
  ],
  ["a revoked one stays still", {}, [[10, "revoke"]], "4@0 12@10 void 1@10"],
];

describe("a subscription that is left alone", () => {
  test.each(LIVES)("%s", (_name, buy, steps, expected) => {
    const { bought, act, day, told } = timeline();
    const token = bought(buy);
    for (const [at, action, input] of steps) {
      day(at);
      act(token, action, input);
    }
    day(120);
    expect(told().join(" ")).toBe(expected);
  });

  test("moved in one leap or hour by hour, it comes to the same", () => {
    const run = (step: number) => {
      const world = timeline();
      const token = world.bought({ offer: { offerId: "try", freeTrialDays: 7 } });
      world.act(token, "decline", { holdDays: 20 });
      for (let day = 0; day <= 60; day += step) world.day(day);
      return [world.told(), { ...world.sandbox.play.purchase(token), calls: null }];
    };
    expect(run(1 / 24)).toEqual(run(60));
  });

  test("in grace the expiry is pushed on without a word, a day at a time", () => {
    const { bought, act, day, answer, told } = timeline();
    const token = bought();
    act(token, "decline", { graceDays: 2.5 });
    const expiry = () => (Date.parse(answer(token).lineItems[0]?.expiryTime ?? "") - START) / DAY;
    for (const [at, end] of [
      [30.9, 30],
      [31, 32],
      [31.9, 32],
      [32, 33],
      [33, 33.5],
      [33.5, 33.5],
    ] as const) {
      day(at);
      expect(expiry()).toBe(end);
    }
    expect(told()).toEqual(["4@0", "6@31", "5@33.5"]);
  });

  test("a deferred change of plan takes effect by itself", () => {
    const { bought, act, day, answer, told, sandbox } = timeline();
    const old = bought();
    day(10);
    const next = act(old, "change_plan", { productId: "lite", mode: "DEFERRED" });
    sandbox.play.acknowledge(next);
    day(65);
    const ends = answer(next).lineItems.map(({ productId, expiryTime = "" }) => [
      productId,
      (Date.parse(expiryTime) - START) / DAY,
    ]);
    expect(ends).toEqual([
      ["plan", 30],
      ["lite", 90],
    ]);
    expect(told()).toEqual(["4@0", "13@10", "4@10", "2@30", "2@60"]);
  });
});

describe("pending payments", () => {
  test("run out: nothing was bought, and a change of plan leaves the old one alone", () => {
    const { bought, buy, act, day, told, answer } = timeline();
    buy({ ...ONE_TIME, pending: true });
    const old = bought({ autoRenewing: false });
    const topUp = act(old, "change_plan", { pending: true, pendingDays: 5 });
    day(6);
    expect(told()).toEqual(["4@0", "one-time 2@3", "20@5"]);
    expect(answer(topUp).linkedPurchaseToken).toBe(old);
    expect(answer(old).subscriptionState).toBe("SUBSCRIPTION_STATE_ACTIVE");
  });

  test("a pre-order is paid on its release, the window counts from there", () => {
    const { buy, day, told } = timeline();
    buy({ ...ONE_TIME, preorderDays: 20 });
    day(22.9);
    expect(told()).toEqual(["one-time 1@20"]);
    day(23);
    expect(told()).toEqual(["one-time 1@20", "one-time 2@23", "void 1@23"]);
  });
});

test("the clock over HTTP and as a member moves Google along, in order and with each thing's own time", async () => {
  const { createSandbox } = await import("../../sandbox/sandbox.ts");
  const sandbox = createSandbox({ automatic: true });
  const ask = async (body?: object) => {
    const init = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    const response = await sandbox.fetch(new Request("http://sandbox.invalid/sandbox/clock", init));
    return { status: response.status, body: (await response.json()) as { now: string; next: string | null } };
  };
  const { purchaseToken } = sandbox.play.buy({
    uid: "u",
    packageName: "com.a",
    productId: "p",
    basePlanId: "m",
  });
  sandbox.play.acknowledge(purchaseToken);
  const { next } = (await ask()).body;
  expect(Date.parse(next ?? "") - sandbox.play.purchase(purchaseToken).boughtAt).toBe(30 * DAY);
  await ask({ advance_seconds: 31 * 86_400 });
  expect(sandbox.play.notifications.map(({ publishTime }) => publishTime)[1]).toBe(next);
  const later = new Date(Date.now() + 61 * DAY).toISOString();
  expect(Date.parse((await ask({ now: later })).body.now)).toBeGreaterThanOrEqual(Date.parse(later));
  sandbox.clock.advance(30 * DAY);
  expect(sandbox.play.notifications).toHaveLength(4);
  expect((await ask({ now: "2020-01-01T00:00:00Z" })).status).toBe(409);
  expect((await ask({ advance_seconds: -1 })).status).toBe(400);
});

test("without automatic life only what is asked for happens", () => {
  const { buy, day, told, sandbox } = timeline({ automatic: false });
  buy();
  day(400);
  expect(told()).toEqual(["4@0"]);
  expect(sandbox.play.nextAt()).toBeNull();
});
