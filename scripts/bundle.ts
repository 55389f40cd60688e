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
 * Message classes that Google's clients load at their start, two megabytes of code, and use for what nobody here asks of
 * them. Each is an object with one name in it.
 */
const PROTOS =
  /(?:google-gax[/\\]build[/\\]protos[/\\](?:iam_service|locations|operations)|firestore-api[/\\]build[/\\]protos[/\\]protos)\.js$/;
/** Behind a path: the module itself, and not what stands for it. */
const WHOLE = "?whole";

/** Whoever looks into them loads them then. */
const lazyProtos: Plugin = {
  name: "lazy-protos",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?whole$/ }, ({ path }) => ({ path: path.slice(0, -WHOLE.length), suffix: WHOLE }));
    onLoad({ filter: PROTOS }, ({ path, suffix }) => {
      if (suffix === WHOLE) return undefined;
      const whole = JSON.stringify(path + WHOLE);
      return { contents: `module.exports = { get google() { return require(${whole}).google; } };` };
    });
  },
};

/** What firebase-functions takes from the Admin SDK, for callable functions, which nobody here has. */
const ADMIN: Readonly<Record<string, readonly string[]>> = {
  "firebase-admin/app": ["applicationDefault", "deleteApp", "getApp", "initializeApp"],
  "firebase-admin/auth": ["getAuth"],
  "firebase-admin/app-check": ["getAppCheck"],
};

/** Whoever calls one of them loads the SDK then. A name that is missing above ends the build. */
const lazyAdmin: Plugin = {
  name: "lazy-admin",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^firebase-admin\// }, ({ path, namespace }) =>
      Object.hasOwn(ADMIN, path) && namespace !== "lazy-admin"
        ? { path, namespace: "lazy-admin" }
        : undefined,
    );
    onLoad({ filter: /.*/, namespace: "lazy-admin" }, ({ path }) => ({
      contents: (ADMIN[path] ?? [])
        .map((name) => `export const ${name} = (...all) => require(${JSON.stringify(path)}).${name}(...all);`)
        .join("\n"),
      resolveDir: import.meta.dirname,
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
    plugins: [requireBuiltins, lazyProtos, lazyAdmin],
    logLevel: "warning",
  });
}
