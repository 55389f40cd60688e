import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ROOT } from "../support/commands/check.ts";
import { readStages } from "./support/dockerfile.ts";

/** What the last stage of the Dockerfile has in it is enough: each role runs in a folder that has that and no more. */

const app = mkdtempSync(join(tmpdir(), "playgrant-image-"));
const running = new Set<ChildProcess>();

/** Does what the Dockerfile does: builds, and copies into the last stage what is named there. */
beforeAll(() => {
  const built = join(app, "built");
  execFileSync(process.execPath, [join(ROOT, "scripts/build.ts"), built], { stdio: "pipe" });
  for (const map of globSync("*.map", { cwd: built })) rmSync(join(built, map));
  const copies = readStages()[1]?.filter(({ name }) => name === "COPY") ?? [];
  for (const { args } of copies) {
    const target = args.at(-1) ?? "";
    for (const source of args.slice(0, -1)) {
      if (!source.startsWith("/app/")) continue;
      const from = source === "/app/dist" ? built : join(ROOT, source.slice("/app/".length));
      cpSync(from, join(app, target, target.endsWith("/") ? basename(from) : ""), { recursive: true });
    }
  }
  rmSync(built, { recursive: true });
  mkdirSync(join(app, "mount"));
  cpSync(join(ROOT, "examples/catalog.json"), join(app, "mount/catalog.json"));
}, 120_000);

afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
});
afterAll(() => rmSync(app, { recursive: true, force: true }));

/** Nobody listens where Google's services are said to be. */
const ENVIRONMENT = {
  NODE_ENV: "production",
  PORT: "0",
  HOST: "127.0.0.1",
  CATALOG_FILE: "mount/catalog.json",
  GOOGLE_CLOUD_PROJECT: "demo-image",
  FIRESTORE_EMULATOR_HOST: "127.0.0.1:9",
  PUBSUB_EMULATOR_HOST: "127.0.0.1:9",
  PLAY_API_ROOT_URL: "http://127.0.0.1:9",
  METADATA_SERVER_DETECTION: "none",
  KEYTHAI_API_KEY: "kt_test_sandbox",
  LICENSE_ENCRYPTION_KEYS: `k:${Buffer.alloc(32).toString("base64")}`,
};

/** A store that answers: what waits for Firestore takes its time to end. */
const MEMORY = { NODE_ENV: "development", PLAYGRANT_STORE: "memory" };

interface Line {
  readonly event?: string;
  readonly port?: number;
}

function start(args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, args, {
    cwd: app,
    env: { ...ENVIRONMENT, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  return child;
}

/** Its log up to a line of this event. */
async function readUntil(child: ChildProcess, event: string): Promise<Line[]> {
  if (child.stdout === null) throw new Error("it has no output");
  const lines: Line[] = [];
  for await (const text of createInterface(child.stdout)) {
    lines.push(JSON.parse(text));
    if (lines.at(-1)?.event === event) return lines;
  }
  throw new Error(`it ended without ${event}`);
}

/** @returns Its exit code, and what it complained of: Node itself too, where a file is missing that it can do without. */
async function stop(child: ChildProcess): Promise<unknown> {
  const complaints: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => complaints.push(text));
  const ended = once(child, "close");
  child.kill("SIGTERM");
  const [code] = await ended;
  return [code, complaints.join("")];
}

test("it holds the bundle, two files of a package, and the word that it is ES modules", () => {
  expect(readdirSync(app).sort()).toEqual(["dist", "mount", "node_modules", "package.json"]);
  expect(readdirSync(join(app, "node_modules"))).toEqual(["swagger-ui-dist"]);
  // Without it Node reads each file twice, to find out.
  expect(JSON.parse(readFileSync(join(app, "package.json"), "utf8"))).toMatchObject({ type: "module" });
});

test("the api serves, its pages for people included", async () => {
  const child = start(["dist/main.js"], { PLAYGRANT_ROLES: "api" });
  const port = (await readUntil(child, "listening")).at(-1)?.port;
  const pages = ["/healthz", "/openapi.json", "/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"];
  for (const page of pages) {
    const answer = await fetch(`http://127.0.0.1:${port}${page}`);
    expect([page, answer.status, (await answer.text()).length > 10]).toEqual([page, 200, true]);
  }
  expect(await stop(child)).toEqual([0, ""]);
});

test.each(["worker", "subscriber,worker"])(
  "%s starts without opening a port, and ends on SIGTERM",
  async (roles) => {
    const child = start(["dist/main.js"], { PLAYGRANT_ROLES: roles, ...MEMORY });
    const events = (await readUntil(child, "started")).map(({ event }) => event);
    expect(events).not.toContain("listening");
    expect(await stop(child)).toEqual([0, ""]);
  },
);

test("the sweeps run", async () => {
  const child = start(["dist/sweep.js", "due"], MEMORY);
  const said: string[] = [];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const [code] = await once(child, "close");
  expect([code, said.join("")]).toEqual([0, "due: nothing found\n"]);
});
