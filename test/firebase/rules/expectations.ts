import { CollectionReference, Firestore } from "@google-cloud/firestore";
import { paths } from "../../../src/adapters/firestore/paths.ts";

/**
 * Who may do what with which document, as data: the tests of the rules and of their mutants go by the same table. What is
 * not said to be allowed is not.
 */

export type Act =
  | "get"
  | "list"
  /** A list narrowed down as far as a client can: to rows that say that they are one's own. */
  | "list own"
  /** All collections of this name, wherever they are. */
  | "group"
  | "group own"
  | "create"
  | "update"
  | "delete";

export interface Expectation {
  /** A uid; null for somebody who isn't signed in. */
  readonly who: string | null;
  readonly act: Act;
  /** A document, a collection for lists, a collection's name for groups. */
  readonly at: string;
  readonly may: boolean;
}

export const ANN = "ann";
const BOB = "bob";
/** Signed in without an account: with a uid like anybody's. */
export const GUEST = "guest-7";
const NOBODY = null;

/** What rules could stumble over in a uid; all that Firestore takes as a document's name. */
const ODD = [
  "a'b\"c`d\\e",
  "$(uid) {uid} {rest=**}",
  "ann@example.com, +66 (0)2",
  "ünïcode สมชาย 🦊",
  "a%2Fb",
  "*",
  "null",
  "0",
  "x".repeat(128),
];
/** Nearly Ann. */
const LOOKALIKES = ["Ann", "ANN", "an", "annn", "a.n", ".*", " ann", "ann "];

const OWN = ["entitlements", "grants"];
const WRITES = ["create", "update", "delete"] as const;
const ONE = ["get", ...WRITES] as const;

interface Places {
  /** Below a customer. */
  readonly own: readonly string[];
  readonly closed: readonly string[];
}

/** Every collection that the service keeps, from where it names them: a new one can't be forgotten here. */
export function places(): Places {
  const found = Object.values(paths(new Firestore({ projectId: "demo-places" })))
    .map((place) => (typeof place === "function" ? place(ANN) : place))
    .filter((place) => place instanceof CollectionReference)
    .map(({ path }) => path);
  const own = found.filter((path) => path.startsWith(`customers/${ANN}/`));
  return {
    own: own.map((path) => path.slice(`customers/${ANN}/`.length)).sort(),
    closed: ["customers", ...found.filter((path) => !own.includes(path)).sort()],
  };
}

/** The name of what is in a collection: every collection of the table has one such document. */
const DOCUMENT: Readonly<Record<string, string>> = {
  customers: ANN,
  entitlements: "premium",
  grants: "egr_1",
};

function documentIn(collection: string): string {
  return `${collection}/${DOCUMENT[collection.split("/").at(-1) ?? ""] ?? "one"}`;
}

function row(who: string | null, act: Act, at: string, may = false): Expectation {
  return { who, act, at, may };
}

const at = (uid: string, name: string) => `customers/${uid}/${name}`;

/** Each way there is to read, were there nothing to read. */
function theirs(name: string): Expectation[] {
  const everybody = [ANN, BOB, GUEST, ...ODD].flatMap((uid) => [
    row(uid, "get", documentIn(at(uid, name)), true),
    row(uid, "list", at(uid, name), true),
  ]);
  const more = [row(ANN, "list own", at(ANN, name), true), row(ANN, "get", `${at(ANN, name)}/nothing`, true)];
  return [...everybody, ...more];
}

function others(name: string): Expectation[] {
  const strangers = [BOB, GUEST, NOBODY, ...LOOKALIKES, ...ODD].flatMap((uid) => [
    row(uid, "get", documentIn(at(ANN, name))),
    row(uid, "list", at(ANN, name)),
    row(uid, "list own", at(ANN, name)),
  ]);
  return [...strangers, row(BOB, "get", `${at(ANN, name)}/nothing`)];
}

function writes(name: string): Expectation[] {
  return [ANN, BOB, GUEST, NOBODY].flatMap((who) =>
    WRITES.map((act) => row(who, act, act === "create" ? `${at(ANN, name)}/new` : documentIn(at(ANN, name)))),
  );
}

function groups(name: string): Expectation[] {
  return [ANN, BOB, GUEST, NOBODY].flatMap((who) => [row(who, "group", name), row(who, "group own", name)]);
}

/** Nothing at all, not even for those whose name is on it. */
function closed(collection: string): Expectation[] {
  const document = documentIn(collection);
  return [ANN, NOBODY].flatMap((who) => [
    ...ONE.map((act) => row(who, act, act === "create" ? `${collection}/new` : document)),
    row(who, "list", collection),
    row(who, "list own", collection),
  ]);
}

/** Where nothing is kept, at each depth that a path widened by mistake would reach. */
const ELSEWHERE = [
  "things",
  ANN,
  "entitlements",
  "grants",
  `customers/${ANN}/notes`,
  ...OWN.flatMap((name) => [
    `things/${ANN}/${name}`,
    `things/one/${at(ANN, name)}`,
    `${documentIn(at(ANN, name))}/notes`,
    `${documentIn(at(ANN, name))}/${name}`,
  ]),
];

/** By what they say. */
export const EXPECTATIONS: Readonly<Record<string, readonly Expectation[]>> = {
  ...Object.fromEntries(
    OWN.flatMap((name) => [
      [`everybody reads their own ${name}`, theirs(name)],
      [`nobody reads the ${name} of others`, others(name)],
      [`nobody writes ${name}, were they their own`, writes(name)],
      [`nobody asks for the ${name} of all customers, were it for their own among them`, groups(name)],
    ]),
  ),
  ...Object.fromEntries(
    [...places().closed, ...ELSEWHERE].map((place) => [`${place} is closed`, closed(place)]),
  ),
};

/** The documents that are there when the table is gone through, each with its owner's name in it: Ann's, where it has none. */
export function documents(): Record<string, object> {
  const named = Object.values(EXPECTATIONS)
    .flat()
    .filter(({ act }) => act === "get" || act === "update")
    .map((expectation) => expectation.at)
    .filter((path) => !path.endsWith("/nothing"));
  return Object.fromEntries(named.map((path) => [path, { customer_id: ownerOf(path), active: true }]));
}

function ownerOf(path: string): string {
  return /^customers\/([^/]+)/.exec(path)?.[1] ?? ANN;
}
