import wanted from "../../../firestore.indexes.json" with { type: "json" };
import { type Check, type CheckContext, type Finding, failed, ok, skipped, warning } from "../check.ts";
import { askGoogle, explainGoogle } from "../google-api.ts";
import { fieldPage, type IndexLists, indexPage, listedIndexes, wantedIndexes } from "../index-lists.ts";
import { usesFirestore } from "../local.ts";

const DEPLOY = "firebase deploy --only firestore:indexes";
const WAIT = "Wait until Google has built it: minutes, or hours where there are many documents";
/** Fields with an index configuration or a TTL of their own. */
const OWN_FIELDS = "indexConfig.usesAncestorConfig:false OR ttlConfig:*";
const MOST_PAGES = 50;

/** What firestore.indexes.json asks for, compared with what Google lists. What is there besides is left alone. */
export const indexes: Check = {
  name: "indexes",
  needs: ({ config }) => (usesFirestore(config) ? ["google", "firestore"] : []),
  async run(context) {
    const { config } = context;
    const project = config.GOOGLE_CLOUD_PROJECT;
    if (!usesFirestore(config)) return [skipped("the emulator and the store in memory need no indexes")];
    if (project === undefined) return [skipped("because GOOGLE_CLOUD_PROJECT is not set")];
    try {
      return compare(wantedIndexes(wanted), await readLists(context, project), project);
    } catch (error) {
      const asked = { api: "firestore.googleapis.com", what: "Firestore's indexes", project };
      return [await explainGoogle(error, { ...asked, role: "roles/datastore.viewer" }, context)];
    }
  },
};

async function readLists(context: CheckContext, project: string): Promise<IndexLists> {
  const group = `${context.roots.firestore}/v1/projects/${project}/databases/(default)/collectionGroups`;
  const [indexes, fields] = await Promise.all([
    pages(`${group}/-/indexes`, context, (body) => {
      const page = indexPage.parse(body);
      return { items: page.indexes, next: page.nextPageToken };
    }),
    // `__default__` also has a configuration of its own, which the file doesn't speak of.
    pages(`${group}/-/fields?filter=${encodeURIComponent(OWN_FIELDS)}`, context, (body) => {
      const page = fieldPage.parse(body);
      return { items: page.fields, next: page.nextPageToken };
    }),
  ]);
  return listedIndexes(indexes, fields);
}

async function pages<T>(
  url: string,
  context: CheckContext,
  read: (body: unknown) => { readonly items: readonly T[]; readonly next: string | undefined },
): Promise<T[]> {
  const all: T[] = [];
  const target = new URL(url);
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { items, next } = read(await askGoogle(context, target.href));
    all.push(...items);
    if (!next) break;
    target.searchParams.set("pageToken", next);
  }
  return all;
}

function compare(wanted: IndexLists, there: IndexLists, project: string): Finding[] {
  const deploy = `${DEPLOY} --project ${project}`;
  const findings = [
    ...[...wanted.indexes.keys()].flatMap((name) => judge(`index ${name}`, there.indexes.get(name), deploy)),
    ...[...wanted.fields].flatMap(([name, indexes]) => compareField(name, indexes, there.fields, deploy)),
    ...[...wanted.ttls.keys()].flatMap((name) =>
      judge(`TTL policy on ${name}`, there.ttls.get(name), deploy),
    ),
  ];
  return findings.length > 0
    ? findings
    : [ok(`all ${wanted.indexes.size} are built, and ${wanted.ttls.size} TTL policies work`)];
}

function judge(what: string, state: string | undefined, deploy: string): Finding[] {
  if (state === "READY" || state === "ACTIVE") return [];
  if (state === undefined) return [failed(`${what} is missing`, deploy)];
  if (state === "CREATING") return [warning(`${what} is still being made`, WAIT)];
  return [
    failed(
      `${what} is in error (${state})`,
      `Delete it in the Firebase console → Firestore → Indexes, then: ${deploy}`,
    ),
  ];
}

/** What Firestore makes by itself of a field that nobody said anything about, nor of its whole collection. */
const BY_ITSELF: ReadonlyMap<string, string> = new Map(["↑", "↓", "contains"].map((mode) => [mode, "READY"]));

/** An index that a query needs must be there; one too many only makes writes dearer. */
function compareField(
  name: string,
  wanted: ReadonlyMap<string, string>,
  fields: IndexLists["fields"],
  deploy: string,
): Finding[] {
  const collection = name.slice(0, name.indexOf("."));
  const there = fields.get(name) ?? fields.get(`${collection}.*`) ?? BY_ITSELF;
  const missing = [...wanted.keys()].flatMap((mode) =>
    judge(`index on field ${name} ${mode}`, there.get(mode), deploy),
  );
  const extra = [...there.keys()].filter((mode) => !wanted.has(mode)).join(" ");
  if (extra === "") return missing;
  return [...missing, warning(`field ${name} has an index ${extra} that serves no query`, deploy)];
}
