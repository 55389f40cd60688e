import { ask, NoAnswer } from "../ask.ts";
import { type Check, type Finding, failed, ok, skippedWithout, warning } from "../check.ts";

/** The running service from outside: it is alive, and its push endpoint is closed to strangers. */
export const publicUrl: Check = {
  name: "public-url",
  async run({ config, issues, signal }) {
    if (config.PUBLIC_URL === undefined) return [skippedWithout("PUBLIC_URL", issues)];
    const base = config.PUBLIC_URL.replace(/\/+$/, "");
    const headers = { "Content-Type": "application/json" };
    try {
      const [alive, pushed] = await Promise.all([
        health(base, signal),
        ask(`${base}/v1/rtdn`, { method: "POST", body: "{}", headers, signal }),
      ]);
      return [alive, door(pushed.status)];
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      return [failed(error.message, "Deploy the service, or correct PUBLIC_URL")];
    }
  },
};

/** Google's own addresses (run.app) keep paths that end with z for themselves: a 404 there says nothing yet. */
async function health(base: string, signal: AbortSignal): Promise<Finding> {
  const { status } = await ask(`${base}/healthz`, { signal });
  if (status === 200) return ok("GET /healthz answers 200");
  const { status: description } = status === 404 ? await ask(`${base}/openapi.json`, { signal }) : { status };
  if (description === 200) return ok("GET /openapi.json answers 200");
  if (status === 401 || status === 403)
    return failed(
      `GET /healthz answers ${status}: something in front of the service lets nobody in`,
      "Cloud Run: gcloud run services add-iam-policy-binding playgrant-api --region=asia-southeast1 --member=allUsers --role=roles/run.invoker",
    );
  return failed(`GET /healthz answers ${status}`, "Look into the service's log, or correct PUBLIC_URL");
}

function door(status: number): Finding {
  return status === 401
    ? ok("POST /v1/rtdn without a token answers 401")
    : warning(
        `POST /v1/rtdn without a token answers ${status} where 401 is right`,
        "See that PUBLIC_URL names this service",
      );
}
