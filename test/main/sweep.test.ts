import { execFile } from "node:child_process";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

// A process takes its time to start on a busy machine.
vi.setConfig({ testTimeout: 20_000 });

const SWEEP = fileURLToPath(new URL("../../src/sweep.ts", import.meta.url));
const CATALOG = fileURLToPath(new URL("../../examples/catalog.json", import.meta.url));

/** Google, as far as an empty store needs it: a list of voids that names one token that nobody here knows. */
let google: Server;
let rootUrl: string;

beforeAll(async () => {
  google = createServer((request, response) => {
    const isList = request.url?.includes("/purchases/voidedpurchases") === true;
    const voided = { purchaseToken: "somebody.elses-token-0123456789", orderId: "GPA.1" };
    response.writeHead(isList ? 200 : 404, { "Content-Type": "application/json" });
    response.end(JSON.stringify(isList ? { voidedPurchases: [voided] } : {}));
  });
  await new Promise<void>((resolve) => google.listen(0, "127.0.0.1", resolve));
  rootUrl = `http://127.0.0.1:${(google.address() as AddressInfo).port}/`;
});

afterAll(() => void google.close());

function sweep(args: readonly string[], settings: Record<string, string> = {}) {
  const env = {
    PLAYGRANT_STORE: "memory",
    CATALOG_FILE: CATALOG,
    KEYTHAI_API_KEY: "kt_test_sandbox",
    LICENSE_ENCRYPTION_KEYS: `k1:${Buffer.alloc(32).toString("base64")}`,
    PLAY_API_ROOT_URL: rootUrl,
    ...settings,
  };
  return new Promise<{ status: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [SWEEP, ...args], { env }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

test("runs every sweep and says in plain words what came of it", async () => {
  const { status, stdout, stderr } = await sweep(["all"]);
  expect(status, stderr).toBe(0);
  expect(stdout.split("\n")).toEqual([
    "due: nothing found",
    "voided: 1 in Google's list of voids, 1 with voids new to us",
    "unacknowledged: nothing found",
    "licenses: nothing found",
    "refund-reviews: nothing found",
    "silence: nothing found",
    "effects: nothing found",
    "",
  ]);
  expect(stderr).toContain('"kind":"voided"');
});

test("runs one, and says it to machines", async () => {
  const { status, stdout } = await sweep(["voided", "--json"]);
  expect([status, JSON.parse(stdout)]).toEqual([0, { voided: { found: 1, changed: 1, failed: 0 } }]);
});

test("ends with 1 when something failed, and runs the others all the same", async () => {
  const { status, stdout } = await sweep(["all"], { PLAY_API_ROOT_URL: "http://127.0.0.1:9/" });
  expect(status).toBe(1);
  expect(stdout).toContain("voided: nothing found, 1 failed, see the log\n");
  expect(stdout).toContain("effects: nothing found\n");
});

test.each([[[]], [["nope"]], [["due", "voided"]], [["all", "--loud"]]])(
  "%j is not how it is used",
  async (args) => {
    const { status, stdout, stderr } = await sweep(args);
    expect([status, stdout]).toEqual([64, ""]);
    expect(stderr).toContain(
      "due, voided, unacknowledged, licenses, refund-reviews, silence, effects, or all",
    );
  },
);

test("ends with 78 when a setting is wrong", async () => {
  const { status, stderr } = await sweep(["all"], { PORT: "x" });
  expect(status).toBe(78);
  expect(stderr).toContain("PORT: ");
});
