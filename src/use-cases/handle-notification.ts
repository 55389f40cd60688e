import { AppError, type ErrorCode } from "../domain/errors.ts";
import {
  type DeveloperNotification,
  developerNotificationSchema,
  type Notification,
  toNotification,
} from "../domain/google-play/developer-notification.ts";
import { DAY } from "../domain/instant.ts";
import { purchaseRef } from "../domain/purchase-file.ts";
import type { Ports } from "../ports.ts";
import type { NotificationMessage } from "./notification-message.ts";
import { rememberVoid } from "./remember-void.ts";
import { noteHeard } from "./sweep-silence.ts";
import { isForgotten, type SyncPorts, type SyncRequest, syncPurchase } from "./sync-purchase.ts";

/** `done`: never send it again. `retry`: we couldn't, now. */
export type Handled = "done" | "retry";

export type NotificationPorts = SyncPorts & Pick<Ports, "intake" | "sweepRecords">;

/** Characters of a message that are kept: a document holds 1 MiB, a notice of Google's 1 KB. */
const MAX_KEPT = 100_000;

/** What stays wrong however often the message is delivered (contract section 4). */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(["purchase_not_found", "product_not_in_catalog"]);

/**
 * One notification of Google's: a hint that something changed. It is synced, set aside, or kept as a dead letter; only
 * what may go better later is asked for again. It never throws.
 */
export async function handleNotification(
  ports: NotificationPorts,
  message: NotificationMessage,
): Promise<Handled> {
  const fields = { message_id: message.messageId, source: message.source };
  try {
    const outcome = await applyNotification(ports, message, { cause: "rtdn" });
    if (outcome.kind === "dead_letter") await keepLetter(ports, message, outcome);
    // One that is sent again is heard then: until it is handled it changes nothing.
    noteHeard(ports);
    ports.log.info("notification", { ...fields, outcome: told(outcome) });
    return "done";
  } catch (error) {
    const retryable = error instanceof AppError;
    ports.log[retryable ? "warn" : "error"]("notification.failed", fields, error);
    return "retry";
  }
}

/** What came of a message: handled, or it will never work as it is. */
export type NoticeOutcome =
  | { readonly kind: "handled"; readonly label: string }
  | { readonly kind: "dead_letter"; readonly reason: string; readonly packageName: string | null };

/** On whose behalf: Google's, or that of a person who replays what was a dead letter. */
export type NoticeOrigin = Pick<SyncRequest, "cause" | "actor">;

/**
 * Does what a message asks for. It may be repeated.
 *
 * @throws AppError what may go better later.
 */
export async function applyNotification(
  ports: NotificationPorts,
  message: NotificationMessage,
  origin: NoticeOrigin,
): Promise<NoticeOutcome> {
  const notice = readNotice(message);
  if (typeof notice === "string") return hopeless(notice, null);
  if (!ports.settings.policy.catalog.packages.has(notice.packageName)) {
    return hopeless("package_not_allowed", notice.packageName);
  }
  const notification = toNotification(notice, ports.clock.now());
  switch (notification.kind) {
    case "sync":
      return syncNotified(ports, notification, origin);
    case "refund_review":
      return keepReview(ports, notification);
    case "test":
      return handled("test");
    case "unknown":
      ports.log.warn("notification.unknown", { fields: notification.fields });
      return handled("unknown");
  }
}

function handled(label: string): NoticeOutcome {
  return { kind: "handled", label };
}

function hopeless(reason: string, packageName: string | null): NoticeOutcome {
  return { kind: "dead_letter", reason, packageName };
}

function told(outcome: NoticeOutcome): string {
  return outcome.kind === "handled" ? outcome.label : `dead letter: ${outcome.reason}`;
}

type Unreadable = NotificationMessage["broken"] | "not_json" | "malformed_notification";

function readNotice({ text, broken }: NotificationMessage): DeveloperNotification | Unreadable {
  if (text === null) return broken;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return "not_json";
  }
  const parsed = developerNotificationSchema.safeParse(json);
  return parsed.success ? parsed.data : "malformed_notification";
}

async function syncNotified(
  ports: NotificationPorts,
  notification: Extract<Notification, { kind: "sync" }>,
  origin: NoticeOrigin,
): Promise<NoticeOutcome> {
  const { packageName, type, token, label, observation } = notification;
  const ref = purchaseRef(packageName, type ?? "subscription", token);
  const request = {
    ...origin,
    priority: "notice",
    claimant: null,
    productId: null,
    observation,
    acceptAgeMs: 0,
  } as const;
  const setAside = async (reason: ErrorCode) => {
    if (observation?.kind === "voided") await rememberVoid(ports, ref, observation);
    return hopeless(reason, packageName);
  };
  try {
    const synced = await syncPurchase(ports, { ...request, ref }).catch((error) => {
      // A void that doesn't say of which kind the token is: the wrong endpoint knows nothing about it.
      if (type !== null || !isForgotten(error)) throw error;
      return syncPurchase(ports, { ...request, ref: { ...ref, type: "one_time" } });
    });
    return synced.kind === "refused" ? await setAside(synced.code) : handled(`synced ${label}`);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // Google has forgotten the token: what was granted stays until its own end.
    if (error.code === "purchase_token_expired") return handled("expired token");
    if (!HOPELESS.has(error.code)) throw error;
    return setAside(error.code);
  }
}

async function keepReview(
  ports: NotificationPorts,
  review: Extract<Notification, { kind: "refund_review" }>,
): Promise<NoticeOutcome> {
  const { packageName, pendingRefundToken, orderId, refundReason, at } = review;
  await ports.intake.addRefundReview({
    packageName,
    pendingRefundToken,
    orderId,
    refundReason,
    receivedAt: ports.clock.now(),
    answerBy: at + DAY,
  });
  return handled("refund review");
}

async function keepLetter(
  ports: NotificationPorts,
  { messageId, source, raw }: NotificationMessage,
  { reason, packageName }: Extract<NoticeOutcome, { kind: "dead_letter" }>,
): Promise<void> {
  await ports.intake.addDeadLetter({
    reason,
    messageId,
    source,
    receivedAt: ports.clock.now(),
    packageName,
    data: raw.length > MAX_KEPT ? `${raw.slice(0, MAX_KEPT)}…` : raw,
  });
}
