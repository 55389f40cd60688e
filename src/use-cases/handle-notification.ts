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
import { rememberVoid } from "./remember-void.ts";
import { isForgotten, type SyncPorts, syncPurchase } from "./sync-purchase.ts";

/** A message as it came, by push or by pull. */
export interface NotificationMessage {
  readonly messageId: string | null;
  readonly source: "push" | "pull";
  /** The message's data, decoded; null where there was none to be had. */
  readonly text: string | null;
  /** Why there was none. */
  readonly broken: "malformed_envelope" | "not_base64";
  /** As received, for the dead letters. */
  readonly raw: string;
}

/** `done`: never send it again. `retry`: we couldn't, now. */
export type Handled = "done" | "retry";

export type NotificationPorts = SyncPorts & Pick<Ports, "intake">;

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
    const outcome = await handle(ports, message);
    ports.log.info("notification", { ...fields, outcome });
    return "done";
  } catch (error) {
    const retryable = error instanceof AppError;
    ports.log[retryable ? "warn" : "error"]("notification.failed", fields, error);
    return "retry";
  }
}

async function handle(ports: NotificationPorts, message: NotificationMessage): Promise<string> {
  const notice = readNotice(message);
  if (typeof notice === "string") return deadLetter(ports, message, notice, null);
  if (!ports.settings.policy.catalog.packages.has(notice.packageName)) {
    return deadLetter(ports, message, "package_not_allowed", notice.packageName);
  }
  const notification = toNotification(notice, ports.clock.now());
  switch (notification.kind) {
    case "sync":
      return syncNotified(ports, message, notification);
    case "refund_review":
      return keepReview(ports, notification);
    case "test":
      return "test";
    case "unknown":
      ports.log.warn("notification.unknown", { fields: notification.fields });
      return "unknown";
  }
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
  message: NotificationMessage,
  notification: Extract<Notification, { kind: "sync" }>,
): Promise<string> {
  const { packageName, type, token, label, observation } = notification;
  const ref = purchaseRef(packageName, type ?? "subscription", token);
  const request = {
    cause: "rtdn",
    priority: "notice",
    claimant: null,
    productId: null,
    observation,
    acceptAgeMs: 0,
  } as const;
  try {
    const synced = await syncPurchase(ports, { ...request, ref }).catch((error) => {
      // A void that doesn't say of which kind the token is: the wrong endpoint knows nothing about it.
      if (type !== null || !isForgotten(error)) throw error;
      return syncPurchase(ports, { ...request, ref: { ...ref, type: "one_time" } });
    });
    if (synced.kind === "refused") return await deadLetter(ports, message, synced.code, packageName);
    return `synced ${label}`;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // Google has forgotten the token: what was granted stays until its own end.
    if (error.code === "purchase_token_expired") return "expired token";
    if (!HOPELESS.has(error.code)) throw error;
    if (observation?.kind === "voided") await rememberVoid(ports, ref, observation);
    return deadLetter(ports, message, error.code, packageName);
  }
}

async function keepReview(
  ports: NotificationPorts,
  review: Extract<Notification, { kind: "refund_review" }>,
): Promise<string> {
  const { packageName, pendingRefundToken, orderId, refundReason, at } = review;
  await ports.intake.addRefundReview({
    packageName,
    pendingRefundToken,
    orderId,
    refundReason,
    receivedAt: ports.clock.now(),
    answerBy: at + DAY,
  });
  return "refund review";
}

async function deadLetter(
  ports: NotificationPorts,
  message: NotificationMessage,
  reason: string,
  packageName: string | null,
): Promise<string> {
  const { messageId, source, raw } = message;
  await ports.intake.addDeadLetter({
    reason,
    messageId,
    source,
    receivedAt: ports.clock.now(),
    packageName,
    data: raw.length > MAX_KEPT ? `${raw.slice(0, MAX_KEPT)}…` : raw,
  });
  return `dead letter: ${reason}`;
}
