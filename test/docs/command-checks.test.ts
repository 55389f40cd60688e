import { describe, expect, test } from "vitest";
import { ROOT } from "../support/commands/check.ts";
import { noFirebase } from "../support/commands/firebase.ts";
import { gcloudLine, lintGcloud, mustCheckAll, noGcloud } from "../support/commands/gcloud.ts";
import { checkFor } from "../support/commands/kinds.ts";
import { simpleCommands } from "../support/commands/shell.ts";

/** What looks at the commands of the documents finds the mistakes that one makes there. */

async function problemsOf(script: string): Promise<(string | null)[]> {
  const place = { folder: ROOT };
  const problems: (string | null)[] = [];
  for (const command of simpleCommands(script)) problems.push(await checkFor(command.name)(command, place));
  return problems;
}

test.each([
  ["npm ci && npm run build && npm start"],
  ["npm run simulate -- --seed 1 --customers 20"],
  ["npm ci --prefix test/firebase"],
  ["cd examples/webhook-receiver && npm start"],
  ["git clone https://github.com/somebody/playgrant && cd playgrant && npm ci"],
  ["node --env-file=.env dist/main.js"],
  ["node src/main.ts"],
  ["npx playgrant doctor --json"],
  ["deploy/deploy --dry-run 50-image 60-run"],
  ["cp .env.example .env"],
  ["curl https://elsewhere.example/anything"],
  ['curl -fsS "$URL/healthz"'],
  [
    'curl -X POST "$URL/v1/purchases/verify" -d \'{"package_name":"a.b","product_id":"c","purchase_token":"d"}\'',
  ],
  ["curl https://a.example/v1/admin/customers/ann"],
])("nothing is wrong with: %s", async (script) => {
  expect((await problemsOf(script)).filter((problem) => problem !== null)).toEqual([]);
});

test.each([
  ["a program nobody thought of", "terraform apply", /thought about the command terraform/],
  ["an npm script that is gone", "npm run deploy", /no npm script deploy/],
  ["a flag that a script doesn't take", "npm run simulate -- --sead 1", /knows nothing of --sead/],
  ["a folder without a package", "npm ci --prefix docs", /no package.json/],
  ["a folder that is gone", "cd examples/ios", /no folder examples\/ios/],
  ["a file that is gone", "node src/mian.ts", /no src\/mian.ts/],
  ["a file to copy that is gone", "cp .env.sample .env", /no .env.sample/],
  ["an npx program nobody thought of", "npx create-shop", /thought about npx create-shop/],
  ["a command that playgrant doesn't have", "npx playgrant docter", /no command docter/],
  ["a flag that playgrant doesn't have", "npx playgrant doctor --yaml", /knows no --yaml/],
  ["a step of the deployment that is gone", "deploy/deploy 55-image", /knows nothing of 55-image/],
  ["a flag of curl nobody thought of", "curl --insecure https://a.example", /thought about curl --insecure/],
  ["no URL", "curl -s", /wants one URL/],
  ["a route that is gone", 'curl "$URL/v1/purchase/verify"', /there is no \/v1\/purchase\/verify/],
  ["a wrong method", 'curl -X PUT "$URL/v1/purchases/verify"', /takes no PUT/],
  ["a body that is no JSON", "curl \"$URL/v1/purchases/verify\" -d '{'", /not JSON/],
  ["a body that lacks a field", "curl \"$URL/v1/purchases/verify\" -d '{}'", /refuses this body/],
])("it finds %s", async (_name, script, problem) => {
  expect((await problemsOf(script)).at(-1)).toMatch(problem);
});

describe("commands of Firebase's tools", () => {
  test("it finds commands and flags that they don't have", { timeout: 120_000 }, async (context) => {
    if (noFirebase() !== null && !mustCheckAll()) context.skip(noFirebase() ?? "");
    expect(
      await problemsOf("npx firebase-tools@15.34.2 deploy --only firestore:indexes --project a"),
    ).toEqual([null]);
    expect(await problemsOf("firebase deply")).toEqual(["firebase has no command deply"]);
    expect(await problemsOf("firebase deploy --onyl functions")).toEqual(["firebase deploy knows no --onyl"]);
  });
});

describe("commands of gcloud", () => {
  test("it finds what the parser refuses", { timeout: 120_000 }, async (context) => {
    if (noGcloud() !== null && !mustCheckAll()) context.skip(noGcloud() ?? "");
    const right = ["logging", "metrics", "create", "m", "--description=a b's", '--log-filter=x="y"'];
    const wrong = [
      ["pubsub", "topics", "create", "x", "--bogus=1"],
      ["pubsub", "topic", "create", "x"],
      ["pubsub", "topics", "create"],
      ["run", "deploy", "x", "--image=i", "--ingress=none"],
    ];
    const said = await lintGcloud([right, ...wrong]);
    expect([...said.keys()]).toEqual(wrong.map(gcloudLine));
    expect(said.get(gcloudLine(wrong[0] ?? []))).toMatch(/--bogus/);
  });
});
