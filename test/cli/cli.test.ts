import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { startSandbox } from "../../sandbox/sandbox.ts";
import { runCli } from "../../src/cli/program.ts";
import { settingNames } from "../../src/config.ts";
import { aFile } from "../doctor/support.ts";

// No setting of the person who runs the tests.
beforeEach(() => {
  for (const name of settingNames) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

async function run(...args: string[]) {
  const said = { stdout: "", stderr: "" };
  const to = (name: keyof typeof said) => ({
    write: (text: string | Uint8Array) => {
      said[name] += text;
      return true;
    },
  });
  const status = await runCli(args, { stdout: to("stdout"), stderr: to("stderr") });
  return { status, ...said };
}

async function aKeyThai() {
  const sandbox = await startSandbox();
  onTestFinished(() => sandbox.close());
  vi.stubEnv("KEYTHAI_API_KEY", sandbox.keythai.apiKey);
  vi.stubEnv("KEYTHAI_BASE_URL", `${sandbox.url}/keythai/v1`);
  return sandbox;
}

test("help and version", async () => {
  const help = await run("--help");
  expect([help.status, help.stderr]).toEqual([0, ""]);
  expect(help.stdout).toMatch(/Usage: playgrant[\s\S]*doctor[\s\S]*keythai/);
  expect((await run("doctor", "--help")).stdout).toMatch(
    /--json[\s\S]*--timeout <seconds>[\s\S]*Exit status: 0/,
  );
  expect(await run("--version")).toEqual({ status: 0, stdout: "0.1.0\n", stderr: "" });
});

test.each([
  [[]],
  [["nope"]],
  [["doctor", "now"]],
  [["doctor", "--loud"]],
  [["doctor", "--timeout"]],
  [["doctor", "--timeout", "0"]],
  [["doctor", "--timeout", "soon"]],
  [["catalog"]],
  [["keythai"]],
  [["keythai", "licenses"]],
  [["--env-file", "/no/such/file", "keythai", "products"]],
])("%j is not how it is used", async (args) => {
  const { status, stdout, stderr } = await run(...args);
  expect([status, stdout]).toEqual([64, ""]);
  expect(stderr).toMatch(/Usage: playgrant|error: /);
});

test("the doctor tells a terminal what it waits for, in one line that is gone at the end", async () => {
  vi.stubEnv("PLAYGRANT_STORE", "memory");
  vi.stubEnv("CATALOG_FILE", "/no/such/file");
  vi.stubEnv("PLAY_API_ROOT_URL", "http://127.0.0.1:2");
  let told = "";
  const write = (text: string | Uint8Array) => {
    told += text;
    return true;
  };
  const status = await runCli(["doctor", "--json"], {
    stdout: { write: () => true },
    stderr: { write, isTTY: true, columns: 40 },
  });
  expect(status).toBe(1);
  const lines = told.split("\r\u001b[K").slice(1);
  expect(lines[0]).toBe("checking catalog, keythai, encryption, kms,".slice(0, 39));
  expect(lines.every((line) => line.length < 40)).toBe(true);
  expect(lines.at(-1)).toBe("");
});

test("keythai products: the codes that a catalogue may name", async () => {
  await aKeyThai();
  expect(await run("keythai", "products")).toEqual({
    status: 0,
    stdout: [
      "code    id                          name",
      "my-app  01J00000000000000000000PRD  My App",
      "",
    ].join("\n"),
    stderr: "",
  });
  const { stdout } = await run("keythai", "products", "--json");
  expect(JSON.parse(stdout)).toEqual({
    products: [{ code: "my-app", id: "01J00000000000000000000PRD", name: "My App" }],
  });
});

test("keythai policies: of all products, or of one by code or id", async () => {
  const { keythai } = await aKeyThai();
  keythai.products.push({ id: "p2", code: "other", name: "Other" });
  keythai.policies.push({ id: "q2", productId: "p2", name: "Yearly", type: "subscription", maxMachines: 1 });
  const { stdout } = await run("keythai", "policies");
  expect(stdout.split("\n")).toEqual([
    "id                          product  type          name",
    "01J0000000000000000000PERP  my-app   perpetual     Perpetual",
    "01J00000000000000000000SUB  my-app   subscription  Subscription",
    "q2                          other    subscription  Yearly",
    "",
  ]);
  const other = { policies: [{ id: "q2", product: "other", type: "subscription", name: "Yearly" }] };
  for (const product of ["other", "p2"])
    expect(JSON.parse((await run("keythai", "policies", "--product", product, "--json")).stdout)).toEqual(
      other,
    );
  expect(await run("keythai", "policies", "--product", "nope")).toEqual({
    status: 1,
    stdout: "",
    stderr: "KeyThai has no product nope; it has: my-app, other\n",
  });
});

test("keythai: what KeyThai refuses is a sentence, and a status", async () => {
  await aKeyThai();
  vi.stubEnv("KEYTHAI_API_KEY", "kt_live_of_somebody_else");
  const { status, stdout, stderr } = await run("keythai", "products");
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^KeyThai doesn't know the API key \(401\)\. Set KEYTHAI_API_KEY/);
  expect(stderr).not.toContain("kt_live");
});

test("keythai: without a key, or with one that no header can carry", async () => {
  expect((await run("keythai", "policies")).status).toBe(78);
  vi.stubEnv("KEYTHAI_API_KEY", "กุญแจ");
  const { status, stderr } = await run("keythai", "products");
  expect([status, stderr]).toEqual([78, "KEYTHAI_API_KEY: has a character that a header can't carry\n"]);
});

test("catalog: a catalogue by itself, whatever the settings", async () => {
  const right = "examples/catalog.json";
  expect(await run("catalog", right)).toEqual({ status: 0, stdout: `${right} is right\n`, stderr: "" });
  const wrong = aFile('{"entitlements": {}, "products": [{"product_id": "coins"}]}', "catalog.json");
  const { status, stdout, stderr } = await run("catalog", wrong);
  expect([status, stdout]).toEqual([78, ""]);
  expect(stderr).toMatch(/^products\[0\]\.type: /);
  const broken = aFile("{", "catalog.json");
  expect(await run("catalog", broken)).toEqual({ status: 78, stdout: "", stderr: `${broken} is not JSON\n` });
});

test("settings may come from a file; what is set already stays", async () => {
  const { url, keythai } = await aKeyThai();
  vi.stubEnv("KEYTHAI_API_KEY", undefined);
  const file = aFile(`KEYTHAI_API_KEY=${keythai.apiKey}\nKEYTHAI_BASE_URL=${url}/nowhere\n`, ".env");
  expect((await run("keythai", "products", "--env-file", file)).status).toBe(0);
});
