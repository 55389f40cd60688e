import { expect, test } from "vitest";
import { guarded } from "../../src/adapters/firestore/errors.ts";
import { createMemoryStore } from "../../src/adapters/memory/memory-store.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import type { Check, DoctorContext } from "../../src/doctor/check.ts";
import { firestore } from "../../src/doctor/checks/firestore.ts";
import { google } from "../../src/doctor/checks/google.ts";
import { indexes } from "../../src/doctor/checks/indexes.ts";
import { kms } from "../../src/doctor/checks/kms.ts";
import { play } from "../../src/doctor/checks/play.ts";
import { publicUrl } from "../../src/doctor/checks/public-url.ts";
import { rules } from "../../src/doctor/checks/rules.ts";
import { gcloudLine, lintGcloud, mustCheckAll, noGcloud } from "../support/commands/gcloud.ts";
import { simpleCommands } from "../support/commands/shell.ts";
import {
  atGoogle,
  DEAD,
  KEPT,
  PULL,
  PUSH,
  PUSH_SETTINGS,
  pushTo,
  SUBSCRIPTION,
  TOPIC,
} from "./pubsub-at-google.ts";
import {
  aCatalog,
  aContext,
  aFile,
  aStandIn,
  findings,
  PACKAGE,
  PROJECT,
  refusal,
  rootsAt,
  someAccess,
} from "./support.ts";

/** Every command that the doctor gives can be typed: gcloud's own parser says so. */

const KEY = "projects/shop/locations/asia-southeast1/keyRings/playgrant/cryptoKeys/licenses";
const SHOP = { GOOGLE_CLOUD_PROJECT: PROJECT };

async function fixesOf(check: Check, context: DoctorContext): Promise<string[]> {
  return (await findings(check, context)).flatMap(({ fix }) => (fix === null ? [] : [fix]));
}

/** Everything about Pub/Sub that can be wrong, in as few shops as that takes. */
async function pubsubFixes(): Promise<string[]> {
  const careless = {
    ...PUSH,
    name: `${SUBSCRIPTION}-2`,
    ackDeadlineSeconds: 10,
    expirationPolicy: undefined,
  };
  const wrong = pushTo("http://a.example/v1/rtdn", { serviceAccountEmail: "other@x", audience: "other" });
  const noRights = [TOPIC, DEAD, SUBSCRIPTION].map((name) => [`GET /v1/${name}:getIamPolicy`, {}]);
  const told = await Promise.all([
    atGoogle([]),
    atGoogle([], PUSH_SETTINGS),
    atGoogle([PULL], PUSH_SETTINGS),
    atGoogle([{ ...PULL, pushConfig: { pushEndpoint: "https://old.example.com/hook" } }]),
    atGoogle([{ ...careless, retryPolicy: undefined, deadLetterPolicy: undefined }], PUSH_SETTINGS),
    atGoogle([{ ...wrong, pushConfig: { ...wrong.pushConfig, noWrapper: {} } }, KEPT], PUSH_SETTINGS),
    atGoogle([pushTo("https://a.example/v1/rtdn", undefined), KEPT], PUSH_SETTINGS),
    atGoogle([{ ...PULL, detached: true }], {}, Object.fromEntries(noRights)),
    atGoogle([PULL, KEPT], {}, { [`GET /v1/${TOPIC}`]: refusal(404, "NOT_FOUND") }),
    atGoogle([PULL, KEPT], {}, { [`GET /v1/${DEAD}`]: refusal(404, "NOT_FOUND") }),
  ]);
  return told.flatMap(({ told: lines }) => lines.flatMap((line) => line.split(" → ").slice(1)));
}

/** What refuses everything with this status and reason. */
async function refusing(status: number, reason?: string): Promise<string[]> {
  const no = refusal(status, "PERMISSION_DENIED", reason);
  const base = `/androidpublisher/v3/applications/${PACKAGE}/purchases`;
  const server = await aStandIn({
    [`POST /v1/${KEY}:encrypt`]: no,
    [`GET /v1/projects/${PROJECT}/databases/(default)/collectionGroups/-/indexes`]: no,
    [`GET /v1/projects/${PROJECT}/releases/cloud.firestore`]: no,
    [`GET ${base}/voidedpurchases`]: no,
    "GET /healthz": no,
  });
  const settings = { ...SHOP, LICENSE_KMS_KEY: KEY, CATALOG_FILE: aFile(JSON.stringify(aCatalog())) };
  const context = aContext({ ...settings, PUBLIC_URL: server.url }, { roots: rootsAt(`${server.url}`) });
  const told = await Promise.all(
    [kms, indexes, rules, play, publicUrl].map((check) => fixesOf(check, context)),
  );
  return told.flat();
}

async function firestoreFixes(code: number): Promise<string[]> {
  const ping = () => guarded(() => Promise.reject(Object.assign(new Error("m"), { code })));
  const memory = createMemoryStore({
    clock: systemClock,
    chance: Math.random,
    leaseMs: 1000,
    newLease: () => "l",
  });
  return fixesOf(firestore, aContext(SHOP, { store: async () => ({ ...memory, records: { ping } }) }));
}

/** A command ends where the sentence goes on. */
const COMMAND = /gcloud .+?(?=, |; | \(|\)$|$)/g;

const whyNot = noGcloud();

// gcloud takes its time to start.
test.skipIf(whyNot !== null && !mustCheckAll())(
  `gcloud can read each command ${whyNot ?? ""}`,
  async () => {
    const person = { ...someAccess, account: async () => null };
    const nobody = {
      ...someAccess,
      headers: () => Promise.reject(new Error("Could not load the default credentials")),
    };
    const fixes = await Promise.all([
      pubsubFixes(),
      ...[403, 404].map((status) => refusing(status)),
      refusing(403, "SERVICE_DISABLED"),
      refusing(403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
      ...[5, 7, 9].map(firestoreFixes),
      fixesOf(google, aContext(SHOP, { google: nobody })),
      fixesOf(indexes, aContext(SHOP, { google: person, roots: rootsAt((await aStandIn({})).url) })),
    ]);
    const commands = fixes.flat().flatMap((fix) => (fix.match(COMMAND) ?? []).flatMap(gcloudArguments));
    expect(new Set(commands.map((args) => args.slice(0, 3).join(" "))).size).toBeGreaterThan(12);
    const said = await lintGcloud(commands);
    const wrong = commands.flatMap((args) => said.get(gcloudLine(args)) ?? []);
    expect(wrong).toEqual([]);
  },
  120_000,
);

function gcloudArguments(text: string): string[][] {
  return simpleCommands(text)
    .filter(({ name }) => name === "gcloud")
    .map(({ args }) => [...args]);
}
