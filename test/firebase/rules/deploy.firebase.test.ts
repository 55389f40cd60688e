import { createRequire } from "node:module";
import { beforeEach, expect, it } from "vitest";
import { type IndexFile, readIndexFile } from "../../support/query-indexes/indexes.ts";

/** What `firebase deploy --only firestore:indexes` makes of our file: Firebase's own code, in front of a Google of ours. */

interface Api {
  apiClient: {
    get(url: string): Promise<{ body: object }>;
    post(url: string, body: unknown): Promise<{ body: object }>;
    patch(url: string, body: unknown): Promise<{ body: object }>;
    delete(url: string): Promise<void>;
  };
  deploy(options: object, indexes: unknown, fieldOverrides: unknown): Promise<void>;
}

const tools: { FirestoreApi: new () => Api } = createRequire(import.meta.url)(
  "firebase-tools/lib/firestore/api.js",
);
const file = readIndexFile();
const GROUPS = "/projects/demo-deploy/databases/(default)/collectionGroups";
let sent: string[] = [];
beforeEach(() => {
  sent = [];
});

async function deploy(there: { indexes: object[]; fields: object[] }): Promise<void> {
  const note = (method: string, url: string) => void sent.push(`${method} ${url.replace(GROUPS, "")}`);
  const api = new tools.FirestoreApi();
  api.apiClient = {
    get: async (url) => ({ body: /\/(indexes|fields)(\?|$)/.test(url) ? there : {} }),
    post: async (url) => ({ body: { done: note("POST", url) } }),
    patch: async (url) => ({ body: { done: note("PATCH", url) } }),
    delete: async (url) => note("DELETE", url),
  };
  const options = { project: "demo-deploy", nonInteractive: true, force: true };
  await api.deploy(options, structuredClone(file.indexes), structuredClone(file.fieldOverrides));
}

/** What Google answers when all of it is there, with what it adds by itself. */
function listed({ indexes, fieldOverrides }: IndexFile) {
  return {
    indexes: indexes.map(({ collectionGroup, queryScope, fields }, index) => ({
      name: `${GROUPS.slice(1)}/${collectionGroup}/indexes/${index}`,
      queryScope,
      state: "READY",
      fields: [...fields, { fieldPath: "__name__", order: fields.at(-1)?.order ?? "ASCENDING" }],
    })),
    fields: fieldOverrides.map(({ collectionGroup, fieldPath, ttl, indexes: single }) => ({
      name: `${GROUPS.slice(1)}/${collectionGroup}/fields/${fieldPath}`,
      ...(ttl === true ? { ttlConfig: { state: "ACTIVE" } } : {}),
      indexConfig: {
        indexes: single.map(({ queryScope, ...mode }) => ({ queryScope, fields: [{ fieldPath, ...mode }] })),
      },
    })),
  };
}

it("sends each index and each field once, a whole collection before its fields", async () => {
  await deploy({ indexes: [], fields: [] });
  expect(sent).toHaveLength(file.indexes.length + file.fieldOverrides.length);
  expect(new Set(sent.filter((line) => line.startsWith("PATCH"))).size).toBe(file.fieldOverrides.length);
  const of = (field: string) => sent.indexOf(`PATCH /license_keys/fields/${field}`);
  expect(of("*")).toBeGreaterThan(-1);
  expect(of("check_at")).toBeGreaterThan(of("*"));
});

it("changes nothing when it is deployed again", async () => {
  await deploy(listed(file));
  expect(sent).toEqual([]);
});
