import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, globSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { bundle } from "./bundle.ts";

/**
 * `npm run build [-- <folder>]`: the service as a bundle in `dist/`, for `npm start`. One file is read in place of a thousand, and what
 * V8 made of it is kept beside it, so that a process is ready in a fraction of the time (bench/startup.ts measures it).
 */

const root = dirname(import.meta.dirname);
const dist = resolve(process.argv[2] ?? join(root, "dist"));

/** The cache has to be on before the bundle is loaded, hence an entry of its own. Where it can't be had, nothing is lost. */
const ENTRY = `
import { enableCompileCache } from "node:module";
enableCompileCache({ directory: import.meta.dirname + "/.compile-cache", portable: true });
await import("./playgrant.js");`.trim();

async function bundleService(): Promise<void> {
  rmSync(dist, { recursive: true, force: true });
  await bundle({
    entryPoints: { playgrant: join(root, "src/main.ts"), sweep: join(root, "src/sweep.ts") },
    outdir: dist,
    target: "node22",
    // The page of the docs is read from its package when somebody opens it.
    external: ["swagger-ui-dist"],
  });
  await build({
    stdin: { contents: ENTRY },
    outfile: join(dist, "main.js"),
    format: "esm",
    target: "node22",
  });
}

/** Enough to start; nobody listens where Firestore and Pub/Sub are said to be. */
const NOWHERE = {
  NODE_ENV: "development",
  PORT: "0",
  HOST: "127.0.0.1",
  LOG_LEVEL: "info",
  CATALOG_FILE: join(root, "examples/catalog.json"),
  GOOGLE_CLOUD_PROJECT: "demo-build",
  FIRESTORE_EMULATOR_HOST: "127.0.0.1:9",
  PUBSUB_EMULATOR_HOST: "127.0.0.1:9",
  METADATA_SERVER_DETECTION: "none",
  KEYTHAI_API_KEY: "kt_test_sandbox",
  LICENSE_ENCRYPTION_KEYS: `build:${Buffer.alloc(32).toString("base64")}`,
};

/** Runs it once as each role and ends it as its owner does: Node writes the compile cache at the end. */
async function fillCache(role: string, listens: string): Promise<void> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...NOWHERE, PLAYGRANT_ROLES: role };
  const child = spawn(process.execPath, [join(dist, "main.js")], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const late = setTimeout(() => child.kill("SIGKILL"), 20_000);
  for await (const line of createInterface(child.stdout)) {
    const { event, port } = JSON.parse(line);
    if (event !== listens) continue;
    if (port !== undefined) await fetch(`http://127.0.0.1:${port}/openapi.json`).then((page) => page.text());
    child.kill("SIGTERM");
  }
  const [code] = await ended;
  clearTimeout(late);
  if (code !== 0) throw new Error(`the bundle does not run: as ${role} it ended with ${code}`);
}

/** Node writes it for its own eyes; a container may run it as somebody else. */
function openToAll(): void {
  for (const path of globSync(`${dist}/.compile-cache/**`)) {
    chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o644);
  }
}

await bundleService();
await fillCache("api", "listening");
await fillCache("subscriber", "pubsub.listening");
openToAll();
