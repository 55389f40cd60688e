import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { afterEach, beforeEach, expect, it } from "vitest";

/** What `firebase deploy` uploads of the functions' folder: Firebase's own packer, with our firebase.json. */

interface Packer {
  prepareFunctionsUpload(
    projectFolder: string,
    sourceFolder: string,
    config: object,
    more: readonly string[],
    runtimeConfig: undefined,
    options: { exportType: "zip" },
  ): Promise<{ pathToSource: string } | undefined>;
}

const packer: Packer = createRequire(import.meta.url)(
  "firebase-tools/lib/deploy/functions/prepareFunctionsUpload.js",
);
const firebaseJson = new URL("../../firebase.json", import.meta.url);
const config: { functions: [object] } = JSON.parse(readFileSync(firebaseJson, "utf8"));

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "playgrant-upload-"));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

async function uploaded(files: readonly string[]): Promise<string[]> {
  const folder = join(project, "functions");
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "{}");
  }
  const packed = await packer.prepareFunctionsUpload(project, folder, config.functions[0], [], undefined, {
    exportType: "zip",
  });
  const zip = packed?.pathToSource ?? "";
  try {
    return Object.keys(unzipSync(readFileSync(zip))).sort();
  } finally {
    rmSync(zip, { force: true });
  }
}

it("uploads what runs, and neither sources, maps nor anything that may hold a secret", async () => {
  const runs = ["lib/catalog.json", "lib/chunk-A.js", "lib/index.js", "package.json"];
  const stays = [
    "lib/index.js.map",
    "src/index.ts",
    "build.ts",
    "node_modules/any/index.js",
    ".env",
    ".env.your-project",
    ".env.example",
    ".secret.local",
    "firebase-debug.log",
  ];
  expect(await uploaded([...runs, ...stays])).toEqual(runs);
});
