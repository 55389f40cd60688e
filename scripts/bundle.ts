import { builtinModules } from "node:module";
import { type BuildOptions, build, type Plugin } from "esbuild";

/** How this project is bundled, whatever it becomes: the service in `dist/`, the functions in `functions/lib/`. */

/** CommonJS packages inside an ES module ask for these. */
const COMMONJS = `
import { createRequire as createRequireOfBundle } from "node:module";
const require = createRequireOfBundle(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`.trim();

/**
 * Node's own modules by `require`: an `import` of node:http reads all that it exports, and some of that loads the whole
 * of undici.
 */
const requireBuiltins: Plugin = {
  name: "require-builtins",
  setup({ onResolve, onLoad }) {
    const names = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]));
    onResolve({ filter: /^[a-z]/ }, ({ path, kind }) =>
      names.has(path) && kind !== "require-call" ? { path, namespace: "builtin" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "builtin" }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
    }));
  },
};

/**
 * Reads a thousand files and writes a few: what starts is one file, what is imported only when it is needed (Pub/Sub, the
 * HTTP side) stays in files of its own.
 *
 * @param options What is bundled, and where it goes; packages that are not to be bundled.
 */
export async function bundle(
  options: Required<Pick<BuildOptions, "entryPoints" | "outdir" | "external" | "target">>,
): Promise<void> {
  await build({
    ...options,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    // Names stay, for the frames in the log.
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: "linked",
    banner: { js: COMMONJS },
    plugins: [requireBuiltins],
    logLevel: "warning",
  });
}
