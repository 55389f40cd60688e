import { createPlayApi, GOOGLE_ROOT_URL } from "../../adapters/google-play/play-api.ts";
import { PlayFailure } from "../../adapters/google-play/play-failure.ts";
import { AppError } from "../../domain/errors.ts";
import { purchaseRef } from "../../domain/purchase-file.ts";
import { Secret } from "../../domain/secret.ts";
import type { Log, PlayApi } from "../../ports.ts";
import { type Check, type CheckContext, type Finding, failed, ok, skipped } from "../check.ts";
import { enable } from "../google-api.ts";
import { usesPlay } from "../local.ts";

/** Nobody's: Google says that there is no such purchase, if it lets us ask. */
const MADE_UP = new Secret("playgrant-doctor-asks-for-nobody");
const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Each app of the catalogue: may we read its purchases and its refunds? */
export const play: Check = {
  name: "play",
  needs: ({ config }) => (usesPlay(config) ? ["google"] : []),
  async run(context) {
    const packages = [...(context.catalog?.catalog.packages ?? [])];
    if (packages.length === 0) return [skipped("no catalogue names an app")];
    const api = playApi(context);
    const account = usesPlay(context.config) ? await context.google.account() : null;
    const found = await Promise.all(packages.map((name) => look(api, name, context, account)));
    return found.flat();
  },
};

function playApi({ config, google, roots, clock, timeoutMs }: CheckContext): PlayApi {
  const rootUrl = config.PLAY_API_ROOT_URL ?? roots.play;
  return createPlayApi({
    rootUrl,
    quotaPerMinute: config.PLAY_QUOTA_PER_MINUTE,
    attemptTimeoutMs: timeoutMs / 2,
    totalBudgetMs: timeoutMs * 0.9,
    ...(usesPlay(config) ? { credentials: () => google.headers(rootUrl) } : {}),
    clock,
    chance: Math.random,
    log: silent,
  });
}

async function look(
  api: PlayApi,
  packageName: string,
  context: CheckContext,
  account: string | null,
): Promise<Finding[]> {
  const since = context.clock.now();
  const [voids, purchase] = await Promise.all([
    failureOf(() => api.voidedPurchases({ packageName, since, pageToken: null })),
    failureOf(() => api.getPurchase(purchaseRef(packageName, "subscription", MADE_UP), "sweep")),
  ]);
  // That there is no such purchase is the answer hoped for.
  const failure = voids ?? (purchase !== null && isNoSuchPurchase(purchase) ? null : purchase);
  if (failure !== null) return [explain(failure, packageName, context, account)];
  return [
    ok(
      `${packageName}: purchases and refunds can be read. Whether "Manage orders and subscriptions" is granted too, which ` +
        "acknowledging needs, can't be tried without a purchase: look in Play Console → Users and permissions",
    ),
  ];
}

async function failureOf(call: () => Promise<unknown>): Promise<PlayFailure | null> {
  try {
    await call();
    return null;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.cause instanceof PlayFailure) return error.cause;
    // Google wasn't even asked.
    const impossible = error.code === "purchase_not_found";
    return new PlayFailure(impossible ? "not_found" : "unknown", { reason: impossible ? NO_NAME : null });
  }
}

const NO_NAME = "invalidPackageName";

function isNoSuchPurchase({ kind, reason }: PlayFailure): boolean {
  return (
    (kind === "not_found" || kind === "expired") && reason !== "applicationNotFound" && reason !== NO_NAME
  );
}

/** google-play.md sections 11 and 14. */
function explain(
  { kind, status, reason }: PlayFailure,
  packageName: string,
  { config }: CheckContext,
  account: string | null,
): Finding {
  const who = account ?? "the service's account";
  const said = [status, reason].filter((word) => word !== null).join(" ");
  if (reason === "accessNotConfigured" || reason === "SERVICE_DISABLED")
    return failed(
      `${packageName}: the Google Play Android Developer API is not enabled in the project`,
      enable("androidpublisher.googleapis.com", config.GOOGLE_CLOUD_PROJECT ?? '"$PROJECT"'),
    );
  if (reason === "insufficientPermissions" || reason === "ACCESS_TOKEN_SCOPE_INSUFFICIENT")
    return failed(
      `${packageName}: the credentials lack the scope of Google Play (${said})`,
      "gcloud auth application-default login --scopes=https://www.googleapis.com/auth/cloud-platform,https://www.googleapis.com/auth/androidpublisher",
    );
  if (kind === "rejected")
    return failed(
      `${packageName}: Google Play refuses its purchases to ${who} (${said})`,
      `Invite ${who} in Play Console → Users and permissions, with "View financial data, orders, and cancellation survey ` +
        'responses" and "Manage orders and subscriptions"; it may take a day until it works',
    );
  if (kind === "not_found")
    return failed(
      `${packageName}: Google Play knows no such app (${said})`,
      "Correct package_name in the catalogue, or invite the account in the Play Console of the developer who owns the app",
    );
  if (status === null)
    return failed(
      `${packageName}: Google Play gives no answer`,
      `Look whether this machine may reach ${config.PLAY_API_ROOT_URL ?? GOOGLE_ROOT_URL}`,
    );
  return failed(
    `${packageName}: Google Play gave no usable answer (${said})`,
    "Run this again in some minutes",
  );
}
