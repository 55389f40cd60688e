import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { strToU8, zipSync } from "fflate";
import { findJar } from "../../../scripts/emulators.ts";

const FIRESTORE_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore";

interface Downloadable {
  readonly version: string;
  readonly downloadPathRelativeToCacheDir: string;
  readonly binaryPathRelativeToCacheDir?: string;
}

/**
 * Google's emulators as Firebase's command line looks for them, so that it downloads none: files of the names it expects,
 * which lead to those of the gcloud SDK. It checks no more than that they are there.
 *
 * @param folder Is made, and may be used again.
 * @param tools Where firebase-tools is installed.
 * @returns The folder, for FIREBASE_EMULATORS_PATH.
 */
export function offerEmulators(folder: string, tools: string): string {
  const info = readFileSync(join(tools, "lib/emulator/downloadableEmulatorInfo.json"), "utf8");
  const wanted: Record<"firestore" | "pubsub", Downloadable> = JSON.parse(info);
  mkdirSync(folder, { recursive: true });
  offerFirestore(join(folder, wanted.firestore.downloadPathRelativeToCacheDir), jarOf("firestore"));
  const script = join(folder, wanted.pubsub.binaryPathRelativeToCacheDir ?? "");
  offerPubsub(dirname(dirname(script)), dirname(dirname(jarOf("pubsub"))));
  return folder;
}

function jarOf(kind: "firestore" | "pubsub"): string {
  const source = findJar(kind);
  if (source.kind === "missing") throw new Error(source.why);
  return source.path;
}

/** The SDK's jar does not say what in it is to be run: a jar that holds nothing but that leads to it. */
function offerFirestore(path: string, jar: string): void {
  if (basename(path) === basename(jar)) return void link(jar, path);
  const manifest = [
    "Manifest-Version: 1.0",
    `Main-Class: ${FIRESTORE_MAIN}`,
    ...folded(`Class-Path: ${pathToFileURL(jar)}`),
    "",
  ];
  writeFileSync(path, zipSync({ "META-INF/MANIFEST.MF": strToU8(manifest.join("\r\n")) }));
}

/** A line of a manifest has 72 bytes at most; it goes on behind a space. */
function folded(line: string): string[] {
  return (line.match(/.{1,71}/g) ?? []).map((part, index) => (index === 0 ? part : ` ${part}`));
}

function offerPubsub(path: string, folder: string): void {
  mkdirSync(dirname(path), { recursive: true });
  link(folder, path);
}

function link(target: string, path: string): void {
  if (!existsSync(path)) symlinkSync(target, path);
}
