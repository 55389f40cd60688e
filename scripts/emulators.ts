import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, readdirSync, realpathSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Google's own emulators of Firestore and Pub/Sub, started from their jars: one Java process each, no firebase-tools
 * and no `gcloud` call, both of which take seconds.
 */

type Kind = "firestore" | "pubsub";

/** Where an emulator can be had. */
export type Source =
  /** Somebody runs one already and says so by Google's own variable. */
  | { readonly kind: "running"; readonly host: string }
  | { readonly kind: "jar"; readonly path: string }
  | { readonly kind: "missing"; readonly why: string };

export interface FoundEmulators {
  readonly java: string | null;
  readonly firestore: Source;
  readonly pubsub: Source;
}

export interface EmulatorOptions {
  /** Default: true. */
  readonly firestore?: boolean;
  /** Default: true. */
  readonly pubsub?: boolean;
}

export interface Emulators {
  /** `host:port`; null if it was not asked for. */
  readonly firestoreHost: string | null;
  readonly pubsubHost: string | null;
  /** What a process needs in its environment to use them: Google's clients look there by themselves. */
  readonly env: Readonly<Record<string, string>>;
  /** Stops those that were started here. May be called twice. */
  stop(): Promise<void>;
}

/** An emulator is missing, or did not start: the message is a sentence for a person. */
export class EmulatorsUnavailable extends Error {
  override readonly name = "EmulatorsUnavailable";
}

const NAMES: Readonly<Record<Kind, string>> = { firestore: "Firestore", pubsub: "Pub/Sub" };
const HOST_VARIABLE = { firestore: "FIRESTORE_EMULATOR_HOST", pubsub: "PUBSUB_EMULATOR_HOST" } as const;
const JAR_VARIABLE = { firestore: "FIRESTORE_EMULATOR_JAR", pubsub: "PUBSUB_EMULATOR_JAR" } as const;
const FIRESTORE_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore";
const START_TIMEOUT_MS = 60_000;
const STARTS = 3;

/** Quick to start, and never more than a bounded piece of the machine. */
const JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"];
/** The Firestore emulator keeps all it was ever told in memory: a full heap makes it answer after seconds. */
const HEAP: Readonly<Record<Kind, string>> = { firestore: "-Xmx3g", pubsub: "-Xmx384m" };

// ---------------------------------------------------------------- Where they are

/** Looks, without starting anything, for what {@link startEmulators} would use. */
export function findEmulators(): FoundEmulators {
  const java = findJava();
  return { java, firestore: findOne("firestore", java), pubsub: findOne("pubsub", java) };
}

/** What is missing, in plain words; null when all that is asked for can be had. */
export function missingEmulators(options: EmulatorOptions = {}): string | null {
  const found = findEmulators();
  const sources = kindsOf(options).map((kind) => found[kind]);
  const reasons = sources.flatMap((source) => (source.kind === "missing" ? [source.why] : []));
  return reasons.length === 0 ? null : [...new Set(reasons)].join("\n");
}

function kindsOf({ firestore = true, pubsub = true }: EmulatorOptions): Kind[] {
  return [...(firestore ? ["firestore" as const] : []), ...(pubsub ? ["pubsub" as const] : [])];
}

function findOne(kind: Kind, java: string | null): Source {
  const host = process.env[HOST_VARIABLE[kind]];
  if (host) return { kind: "running", host };
  if (java === null) return { kind: "missing", why: NO_JAVA };
  return findJar(kind);
}

/** The emulator itself, whether one of its kind runs already or not. */
export function findJar(kind: Kind): Extract<Source, { kind: "jar" | "missing" }> {
  const given = process.env[JAR_VARIABLE[kind]];
  if (given) {
    if (isReadable(given)) return { kind: "jar", path: given };
    return { kind: "missing", why: `${JAR_VARIABLE[kind]} names a file that can't be read: ${given}` };
  }
  const path = [...sdkRoots().flatMap((root) => jarsOfSdk(root, kind)), ...jarsOfFirebase(kind)].find(
    isReadable,
  );
  return path === undefined ? { kind: "missing", why: noJar(kind) } : { kind: "jar", path };
}

const NO_JAVA =
  "No Java was found: neither JAVA_HOME nor PATH has one. Google's emulators need Java 17 or newer " +
  "(Debian: apt-get install openjdk-17-jre-headless).";

function noJar(kind: Kind): string {
  return (
    `Google's ${NAMES[kind]} emulator was not found. Get it by one of: ` +
    `gcloud components install ${kind === "firestore" ? "cloud-firestore-emulator" : "pubsub-emulator"}; ` +
    `apt-get install google-cloud-cli-${kind}-emulator (Google's apt source); ` +
    `npx firebase setup:emulators:${kind}. Or set ${JAR_VARIABLE[kind]} to its jar, ` +
    `or ${HOST_VARIABLE[kind]} to one that runs.`
  );
}

function findJava(): string | null {
  const home = process.env.JAVA_HOME;
  const folders = [...(home ? [join(home, "bin")] : []), ...pathFolders()];
  return folders.map((folder) => join(folder, "java")).find(isExecutable) ?? null;
}

function sdkRoots(): string[] {
  const gcloud = pathFolders()
    .map((folder) => join(folder, "gcloud"))
    .find(isExecutable);
  const roots = [
    process.env.CLOUDSDK_ROOT_DIR,
    gcloud === undefined ? undefined : dirname(dirname(realpathSync(gcloud))),
    "/usr/lib/google-cloud-sdk",
    "/usr/share/google-cloud-sdk",
    "/opt/google-cloud-sdk",
    "/snap/google-cloud-cli/current",
    join(homedir(), "google-cloud-sdk"),
  ];
  return roots.filter((root) => root !== undefined && root !== "") as string[];
}

function jarsOfSdk(root: string, kind: Kind): string[] {
  if (kind === "firestore")
    return [join(root, "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")];
  return newestIn(join(root, "platform/pubsub-emulator/lib"), /^cloud-pubsub-emulator-.*\.jar$/);
}

/** What `firebase setup:emulators:…` downloads. */
function jarsOfFirebase(kind: Kind): string[] {
  const cache = process.env.FIREBASE_EMULATORS_PATH || join(homedir(), ".cache/firebase/emulators");
  if (kind === "firestore") return newestIn(cache, /^cloud-firestore-emulator-v.*\.jar$/);
  const unpacked = newestIn(cache, /^pubsub-emulator-[\d.]+$/);
  return unpacked.flatMap((folder) =>
    newestIn(join(folder, "pubsub-emulator/lib"), /^cloud-pubsub-emulator-.*\.jar$/),
  );
}

function newestIn(folder: string, pattern: RegExp): string[] {
  try {
    const names = readdirSync(folder).filter((name) => pattern.test(name));
    return names
      .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function pathFolders(): string[] {
  return (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
}

function isReadable(path: string): boolean {
  return isAccessible(path, constants.R_OK);
}

function isExecutable(path: string): boolean {
  return isAccessible(path, constants.X_OK);
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

// ---------------------------------------------------------------- Running them

/**
 * Starts what was asked for and waits until each answers. They end with this process, however it ends (but for SIGKILL).
 *
 * @throws EmulatorsUnavailable saying what is missing and how to get it.
 */
export async function startEmulators(options: EmulatorOptions = {}): Promise<Emulators> {
  const missing = missingEmulators(options);
  if (missing !== null) throw new EmulatorsUnavailable(missing);
  const found = findEmulators();
  const started: Running[] = [];
  const stop = async () => void (await Promise.all(started.splice(0).map((one) => one.stop())));
  const start = async (kind: Kind, wanted: boolean): Promise<string | null> => {
    if (!wanted) return null;
    const source = found[kind];
    if (source.kind === "running") return await reached(kind, source.host);
    if (source.kind === "missing" || found.java === null) throw new EmulatorsUnavailable(NO_JAVA);
    const running = await startOne(kind, found.java, source.path);
    started.push(running);
    return running.host;
  };
  const { firestore = true, pubsub = true } = options;
  const results = await Promise.allSettled([start("firestore", firestore), start("pubsub", pubsub)]);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const [firestoreHost = null, pubsubHost = null] = results.map((result) =>
    result.status === "fulfilled" ? result.value : null,
  );
  return { firestoreHost, pubsubHost, env: environment(firestoreHost, pubsubHost), stop };
}

function environment(firestoreHost: string | null, pubsubHost: string | null): Record<string, string> {
  return {
    ...(firestoreHost === null ? {} : { [HOST_VARIABLE.firestore]: firestoreHost }),
    ...(pubsubHost === null ? {} : { [HOST_VARIABLE.pubsub]: pubsubHost }),
    // Else every Google client looks for the metadata server of a cloud machine first.
    METADATA_SERVER_DETECTION: "none",
  };
}

async function reached(kind: Kind, host: string): Promise<string> {
  for (const end = Date.now() + 10_000; Date.now() < end; await sleep(100))
    if (await answers(kind, host)) return host;
  throw new EmulatorsUnavailable(
    `${HOST_VARIABLE[kind]} is set, but no ${NAMES[kind]} emulator answers at ${host}.`,
  );
}

interface Running {
  readonly host: string;
  stop(): Promise<void>;
}

async function startOne(kind: Kind, java: string, jar: string): Promise<Running> {
  for (let start = 1; ; start += 1) {
    const port = await freePort();
    const running = await launch(kind, java, jar, port);
    if (typeof running !== "string") return running;
    // Somebody else may have taken the port since it was found free.
    if (start === STARTS || !/address already in use|failed to bind/i.test(running)) {
      throw new EmulatorsUnavailable(
        `The ${NAMES[kind]} emulator did not start (${java}, ${jar}):\n${running}`,
      );
    }
  }
}

/** @returns What it printed, where it did not start. */
async function launch(kind: Kind, java: string, jar: string, port: number): Promise<Running | string> {
  const host = `127.0.0.1:${port}`;
  const program =
    kind === "firestore"
      ? ["-cp", jar, FIRESTORE_MAIN, "--host", "127.0.0.1", "--port", String(port)]
      : ["-jar", jar, "--host=127.0.0.1", `--port=${port}`];
  const child = spawn(java, [...JVM, HEAP[kind], ...program], { stdio: ["ignore", "pipe", "pipe"] });
  const output = keepOutput(child);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  endWithUs(child);
  const stop = () => end(child, ended);
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && isAlive(child)) {
    if (await answers(kind, host)) return { host, stop };
    await Promise.race([sleep(50), ended]);
  }
  const alive = isAlive(child);
  await stop();
  return alive ? `no answer for ${START_TIMEOUT_MS / 1000} s\n${output()}` : output();
}

/** The last of what a process printed, for messages. */
function keepOutput(child: ChildProcess): () => string {
  let text = "";
  const add = (chunk: unknown) => {
    text = (text + String(chunk)).slice(-8_000);
  };
  child.stdout?.on("data", add);
  child.stderr?.on("data", add);
  child.on("error", (error) => add(`${error.message}\n`));
  return () => text.trim();
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (!isAlive(child)) return;
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), 3_000);
  await ended;
  clearTimeout(late);
}

async function answers(kind: Kind, host: string): Promise<boolean> {
  // Firestore's root answers Ok; Pub/Sub answers on its port before it can serve, so ask it something real.
  const path = kind === "firestore" ? "/" : "/v1/projects/demo-ready/topics";
  try {
    const answer = await fetch(`http://${host}${path}`, { signal: AbortSignal.timeout(2_000) });
    await answer.text();
    return answer.ok;
  } catch {
    return false;
  }
}

export function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject()));
  });
  return promise;
}

// ---------------------------------------------------------------- Ending with us

/** Each with the signal that ends it. */
const children = new Map<ChildProcess, NodeJS.Signals>();

/**
 * Sees to it that a child does not outlive this process, however it ends (but for SIGKILL).
 *
 * @param signal SIGTERM for one that has children of its own to end.
 */
export function endWithUs(child: ChildProcess, signal: NodeJS.Signals = "SIGKILL"): void {
  if (children.size === 0) watchOurEnd();
  children.set(child, signal);
  child.once("exit", () => {
    children.delete(child);
    if (children.size === 0) unwatchOurEnd();
  });
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function killAll(): void {
  for (const [child, signal] of children) child.kill(signal);
}

/** A signal ends a process without `exit` handlers unless somebody listens to it; whoever else does, decides. */
function onSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  killAll();
  unwatchOurEnd();
  process.kill(process.pid, signal);
}

function watchOurEnd(): void {
  process.on("exit", killAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function unwatchOurEnd(): void {
  process.off("exit", killAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}
