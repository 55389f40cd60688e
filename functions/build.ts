import { copyFileSync, existsSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { bundle } from "../scripts/bundle.ts";
import { catalogIssues } from "../src/config-files.ts";

/**
 * `npm run build:functions [-- <folder>]`: the functions as bundles in `functions/lib`, beside them the catalogue
 * (`CATALOG_FILE`, or `catalog.json` at the top). A deploy uploads `functions/` and nothing else.
 */

const lib = resolve(process.argv[2] ?? join(import.meta.dirname, "lib"));
const catalog = resolve(dirname(import.meta.dirname), process.env.CATALOG_FILE || "catalog.json");

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(78);
}

if (!existsSync(catalog)) {
  fail(`There is no catalogue at ${catalog}. Begin with: cp examples/catalog.json catalog.json`);
}
const issues = catalogIssues(catalog);
if (issues.length > 0) {
  fail(`The catalogue is wrong:${issues.map(({ message }) => `\n  ${message}`).join("")}`);
}

rmSync(lib, { recursive: true, force: true });
await bundle({
  entryPoints: { index: join(import.meta.dirname, "src/index.ts") },
  outdir: lib,
  target: "node24",
  // The page of the docs is read from its package; the rest are peers of firebase-functions that nobody here uses.
  external: ["swagger-ui-dist", "graphql", "@apollo/server", "@as-integrations/express4"],
});
copyFileSync(catalog, join(lib, "catalog.json"));
