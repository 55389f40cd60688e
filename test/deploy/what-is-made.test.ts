import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readConfig, settingNames } from "../../src/config.ts";
import { createCloud, DEPLOY, flag, isCall, type Run } from "./support/cloud.ts";
import { PULL_SHOP, PUSH_SHOP, SCHEDULE_SHOP, SECRETS } from "./support/shops.ts";

/** What deploy/ makes is what the service needs: its settings, its notices, and no right more than that. */

const shops = { push: PUSH_SHOP, pull: PULL_SHOP, schedule: SCHEDULE_SHOP };
const runs = new Map<string, Run>();
const runOf = (shop: keyof typeof shops): Run => runs.get(shop) ?? expect.fail(`${shop} was not deployed`);

beforeAll(() => {
  for (const [name, settings] of Object.entries(shops)) {
    runs.set(name, createCloud(settings).deploy({ secrets: SECRETS }));
  }
});

function callsOf(run: Run, ...words: string[]) {
  return run.calls.filter((call) => isCall(call, ...words));
}

/** The environment that a process is given, secrets by their values. */
function environmentOf(call: readonly string[]): Record<string, string> {
  const settings = (flag(call, "set-env-vars") ?? "").replace("^|^", "").split("|");
  const mounts = (flag(call, "set-secrets") ?? "").split(",").filter((mount) => !mount.startsWith("/"));
  const known: Record<string, string> = SECRETS;
  const secrets = mounts.map((mount) => mount.slice(0, mount.indexOf("=")));
  return Object.fromEntries([
    ...settings.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    ...secrets.map((name) => [name, known[name] ?? ""]),
  ]);
}

describe.each(["push", "pull", "schedule"] as const)("the processes of a shop with %s", (shop) => {
  const deployed = () => [
    ...callsOf(runOf(shop), "run", "deploy"),
    ...callsOf(runOf(shop), "run", "worker-pools", "deploy"),
    ...callsOf(runOf(shop), "run", "jobs", "deploy"),
  ];

  test("are two, each with its own account and the same image", () => {
    expect(deployed().map((call) => flag(call, "service-account")?.split("@")[0])).toEqual([
      "playgrant-api",
      "playgrant-worker",
    ]);
    expect(new Set(deployed().map((call) => flag(call, "image"))).size).toBe(1);
  });

  test("have settings that the service knows, and takes in production", () => {
    for (const call of deployed()) {
      const environment = environmentOf(call);
      expect(settingNames).toEqual(expect.arrayContaining(Object.keys(environment)));
      const read = readConfig({ ...environment, NODE_ENV: "production" });
      expect(read.ok ? [] : read.issues).toEqual([]);
    }
  });

  test("mount the catalogue where the image looks for it", () => {
    const dockerfile = readFileSync(join(DEPLOY, "../Dockerfile"), "utf8");
    const [, file] = /CATALOG_FILE=(\S+)/.exec(dockerfile) ?? [];
    for (const call of deployed()) expect(flag(call, "set-secrets")).toContain(`${file}=playgrant-catalog:1`);
  });

  test("name each secret with its version", () => {
    for (const call of deployed()) {
      for (const mount of (flag(call, "set-secrets") ?? "").split(",")) expect(mount).toMatch(/=[a-z-]+:1$/);
    }
  });
});

test("whoever gets notices is who expects them", () => {
  const roles = (shop: keyof typeof shops) =>
    runOf(shop).calls.flatMap((call) => {
      const environment = flag(call, "set-env-vars") === null ? {} : environmentOf(call);
      return environment.PLAYGRANT_ROLES === undefined ? [] : [environment.PLAYGRANT_ROLES];
    });
  expect(roles("push")).toEqual(["api", "worker"]);
  expect(roles("pull")).toEqual(["api", "subscriber,worker"]);
  expect(roles("schedule")).toEqual(["api", "worker"]);
});

test("the push subscription says what the api believes", () => {
  const [subscription = []] = callsOf(runOf("push"), "pubsub", "subscriptions", "create", "playgrant-rtdn");
  const [api = []] = callsOf(runOf("push"), "run", "deploy", "playgrant-api");
  const environment = environmentOf(api);
  expect(flag(subscription, "push-auth-token-audience")).toBe(environment.RTDN_PUSH_AUDIENCE);
  expect(flag(subscription, "push-auth-service-account")).toBe(environment.RTDN_PUSH_SERVICE_ACCOUNT);
  expect(flag(subscription, "push-endpoint")).toBe(`${environment.PUBLIC_URL}/v1/rtdn`);
});

test("there is one subscription to Play's topic, which never expires and gives nothing up soon", () => {
  for (const shop of ["push", "pull", "schedule"] as const) {
    const made = callsOf(runOf(shop), "pubsub", "subscriptions", "create");
    const [subscription = [], ...others] = made.filter((call) => flag(call, "topic") === "play-rtdn");
    expect(others).toEqual([]);
    expect(subscription).toEqual(
      expect.arrayContaining([
        "--expiration-period=never",
        "--message-retention-duration=7d",
        "--min-retry-delay=10s",
        "--max-retry-delay=600s",
        "--dead-letter-topic=play-rtdn-dead",
        "--max-delivery-attempts=100",
      ]),
    );
  }
});

/** The rows of the table of rights in deploy/README.md. */
function tableOfRights(): string[] {
  const page = readFileSync(join(DEPLOY, "README.md"), "utf8");
  const [, table = ""] = page.split("| who | role | on what |\n| --- | --- | --- |\n");
  const [rows = ""] = table.split("\n\n");
  return rows.split("\n").map((row) =>
    row
      .replaceAll("`", "")
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim())
      .join(" "),
  );
}

/** Each right that is given: to whom, which, and on what. */
function rightsIn(run: Run): string[] {
  const given = run.calls.filter((call) => call.includes("add-iam-policy-binding"));
  return given.map((call) => {
    const [who = ""] = (flag(call, "member") ?? "").replace("serviceAccount:", "").split("@my-shop");
    return `${who.replace(/^service-\d+@(.*)\.iam.*$/, "$1")} ${flag(call, "role")} ${placeOf(call, who)}`;
  });
}

function placeOf(call: readonly string[], who: string): string {
  if (isCall(call, "projects"))
    return flag(call, "condition") === "None" ? "the project" : "its Firestore database";
  if (isCall(call, "secrets"))
    return who === "playgrant-worker" ? "each secret but ADMIN_API_KEYS" : "each secret";
  return call[call.indexOf("add-iam-policy-binding") + 1]?.split("@")[0] ?? "";
}

test("rights are those of the table in deploy/README.md, and no others", () => {
  const given = new Set([...runs.values()].flatMap(rightsIn));
  expect([...given].sort()).toEqual(tableOfRights().sort());
});

test("only what can't be narrower is given in the whole project", () => {
  for (const run of runs.values()) {
    const given = callsOf(run, "projects", "add-iam-policy-binding");
    const open = given.filter((call) => flag(call, "condition") === "None");
    expect(open.every((call) => flag(call, "role") === "roles/firebaseauth.viewer")).toBe(true);
    const databases = given.filter((call) => flag(call, "role") === "roles/datastore.user");
    expect(databases.map((call) => flag(call, "condition"))).toEqual(
      Array(2).fill(expect.stringContaining('resource.name=="projects/my-shop/databases/(default)"')),
    );
  }
});

test("nobody may look up mail addresses where no mail is sent", () => {
  expect(rightsIn(runOf("push")).join()).not.toContain("firebaseauth");
  expect(rightsIn(runOf("pull")).join()).toContain("firebaseauth");
});

test("the worker has no key of the admin API", () => {
  const [worker = []] = callsOf(runOf("push"), "run", "worker-pools", "deploy");
  expect(environmentOf(worker).ADMIN_API_KEYS).toBeUndefined();
  const readers = callsOf(runOf("push"), "secrets", "add-iam-policy-binding", "playgrant-admin-api-keys");
  expect(readers.map((call) => flag(call, "member"))).toEqual([
    "serviceAccount:playgrant-api@my-shop.iam.gserviceaccount.com",
  ]);
});

test("the doctor is asked with the settings of the api, and says no secret", () => {
  const cloud = createCloud(PULL_SHOP);
  const [api = []] = callsOf(cloud.deploy({ secrets: SECRETS }), "run", "deploy");
  const { environment, npx, stdout, calls } = cloud.doctor(["--json"]);
  expect(npx).toEqual([["playgrant", "doctor", "--json"]]);
  expect(environment).toMatchObject({ ...environmentOf(api), NODE_ENV: "production" });
  expect(readFileSync(environment.CATALOG_FILE ?? "", "utf8")).toContain('"entitlements"');
  for (const value of Object.values(SECRETS)) expect(stdout + JSON.stringify(calls)).not.toContain(value);
});
