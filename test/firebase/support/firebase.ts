import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endWithUs, freePort } from "../../../scripts/emulators.ts";
import { type FirebaseTools, findFirebaseTools } from "../../../scripts/firebase-tools.ts";
import { offerEmulators } from "./emulator-jars.ts";

/** Firebase's own emulators of everything, as a developer starts them: `firebase emulators:start` on this project. */

const root = dirname(dirname(dirname(import.meta.dirname)));
const START_MS = 150_000;
const STOP_MS = 20_000;
const EMULATORS = ["auth", "functions", "firestore", "pubsub"] as const;
/** Those of the command line itself. */
const HELPERS = ["hub", "logging", "eventarc", "tasks", "websocket"] as const;

type Port = (typeof EMULATORS)[number] | (typeof HELPERS)[number];

export interface FirebaseOptions {
  readonly projectId: string;
  /** What stands in `functions/.env`. */
  readonly settings: Readonly<Record<string, string>>;
  /** What lies in Secret Manager. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly catalog: object;
}

export interface Firebase {
  /** `host:port` of each. */
  readonly hosts: Readonly<Record<(typeof EMULATORS)[number], string>>;
  /** What the command line and the functions have printed. */
  output(): string;
  stop(): Promise<void>;
}

/** @throws Error with what it printed, when it does not start. */
export async function startFirebase(options: FirebaseOptions): Promise<Firebase> {
  const tools = findFirebaseTools();
  if (typeof tools === "string") throw new Error(tools);
  const ports = await freePorts();
  const folder = await layOut(options, ports);
  const file = join(folder, "output.log");
  const output = () => readFileSync(file, "utf8");
  const child = launch(tools, folder, file, options.projectId);
  endWithUs(child, "SIGTERM");
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const wrong = await whyNotReady(child, output);
  if (wrong !== null) {
    const error = new Error(`firebase ${wrong}:\n${output()}`);
    await stop();
    throw error;
  }
  const hostOf = (name: Port) => `127.0.0.1:${ports[name]}`;
  const hosts = {
    auth: hostOf("auth"),
    functions: hostOf("functions"),
    firestore: hostOf("firestore"),
    pubsub: hostOf("pubsub"),
  };
  return { hosts, output, stop };
}

/** @returns Null once all emulators are ready. */
async function whyNotReady(child: ChildProcess, output: () => string): Promise<string | null> {
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(200)) {
    if (output().includes("All emulators ready")) return null;
    if (child.exitCode !== null) return `ended with ${child.exitCode}`;
  }
  return "is not ready";
}

async function freePorts(): Promise<Record<Port, number>> {
  const names: readonly Port[] = [...EMULATORS, ...HELPERS];
  const ports = await Promise.all(names.map(freePort));
  return Object.fromEntries(names.map((name, index) => [name, ports[index]])) as Record<Port, number>;
}

/** The project as a deploy sees it, in a folder of its own: its functions are found to depend on the root's packages. */
async function layOut(options: FirebaseOptions, ports: Record<Port, number>): Promise<string> {
  mkdirSync(join(root, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(root, ".cache/firebase-run-"));
  const functions = join(folder, "functions");
  mkdirSync(functions);
  for (const name of ["firestore.rules", "firestore.indexes.json", "functions/package.json"])
    copyFileSync(join(root, name), join(folder, name));
  const config = JSON.parse(readFileSync(join(root, "firebase.json"), "utf8"));
  for (const each of config.functions) delete each.predeploy;
  const { websocket, ...served } = ports;
  for (const [name, port] of Object.entries(served))
    config.emulators[name] = { ...config.emulators[name], host: "127.0.0.1", port };
  config.emulators.firestore.websocketPort = websocket;
  writeFileSync(join(folder, "firebase.json"), JSON.stringify(config, null, 2));
  writeFileSync(join(functions, ".env"), dotenv(options.settings));
  writeFileSync(join(functions, ".secret.local"), dotenv(options.secrets));
  const catalog = join(folder, "catalog.json");
  writeFileSync(catalog, JSON.stringify(options.catalog));
  try {
    await build(join(functions, "lib"), catalog);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return folder;
}

function dotenv(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
    .join("");
}

async function build(lib: string, catalog: string): Promise<void> {
  const child = spawn(process.execPath, [join(root, "functions/build.ts"), lib], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, CATALOG_FILE: catalog },
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`the functions could not be built: ${code}`);
}

/**
 * What it prints goes to a file, and it is in a group of its own: it has emulators of its own to end, which it doesn't where its
 * reader is gone before it, or where it hears of the end twice, from a Ctrl-C and from us.
 */
function launch(
  { cli, javaFolder }: FirebaseTools,
  folder: string,
  file: string,
  projectId: string,
): ChildProcess {
  const emulators = offerEmulators(join(root, ".cache/firebase-emulators"), dirname(dirname(dirname(cli))));
  const { HOME = "", PATH = "" } = process.env;
  const args = ["emulators:start", "--project", projectId, "--only", EMULATORS.join(",")];
  const printed = openSync(file, "a");
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    stdio: ["ignore", printed, printed],
    detached: true,
    env: {
      HOME,
      PATH: [javaFolder, dirname(process.execPath), PATH].join(delimiter),
      FIREBASE_EMULATORS_PATH: emulators,
      // Nothing is asked of the network: neither news, nor where this machine is, nor newer packages.
      CI: "true",
      METADATA_SERVER_DETECTION: "none",
      npm_config_fetch_retries: "0",
    },
  });
  closeSync(printed);
  return child;
}

/** It ends those that it started. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGINT");
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(late);
}
