import { expect, test, vi } from "vitest";
import { type Check, failed, ok, skipped } from "../../src/doctor/check.ts";
import { runChecks } from "../../src/doctor/run-checks.ts";
import { aContext } from "./support.ts";

const context = aContext({ PLAYGRANT_STORE: "memory" });

function aCheck(name: string, run: Check["run"], needs: readonly string[] = []): Check {
  return { name, run, needs: () => needs };
}

test("what doesn't need each other runs at once; reports come in the order of the checks", async () => {
  const both = Promise.withResolvers<void>();
  let running = 0;
  const meets = async () => {
    running += 1;
    if (running === 2) both.resolve();
    await both.promise;
    return [ok("met the other")];
  };
  const ended: string[] = [];
  const reports = await runChecks(
    [aCheck("last", meets, ["first"]), aCheck("one", meets), aCheck("first", () => [ok("done")])],
    context,
    { timeoutMs: 2000, onDone: (name) => ended.push(name) },
  );
  expect(reports.map(({ name, findings }) => [name, findings[0]?.message])).toEqual([
    ["last", "met the other"],
    ["one", "met the other"],
    ["first", "done"],
  ]);
  expect(ended[0]).toBe("first");
});

test("what needs a check that failed is skipped, and so is what needs that; skipped by itself blocks nothing", async () => {
  const run = vi.fn(() => [ok("ran")]);
  const reports = await runChecks(
    [
      aCheck("root", () => [ok("fine"), failed("not fine", "mend it")]),
      aCheck("child", run, ["root"]),
      aCheck("grandchild", run, ["child"]),
      aCheck("left", () => [skipped("not set")]),
      aCheck("free", () => [ok("free")], ["left"]),
    ],
    context,
    { timeoutMs: 2000 },
  );
  expect(run).not.toHaveBeenCalled();
  expect(reports.map(({ findings }) => findings.at(-1))).toMatchObject([
    { status: "failed" },
    { status: "skipped", message: 'because the check "root" failed' },
    { status: "skipped", message: 'because the check "child" failed' },
    { status: "skipped", message: "not set" },
    { status: "ok" },
  ]);
});

test("a check that breaks is a finding, without the words of the error", async () => {
  const words = "token=ya29.secret";
  const [thrown, rejected] = await runChecks(
    [
      aCheck("thrown", () => {
        throw new TypeError(words);
      }),
      aCheck("rejected", async () => Promise.reject(Object.assign(new Error(words), { code: "EPIPE" }))),
    ],
    context,
    { timeoutMs: 2000 },
  );
  expect(thrown?.findings).toMatchObject([
    { status: "failed", message: "the check itself broke (TypeError)" },
  ]);
  expect(rejected?.findings).toMatchObject([{ message: "the check itself broke (Error EPIPE)" }]);
  expect(JSON.stringify([thrown, rejected])).not.toContain("ya29");
});

test("each has its own time: one that hangs is told, and holds up no other", async () => {
  const from = performance.now();
  const [hanging, obedient, quick] = await runChecks(
    [
      aCheck("hanging", () => new Promise<never>(() => undefined)),
      aCheck("obedient", async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return [failed("the server gives no answer in time", "start it")];
      }),
      aCheck("quick", () => [ok("quick")]),
    ],
    context,
    { timeoutMs: 100 },
  );
  expect(hanging?.findings).toMatchObject([
    { status: "failed", message: "this was not through after 0.1 s" },
  ]);
  // What knows its own signal says more.
  expect(obedient?.findings).toMatchObject([{ message: "the server gives no answer in time" }]);
  expect(quick?.findings).toMatchObject([{ status: "ok" }]);
  expect(performance.now() - from).toBeLessThan(3000);
});
