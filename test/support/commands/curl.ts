import { z } from "zod";
import { createLog } from "../../../src/adapters/log/log.ts";
import { compose } from "../../../src/compose.ts";
import { readConfig } from "../../../src/config.ts";
import { type Check, ROOT } from "./check.ts";
import { SAMPLE } from "./tokens.ts";

/** Requests that a page shows: to our own API they must be what the API takes. */

/** Flags with a value, and those without. */
const TAKES = new Set([
  "-X",
  "--request",
  "-H",
  "--header",
  "-d",
  "--data",
  "-o",
  "--output",
  "-w",
  "--json",
]);
const ALONE = /^(-[sSfLiIk]+|--fail|--silent|--show-error|--location|--include)$/;

interface Request {
  readonly method: string;
  readonly url: string;
  readonly body: string | null;
}

/** `curl`: known flags, one URL, and for paths of ours a route with this method that takes this body. */
export const checkCurl: Check = async ({ args }) => {
  const request = readRequest(args);
  if (typeof request === "string") return request;
  const { pathname } = new URL(request.url);
  const isOurs = /^\/(v1\/|healthz|readyz|openapi|docs|metrics)/.test(pathname);
  return isOurs ? wrongRequest(request, pathname) : null;
};

function readRequest(args: readonly string[]): Request | string {
  const urls: string[] = [];
  const flags = new Map<string, string>();
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (TAKES.has(arg)) flags.set(arg, args[++at] ?? "");
    else if (arg.startsWith("-") && !ALONE.test(arg)) return `nobody has thought about curl ${arg}`;
    else if (!arg.startsWith("-"))
      urls.push(arg.replace(new RegExp(`^${SAMPLE}(?=/|$)`), "https://shop.example"));
  }
  const [url = ""] = urls;
  if (urls.length !== 1 || !URL.canParse(url)) return `curl wants one URL, not ${urls.join(" ")}`;
  const body = flags.get("-d") ?? flags.get("--data") ?? flags.get("--json") ?? null;
  const method = flags.get("-X") ?? flags.get("--request") ?? (body === null ? "GET" : "POST");
  return { method, url, body };
}

const routesSchema = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        requestBody: z
          .looseObject({
            content: z.record(z.string(), z.looseObject({ schema: z.record(z.string(), z.unknown()) })),
          })
          .optional(),
      }),
    ),
  ),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});

async function wrongRequest({ method, body }: Request, pathname: string): Promise<string | null> {
  const { paths, components } = await describedRoutes();
  const found = Object.entries(paths).find(([path]) => isPath(path, pathname));
  // What isn't described are the pages of the description itself.
  if (found === undefined) return /^\/(openapi.json|docs)$/.test(pathname) ? null : `there is no ${pathname}`;
  const route = found[1][method.toLowerCase()];
  if (route === undefined) return `${found[0]} takes no ${method}`;
  const schema = route.requestBody?.content["application/json"]?.schema;
  if (body === null || schema === undefined) return null;
  const $defs = JSON.parse(
    JSON.stringify(components.schemas).replaceAll("#/components/schemas/", "#/$defs/"),
  );
  const own = JSON.parse(JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/"));
  return wrongBody(z.fromJSONSchema({ ...own, $defs }), body);
}

function wrongBody(schema: z.ZodType, body: string): string | null {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return "the body is not JSON";
  }
  const read = schema.safeParse(json);
  return read.success ? null : `the API refuses this body: ${z.prettifyError(read.error)}`;
}

function isPath(template: string, pathname: string): boolean {
  return new RegExp(`^${template.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(decodeURI(pathname));
}

let routes: Promise<z.output<typeof routesSchema>> | null = null;

function describedRoutes(): Promise<z.output<typeof routesSchema>> {
  routes ??= readRoutes();
  return routes;
}

/** What the API says of itself, as nobody's service. */
async function readRoutes(): Promise<z.output<typeof routesSchema>> {
  const read = readConfig({
    PLAYGRANT_STORE: "memory",
    CATALOG_FILE: `${ROOT}/examples/catalog.json`,
    KEYTHAI_API_KEY: "kt_test_sandbox",
    LICENSE_ENCRYPTION_KEYS: `k:${Buffer.alloc(32).toString("base64")}`,
  });
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  const service = compose(read.config, createLog("silent"));
  const app = await service.app();
  const answer = await app.request("/openapi.json");
  await service.close();
  return routesSchema.parse(await answer.json());
}
