import { expect, test } from "vitest";
import wanted from "../../firestore.indexes.json" with { type: "json" };
import { indexes } from "../../src/doctor/checks/indexes.ts";
import {
  ACCESS_TOKEN,
  type Answer,
  aContext,
  aStandIn,
  lines,
  NOWHERE,
  PROJECT,
  refusal,
  rootsAt,
} from "./support.ts";

const GROUPS = `/v1/projects/${PROJECT}/databases/(default)/collectionGroups`;
const ROOT = GROUPS.slice("/v1/".length);
const DEPLOY = `firebase deploy --only firestore:indexes --project ${PROJECT}`;

interface Index {
  name: string;
  queryScope: string;
  state?: string;
  fields: { fieldPath: string; order?: string; arrayConfig?: string }[];
}
interface Field {
  name: string;
  indexConfig?: { usesAncestorConfig?: boolean; indexes?: Index[] };
  ttlConfig?: { state: string };
}

/** As Google lists what firestore.indexes.json asks for: with `__name__` at the end of each. */
function deployed(): { indexes: Index[]; fields: Field[] } {
  const made = wanted.indexes.map((index, at): Index => {
    const fields: Index["fields"] = index.fields.map((field) => ({ ...field }));
    const order = fields.at(-1)?.order ?? "ASCENDING";
    return {
      name: `${ROOT}/${index.collectionGroup}/indexes/CICA${at}`,
      queryScope: index.queryScope,
      state: "READY",
      fields: [...fields, { fieldPath: "__name__", order }],
    };
  });
  const overrides: { collectionGroup: string; fieldPath: string; ttl?: boolean; indexes: object[] }[] =
    wanted.fieldOverrides;
  const fields = overrides.map(({ collectionGroup, fieldPath, ttl, indexes }): Field => {
    const name = `${ROOT}/${collectionGroup}/fields/${fieldPath}`;
    const single = indexes.map((index, at) => {
      const { queryScope, ...mode } = index as { queryScope: string };
      return { name: `${name}/${at}`, queryScope, state: "READY", fields: [{ fieldPath, ...mode }] };
    });
    return {
      name,
      ...(single.length > 0 || ttl !== true ? { indexConfig: { indexes: single } } : { indexConfig: {} }),
      ...(ttl === true ? { ttlConfig: { state: "ACTIVE" } } : {}),
    };
  });
  const rest = { name: `${ROOT}/__default__/fields/*`, indexConfig: { indexes: [] } };
  return { indexes: made, fields: [rest, ...fields] };
}

async function look(
  change: (there: ReturnType<typeof deployed>) => void = () => undefined,
  answers: Record<string, Answer> = {},
) {
  const there = deployed();
  change(there);
  const server = await aStandIn({
    [`GET ${GROUPS}/-/indexes`]: { body: { indexes: there.indexes } },
    [`GET ${GROUPS}/-/fields`]: { body: { fields: there.fields } },
    ...answers,
  });
  const context = aContext({ GOOGLE_CLOUD_PROJECT: PROJECT }, { roots: rootsAt(server.url) });
  return { ...server, told: await lines(indexes, context) };
}

test("all are there", async () => {
  const { told, authorizations, asked } = await look();
  const { length } = wanted.indexes;
  expect(told).toEqual([expect.stringMatching(`^ok: all ${length} are built, and \\d+ TTL policies work$`)]);
  expect(authorizations).toEqual([`Bearer ${ACCESS_TOKEN}`, `Bearer ${ACCESS_TOKEN}`]);
  expect(decodeURIComponent(asked.join())).toContain(
    "filter=indexConfig.usesAncestorConfig:false OR ttlConfig:*",
  );
});

test("an index that is missing", async () => {
  const { told } = await look(({ indexes }) => indexes.splice(0, 1));
  expect(told).toEqual([`failed: index purchases: customer_id ↑, created_at ↓ is missing → ${DEPLOY}`]);
});

test("the same in another direction, or of one collection in place of all, isn't it", async () => {
  const { told } = await look(({ indexes }) => {
    for (const index of indexes) {
      if (index.name.includes("/audit_events/")) for (const field of index.fields) field.order = "ASCENDING";
      if (index.name.includes("/grants/")) index.queryScope = "COLLECTION";
    }
  });
  expect(told).toContain(`failed: index audit_events: customer_id ↑, at ↓ is missing → ${DEPLOY}`);
  expect(told).toContain(`failed: index grants (group): status ↑, created_at ↓ is missing → ${DEPLOY}`);
});

test.each([
  ["CREATING", /^warning: index purchases: .* is still being made → Wait/],
  [
    "NEEDS_REPAIR",
    /^failed: index purchases: .* is in error \(NEEDS_REPAIR\) → Delete it in the Firebase console/,
  ],
])("an index that is %s", async (state, told) => {
  const { told: lines } = await look(({ indexes: [first] }) => first && Object.assign(first, { state }));
  expect(lines).toEqual([expect.stringMatching(told)]);
});

test.each([
  [undefined, "failed: TTL policy on webhook_deliveries.expire_at is missing"],
  [{ state: "CREATING" }, "warning: TTL policy on webhook_deliveries.expire_at is still being made"],
  [{ state: "NEEDS_REPAIR" }, "failed: TTL policy on webhook_deliveries.expire_at is in error"],
])("a TTL policy that is %j", async (ttlConfig, told) => {
  const { told: lines } = await look(({ fields }) => {
    const field = fields.find(({ name }) => name.endsWith("webhook_deliveries/fields/expire_at"));
    if (field === undefined) throw new Error("the file has no TTL any more");
    if (ttlConfig === undefined) delete field.ttlConfig;
    else field.ttlConfig = ttlConfig;
  });
  expect(lines).toEqual([expect.stringContaining(told)]);
});

test("an exemption that is missing costs, an index of a single field that is missing fails", async () => {
  const { told } = await look(({ fields }) => {
    fields.splice(0, fields.length, ...fields.filter(({ name }) => name.endsWith("/expire_at")));
  });
  expect(told).toContain(
    `warning: field outbox.effect has an index ↑ ↓ contains that serves no query → ${DEPLOY}`,
  );
  expect(told).toContain(`failed: index on field grants.id ↑ (group) is missing → ${DEPLOY}`);
  // Firestore makes this one by itself, and others beside.
  expect(told).toContain(
    `warning: field outbox.due_at has an index ↓ contains that serves no query → ${DEPLOY}`,
  );
  expect(told.join()).not.toContain("outbox.due_at ↑ is missing");
});

test("where a whole collection is exempt, Firestore makes no index by itself", async () => {
  const { told } = await look(({ fields }) => {
    const own = fields.findIndex(({ name }) => name.endsWith("/outbox/fields/due_at"));
    fields.splice(own, 1, { name: `${ROOT}/outbox/fields/*`, indexConfig: { indexes: [] } });
  });
  expect(told).toEqual([`failed: index on field outbox.due_at ↑ is missing → ${DEPLOY}`]);
});

test("an index of a single field that serves nothing costs", async () => {
  const { told } = await look(({ fields }) => {
    const field = fields.find(({ name }) => name.endsWith("/outbox/fields/effect"));
    field?.indexConfig?.indexes?.push({
      name: "x",
      queryScope: "COLLECTION",
      state: "READY",
      fields: [{ fieldPath: "effect", order: "DESCENDING" }],
    });
  });
  expect(told).toEqual([`warning: field outbox.effect has an index ↓ that serves no query → ${DEPLOY}`]);
});

test("a field with a TTL alone is indexed as its collection is", async () => {
  const asCollection = ({ fields }: { fields: Field[] }) => {
    const field = fields.find(({ name }) => name.endsWith("webhook_deliveries/fields/expire_at"));
    if (field !== undefined) field.indexConfig = { usesAncestorConfig: true, indexes: [] };
  };
  expect((await look(asCollection)).told).toEqual([expect.stringMatching(/^ok/)]);
  const { told } = await look((there) => {
    asCollection(there);
    there.fields = there.fields.filter(({ name }) => !name.endsWith("webhook_deliveries/fields/*"));
  });
  expect(told).toContain(
    `warning: field webhook_deliveries.expire_at has an index ↑ ↓ contains that serves no query → ${DEPLOY}`,
  );
});

test("what is there besides is the owner's", async () => {
  const { told } = await look(({ indexes }) =>
    indexes.push({
      name: `${ROOT}/chats/indexes/X`,
      queryScope: "COLLECTION",
      state: "CREATING",
      fields: [{ fieldPath: "a", order: "ASCENDING" }],
    }),
  );
  expect(told).toEqual([expect.stringMatching(/^ok/)]);
});

test("all pages are read", async () => {
  const all = deployed().indexes;
  let asked = 0;
  const pages = () => {
    asked += 1;
    return asked === 1
      ? { body: { indexes: all.slice(0, 3), nextPageToken: "two" } }
      : { body: { indexes: all.slice(3) } };
  };
  const server = await aStandIn({
    [`GET ${GROUPS}/-/indexes`]: pages,
    [`GET ${GROUPS}/-/fields`]: { body: { fields: deployed().fields } },
  });
  const context = aContext({ GOOGLE_CLOUD_PROJECT: PROJECT }, { roots: rootsAt(server.url) });
  expect(await lines(indexes, context)).toEqual([expect.stringMatching(/^ok/)]);
  expect(server.asked.some((url) => url.endsWith("/indexes?pageToken=two"))).toBe(true);
});

test("a doctor that may not look is a warning, an API that is off a failure", async () => {
  const refused = await look(undefined, { [`GET ${GROUPS}/-/indexes`]: refusal(403, "PERMISSION_DENIED") });
  expect(refused.told).toEqual([
    expect.stringMatching(
      /^warning: Firestore's indexes: Google refuses .* → gcloud projects add-iam-policy-binding shop-123 --member=serviceAccount:playgrant@.* --role=roles\/datastore\.viewer/,
    ),
  ]);
  const off = await look(undefined, {
    [`GET ${GROUPS}/-/indexes`]: refusal(403, "PERMISSION_DENIED", "SERVICE_DISABLED"),
  });
  expect(off.told).toEqual([
    "failed: Firestore's indexes: the API firestore.googleapis.com is not enabled in shop-123 → gcloud services enable firestore.googleapis.com --project=shop-123",
  ]);
});

test("nobody answers; and where there are none to look at", async () => {
  const nowhere = aContext({ GOOGLE_CLOUD_PROJECT: PROJECT }, { roots: rootsAt(NOWHERE) });
  expect(await lines(indexes, nowhere)).toEqual([
    expect.stringMatching(/^failed: Firestore's indexes: .* can't be reached/),
  ]);
  const emulated = aContext({ GOOGLE_CLOUD_PROJECT: "demo", FIRESTORE_EMULATOR_HOST: "127.0.0.1:1" });
  expect(await lines(indexes, emulated)).toEqual([expect.stringMatching(/^skipped: the emulator/)]);
});
