import type { Config } from "../../config.ts";
import { type Finding, failed } from "../check.ts";
import { type Subscription, shortName } from "./resources.ts";

/** A push subscription whose notices `POST /v1/rtdn` takes, if both name the same account and audience. */
export function checkPushDoor(
  { name, pushConfig }: Subscription,
  config: Config,
  project: string,
): Finding[] {
  const short = shortName(name);
  const { pushEndpoint: endpoint = "", oidcToken, noWrapper } = pushConfig;
  const { RTDN_PUSH_SERVICE_ACCOUNT: account, RTDN_PUSH_AUDIENCE: audience } = config;
  const to = (url: string) =>
    `gcloud pubsub subscriptions modify-push-config ${short} --project=${project} --push-endpoint=${url}`;
  const right = `${to(endpoint)} --push-auth-service-account=${account ?? "…"} --push-auth-token-audience=${audience ?? "…"}`;
  if (audience === undefined || account === undefined)
    return [
      failed(
        `${short}: pushes to /v1/rtdn, which answers 401 to all while RTDN_PUSH_AUDIENCE and RTDN_PUSH_SERVICE_ACCOUNT are not set`,
        `Set RTDN_PUSH_AUDIENCE=${audienceOf(oidcToken, endpoint)} and RTDN_PUSH_SERVICE_ACCOUNT=${oidcToken?.serviceAccountEmail || "the push account"}`,
      ),
    ];
  if (oidcToken === undefined)
    return [failed(`${short}: pushes without a token, so each push is answered 401`, right)];
  const named = audienceOf(oidcToken, endpoint);
  const said: readonly [boolean, string, string][] = [
    [
      !endpoint.startsWith("https://") && config.PUBSUB_EMULATOR_HOST === undefined,
      "pushes to an address that isn't https",
      to("https://…/v1/rtdn"),
    ],
    [
      noWrapper !== undefined,
      "pushes without Pub/Sub's envelope, which can't be read",
      `gcloud pubsub subscriptions update ${short} --project=${project} --clear-push-no-wrapper-config`,
    ],
    [
      oidcToken.serviceAccountEmail !== account,
      `pushes in the name of ${oidcToken.serviceAccountEmail || "nobody"}, but RTDN_PUSH_SERVICE_ACCOUNT is ${account}`,
      `${right}, or correct RTDN_PUSH_SERVICE_ACCOUNT`,
    ],
    [
      named !== audience,
      `pushes with the audience ${named}, but RTDN_PUSH_AUDIENCE is ${audience}`,
      `${right}, or correct RTDN_PUSH_AUDIENCE`,
    ],
  ];
  return said.flatMap(([so, message, fix]) => (so ? [failed(`${short}: ${message}`, fix)] : []));
}

/** Google's default is the endpoint's own URL. */
function audienceOf(token: { readonly audience: string } | undefined, endpoint: string): string {
  return token?.audience || endpoint;
}
