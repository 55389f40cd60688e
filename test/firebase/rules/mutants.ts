/**
 * Rules that are wrong in one place: each line that opens something widened, narrowed, turned round or left out, and doors
 * added that somebody might add by mistake.
 */
export interface Mutant {
  /** The line of the rules, from 1; 0 where a door was added. */
  readonly line: number;
  readonly what: string;
  readonly rules: string;
}

const MATCH = /^(\s*match )(\/customers\/\{uid\}\/(\w+)\/\{(\w+)\})( \{)$/;
const ALLOW = /^(\s*allow )(\w+)(: if )(.+)(;)$/;
const ROOT = /^(\s*match )\/databases\/\{database\}\/documents( \{)$/;

export function mutantsOf(rules: string): Mutant[] {
  const lines = rules.split("\n");
  const changed = lines.flatMap((text, index) =>
    changesOf(text).map((becomes) => ({
      line: index + 1,
      what: `${text.trim()} -> ${becomes.trim()}`,
      rules: lines.with(index, becomes).join("\n"),
    })),
  );
  const left = lines.flatMap((text, index) => (MATCH.test(text) ? [without(lines, index)] : []));
  return [...changed, ...left, ...DOORS.map((door) => withDoor(lines, door))];
}

/** A rule can't be left out of a match that has no other: `if false` in its place says the same. */
function changesOf(text: string): string[] {
  const [match, allow, root] = [MATCH.exec(text), ALLOW.exec(text), ROOT.exec(text)];
  if (match !== null) return otherPaths(match);
  if (allow !== null) return otherRights(allow);
  return root === null ? [] : [`${root[1]}/databases/{database}/documents/things/{thing}${root[2]}`];
}

/** A match left out with all that is in it. */
function without(lines: readonly string[], index: number): Mutant {
  const text = lines[index] ?? "";
  const end = lines.indexOf(`${/^\s*/.exec(text)?.[0]}}`, index);
  const rules = lines.toSpliced(index, end - index + 1).join("\n");
  return { line: index + 1, what: `${text.trim()} -> nothing`, rules };
}

function otherPaths([, start, , collection, id, end]: RegExpExecArray): string[] {
  const paths = [
    `/customers/{uid}/${collection}/{${id}=**}`,
    `/customers/{uid}/{any}/{${id}}`,
    "/customers/{uid}/{rest=**}",
    `/customers/{uid}/${collection}/${id}`,
    `/customers/{any}/${collection}/{uid}`,
    `/{any}/{uid}/${collection}/{${id}}`,
    `/{before=**}/customers/{uid}/${collection}/{${id}}`,
  ];
  return paths.map((path) => `${start}${path}${end}`);
}

const RIGHTS = ["get", "list", "write", "read, write", "read, create", "read, update", "read, delete"];

/** Instead of who somebody is: less, more, nearly the same, or the other way round. */
const CONDITIONS = [
  "false",
  "true",
  "request.auth != null",
  "request.auth == null",
  "request.auth == null || request.auth.uid == uid",
  "request.auth.uid != uid",
  "request.auth.uid == uid || request.auth.uid != null",
  "request.auth.uid == uid && resource.data.active == true",
  "request.auth.uid == resource.data.customer_id",
  "request.auth.uid <= uid",
  "request.auth.uid >= uid",
  "request.auth.uid.lower() == uid.lower()",
  "request.auth.uid.trim() == uid",
  "uid.matches(request.auth.uid)",
  "request.auth.uid.matches('[a-z0-9-]+') && request.auth.uid == uid",
  "request.auth.uid == 'ann'",
  "uid == 'ann'",
  "request.auth.uid == uid && request.auth.token.firebase.sign_in_provider != 'anonymous'",
];

function otherRights([, start, right, middle, condition, end]: RegExpExecArray): string[] {
  return [
    ...RIGHTS.map((other) => `${start}${other}${middle}${condition}${end}`),
    ...CONDITIONS.map((other) => `${start}${right}${middle}${other}${end}`),
    `${start}${right}${end}`,
  ];
}

const SIGNED_IN = "request.auth != null";
const DOORS = [
  `match /{all=**} { allow read: if ${SIGNED_IN}; }`,
  `match /customers/{uid} { allow get: if request.auth.uid == uid; }`,
  `match /customers/{uid} { allow list: if ${SIGNED_IN}; }`,
  `match /customers/{uid} { allow write: if request.auth.uid == uid; }`,
  `match /customers/{uid}/{list}/{id} { allow create: if request.auth.uid == uid; }`,
  `match /purchases/{id} { allow read: if request.auth.uid == resource.data.customer_id; }`,
  `match /{any}/{id} { allow list: if ${SIGNED_IN} && request.query.limit <= 1; }`,
  `match /{path=**}/entitlements/{id} { allow read: if ${SIGNED_IN}; }`,
  `match /{path=**}/grants/{id} { allow list: if request.auth.uid == resource.data.customer_id; }`,
];

function withDoor(lines: readonly string[], door: string): Mutant {
  const root = lines.findIndex((text) => ROOT.test(text));
  return { line: 0, what: `added: ${door}`, rules: lines.toSpliced(root + 1, 0, door).join("\n") };
}

/**
 * The same rules in other words: a comparison with the uid of somebody who isn't signed in fails anyway; version 1 differs
 * in `=**` and in collection groups, of which the rules have neither; the table has but one database.
 */
export function equalsOf(rules: string): Record<string, string> {
  return {
    "to be signed in, asked for": rules.replaceAll("if request", "if request.auth != null && request"),
    "version 1": rules.replace("rules_version = '2';\n", ""),
    "the default database, by name": rules.replace("{database}", "(default)"),
  };
}
