import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

/** An instance whose settings are wrong: every call fails, and whoever looks at the log or has alerts knows why. */

const SERVICE = new URL("../../functions/src/service.ts", import.meta.url).href;
const CALLS = `
import { theService } from ${JSON.stringify(SERVICE)};
for (const call of [1, 2]) try { theService(); } catch (error) { console.error(call, error.message); }`;

test("each call is refused naming what is wrong, the log says it once, and no value is told", () => {
  const env = {
    PATH: process.env.PATH,
    GCLOUD_PROJECT: "demo-shop",
    VERIFY_WAIT_MS: "a-while",
    KEYTHAI_API_KEY: "kt live secret",
  };
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", CALLS], {
    env,
    encoding: "utf8",
  });
  for (const call of [1, 2]) expect(stderr).toContain(`${call} playgrant can't start`);
  expect(stderr).toContain("VERIFY_WAIT_MS: expected a whole number");
  const lines = stdout.trim().split("\n");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    event: "settings.wrong",
    severity: "ERROR",
    variables: expect.arrayContaining(["VERIFY_WAIT_MS", "KEYTHAI_API_KEY"]),
  });
  expect(stdout + stderr).not.toMatch(/a-while|kt live secret/);
});
