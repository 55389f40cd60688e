import { readFile } from "node:fs/promises";
import { z } from "zod";
import { type Check, type CheckContext, type Finding, failed, ok, skipped, warning } from "../check.ts";
import { askGoogle, explainGoogle, GoogleRefusal } from "../google-api.ts";
import { usesFirestore } from "../local.ts";

const FILE = new URL("../../../firestore.rules", import.meta.url);
/** As the console makes it in test mode, and as people leave it. */
const OPEN_TO_ALL =
  /allow\s+(?:[\w\s,]*\b(?:write|create|update|delete)\b[\w\s,]*)(?:;|:\s*if\s+(?:true|request\.time))/;

const release = z.object({ rulesetName: z.string() });
const ruleset = z.object({ source: z.object({ files: z.array(z.object({ content: z.string() })) }) });

/** The rules that Firestore goes by, compared with firestore.rules. */
export const rules: Check = {
  name: "rules",
  needs: ({ config }) => (usesFirestore(config) ? ["google", "firestore"] : []),
  async run(context) {
    const { config } = context;
    const project = config.GOOGLE_CLOUD_PROJECT;
    if (!usesFirestore(config)) return [skipped("only Google's own Firestore has rules deployed")];
    if (project === undefined) return [skipped("because GOOGLE_CLOUD_PROJECT is not set")];
    const ours = await readFile(FILE, "utf8").catch(() => null);
    if (ours === null)
      return [skipped("firestore.rules is not here to compare with: run the doctor from a clone")];
    const deploy = `firebase deploy --only firestore:rules --project ${project}`;
    try {
      return [judge(await deployed(context, project), ours, deploy)];
    } catch (error) {
      if (error instanceof GoogleRefusal && error.status === 404)
        return [failed("no rules are deployed: apps can read nothing", deploy)];
      const asked = { api: "firebaserules.googleapis.com", what: "the rules that are deployed", project };
      return [await explainGoogle(error, { ...asked, role: "roles/firebaserules.viewer" }, context)];
    }
  },
};

async function deployed(context: CheckContext, project: string): Promise<string> {
  const root = `${context.roots.rules}/v1`;
  const { rulesetName } = release.parse(
    await askGoogle(context, `${root}/projects/${project}/releases/cloud.firestore`),
  );
  const { source } = ruleset.parse(await askGoogle(context, `${root}/${rulesetName}`));
  return source.files.map(({ content }) => content).join("\n");
}

/** Comments and white space say nothing. */
function bare(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
    .replace(/\s+/g, " ")
    .trim();
}

function judge(there: string, ours: string, deploy: string): Finding {
  if (bare(there) === bare(ours)) return ok("those of firestore.rules are deployed");
  if (OPEN_TO_ALL.test(bare(there)))
    return failed(
      "the rules that are deployed let anybody write",
      `Put firestore.rules in their place: ${deploy}`,
    );
  return warning(
    "the rules that are deployed are not those of firestore.rules",
    `If you merged them with your app's own, see that customers/{uid} has those two matches and all else stays closed; otherwise: ${deploy}`,
  );
}
