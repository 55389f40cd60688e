import { markdown } from "./markdown.ts";
import { amount, readTables, type Tables } from "./page-tables.ts";

/** The arithmetic of docs/costs.md: what subscribers cost a month, from the page's own tables of what operations cost. */

type Amounts = Readonly<Record<string, number>>;

const USED = [
  "reads",
  "writes",
  "deletes",
  "Google calls",
  "KeyThai calls",
  "webhooks",
  "letters",
  "log bytes",
];
const FEATURE = "a feature";
const LICENCE = "a licence, an endpoint, letters";
const MIXED = "one in five with a licence";
const LICENCE_SHARE = 0.2;
const SIZES = [1_000, 100_000, 10_000_000] as const;

const MINUTES = 30 * 24 * 60;
/** The busiest minute against the mean one. */
const PEAK = 10;
const GOOGLE_A_MINUTE = 3_000;
/** Published and delivered: 1,000 bytes each, however short. */
const NOTICE_BYTES = 2_000;
/** What a call of Google's comes with: the request, its JSON, its commit and the effects. */
const CPU_MS = 12;
const GB = 1e9;

/** What a subscriber of such a shop uses in a month. */
function monthOf(tables: Tables, shop: string): Amounts {
  const used: Record<string, number> = {};
  for (const [name, { times = "", notices = "" }] of tables.get("each month") ?? []) {
    const from = [shop, "the app by itself"].find((title) => tables.get(title)?.has(name));
    // What only licences need is in no table of features.
    if (from === undefined && tables.get(LICENCE)?.has(name) !== true)
      throw new Error(`no operation "${name}"`);
    if (from === undefined) continue;
    for (const what of USED)
      used[what] = (used[what] ?? 0) + Number(times) * amount(tables, from, name, what);
    used.notices = (used.notices ?? 0) + Number(times) * Number(notices);
  }
  return used;
}

function mixed(feature: Amounts, licence: Amounts): Amounts {
  const names = Object.keys(feature);
  const share = (name: string) =>
    (1 - LICENCE_SHARE) * (feature[name] ?? 0) + LICENCE_SHARE * (licence[name] ?? 0);
  return Object.fromEntries(names.map((name) => [name, share(name)]));
}

/** The tables that follow from the others, as the page must have them. */
export function derivedTables(page: string): readonly string[] {
  const tables = readTables(page);
  const [feature, licence] = [monthOf(tables, FEATURE), monthOf(tables, LICENCE)];
  const each = mixed(feature, licence);
  const names = Object.keys(each);
  const row = (name: string, used: Amounts) => [name, ...names.map((what) => short(used[what] ?? 0))];
  const rows = [row(FEATURE, feature), row(LICENCE, licence), row(MIXED, each)];
  const scaled = SIZES.map((size) => scale(tables, each, size));
  const sizes = SIZES.map((size) => size.toLocaleString("en-US"));
  const totals = names.map((name) => [name, ...scaled.map((used) => short(used[name] ?? 0))]);
  return [
    markdown(["a month of one subscriber", ...names], rows),
    markdown(["a month of all subscribers", ...sizes], totals),
    markdown(["what that means", ...sizes], rates(tables, scaled)),
    markdown(["first met", "subscribers"], limits(tables, each)),
  ];
}

/** How many subscribers it takes to meet what is scarce first. */
function limits(tables: Tables, each: Amounts): string[][] {
  const google = (each["Google calls"] ?? 0) / MINUTES;
  const due = looks(tables) / MINUTES / 60;
  const licences =
    (LICENCE_SHARE * amount(tables, "each month", "licence compared by the daily sweep", "times")) /
    MINUTES /
    60;
  const done = (sweep: string) => amount(tables, "sweep", sweep, "a worker does a second");
  const met = (name: string, limit: number, used: number) => [name, two(limit / used)];
  return [
    met("one worker's `due` sweep, in the busiest minute", done("`due`"), PEAK * due),
    met("Google's 3,000 calls a minute, in the busiest minute", GOOGLE_A_MINUTE, PEAK * google),
    met("one worker's comparison of licences, all day", done("`licenses`"), licences),
    met("one worker's `due` sweep, all day", done("`due`"), due),
    met("Google's 3,000 calls a minute, all day", GOOGLE_A_MINUTE, google),
  ];
}

function scale(tables: Tables, each: Amounts, size: number): Amounts {
  const idle = (what: string) =>
    (MINUTES / 60) * amount(tables, "an idle hour of a worker", "one endpoint", what);
  return Object.fromEntries(
    Object.entries(each).map(([name, used]) => [name, used * size + (name === "notices" ? 0 : idle(name))]),
  );
}

function rates(tables: Tables, scaled: readonly Amounts[]): string[][] {
  const of = (name: string, how: (used: Amounts, size: number) => number) => [
    name,
    ...scaled.map((used, index) => short(how(used, SIZES[index] ?? 0))),
  ];
  const google = (used: Amounts) => (used["Google calls"] ?? 0) / MINUTES;
  const writes = (used: Amounts) => ((used.writes ?? 0) + (used.deletes ?? 0)) / MINUTES / 60;
  const kept =
    (1 - LICENCE_SHARE) * storedBy(tables, "stored by a feature") +
    LICENCE_SHARE * storedBy(tables, "stored by a licence");
  return [
    of("Google calls a minute, mean", google),
    of("Google calls a minute, busiest", (used) => PEAK * google(used)),
    of("of Google's 3,000, busiest, in %", (used) => (100 * PEAK * google(used)) / GOOGLE_A_MINUTE),
    of("KeyThai calls a second, mean", (used) => (used["KeyThai calls"] ?? 0) / MINUTES / 60),
    of("looks of the `due` sweep a second, mean", (_, size) => (size * looks(tables)) / MINUTES / 60),
    of("Firestore writes and deletes a second, mean", writes),
    of("Firestore writes and deletes a second, busiest", (used) => PEAK * writes(used)),
    of("notices a second, busiest", (used) => (PEAK * (used.notices ?? 0)) / MINUTES / 60),
    of("Pub/Sub, GB a month", (used) => ((used.notices ?? 0) * NOTICE_BYTES) / GB),
    of("log, GB a month", (used) => (used["log bytes"] ?? 0) / GB),
    of("CPU hours a month", (used) => ((used["Google calls"] ?? 0) * CPU_MS) / 3_600_000),
    of("stored after a year, GB without indexes", (_, size) => (size * kept) / GB),
  ];
}

/** Purchases that the sweep asks Google about, for each subscriber and month. */
function looks(tables: Tables): number {
  const times = (name: string) => amount(tables, "each month", name, "times");
  const refused = "charge refused, then paid: a silent day, 3 days of grace";
  const google = amount(tables, FEATURE, refused, "Google calls");
  const notices = amount(tables, "each month", refused, "notices");
  return times("renewal that is overdue, looked at by the sweep") + times(refused) * (google - notices);
}

function storedBy(tables: Tables, title: string): number {
  const rows = [...(tables.get(title)?.keys() ?? [])];
  return rows.reduce((bytes, name) => bytes + amount(tables, title, name, "bytes"), 0);
}

/** Three digits tell enough. */
function short(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/** Where guesses are part of it, two. */
function two(value: number): string {
  return value.toLocaleString("en-US", { maximumSignificantDigits: 2 });
}
