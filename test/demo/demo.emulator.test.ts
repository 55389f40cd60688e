import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const A_MINUTE = 60_000;
const LICENCE_KEY = /KEYT-[0-9A-Z]{4}-/;
const PURCHASE_TOKEN = /[a-z]{20,}\.AO-J1O/;
/** What the shop's system and Somchai were told, and how soon. */
const TOLD = [
  /✓ The shop's system: desktop created, delivered, with the key; each signature holds\n/,
  /✓ Somchai's mailbox: Desktop licence: Your license key: .*••••-[0-9A-Z]{4}\n/,
  /✓ All of that came within 2\.00 s of the purchase: after [01]\.\d\d s\n/,
  /✓ The shop's system: all that ended was told before what began\n/,
  /✓ In all: \d+ webhooks and \d+ mails, each once, each signature holds\n/,
];

interface Told {
  readonly exitCode: number | string | null;
  readonly text: string;
}

type Environment = Record<string, string | undefined>;

function script(name: string, args: string[], env: Environment): Promise<Told> {
  return new Promise((resolve) => {
    const options = { env, cwd: root, timeout: A_MINUTE };
    execFile(process.execPath, [join(root, "scripts", name), ...args], options, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : (error.code ?? null), text: stdout + stderr }),
    );
  });
}

/** `npm run demo -- --once`, in an environment of its own. */
const demo = (env: Environment, ...args: string[]) => script("demo.ts", ["--once", ...args], env);

// The story holds the service to its two seconds. A machine that does other work may miss them once.
describe("the demo", { retry: 2 }, () => {
  it("comes out as it should with Firestore and Pub/Sub", { timeout: A_MINUTE }, async () => {
    const { exitCode, text } = await demo(process.env);
    expect(text).toContain("All of it came out as it should");
    expect(exitCode).toBe(0);
    expect(text).toMatch(/Google's emulators: Firestore \([\w.:]+\), Pub\/Sub/);
    expect(text).toContain("✓ Firestore: ");
    for (const line of TOLD) expect(text).toMatch(line);
  });

  it("comes out as it should where there are neither emulators nor Java", { timeout: A_MINUTE }, async () => {
    const { exitCode, text } = await demo({ PATH: "/nonexistent", HOME: "/nonexistent" });
    expect(text).toContain("All of it came out as it should");
    expect(exitCode).toBe(0);
    expect(text).toContain("No Java was found");
    expect(text).toContain("keeps everything in memory");
    for (const line of TOLD) expect(text).toMatch(line);
  });

  it("prints no purchase token, no secret, and of licence keys the last four only", {
    timeout: A_MINUTE,
  }, async () => {
    const { text } = await demo({ PATH: "/nonexistent", PLAYGRANT_STORE: "memory" });
    expect(text).toMatch(/licence key.*••••-[0-9A-Z]{4}\n/);
    expect(text).not.toMatch(LICENCE_KEY);
    expect(text).not.toMatch(PURCHASE_TOKEN);
    expect(text).not.toContain("whsec_");
  });

  it("comes out as it should with the bundle", { timeout: 2 * A_MINUTE }, async () => {
    const folder = join(root, `.cache/test-build-${process.pid}`);
    try {
      const built = await script("build.ts", [folder], process.env);
      expect(built).toEqual({ exitCode: 0, text: "" });
      const { exitCode, text } = await demo(process.env, "--entry", join(folder, "main.js"));
      expect(text).toContain("All of it came out as it should");
      expect(exitCode).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
