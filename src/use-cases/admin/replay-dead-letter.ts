import { auditAct } from "../../domain/audit.ts";
import { AppError } from "../../domain/errors.ts";
import type { Ports, StoredLetter } from "../../ports.ts";
import { applyNotification, type NoticeOutcome, type NotificationPorts } from "../handle-notification.ts";
import { messageOf } from "../notification-message.ts";
import { isDocumentId } from "./document-id.ts";

/**
 * Sends a dead letter through the code that it once failed in. One that works now leaves the list; one that is still
 * hopeless stays as it is.
 *
 * @param actor The name of the admin key.
 * @throws AppError `not_found`; what may go better later, as Google's `play_unavailable`.
 */
export async function replayDeadLetter(
  ports: NotificationPorts & Pick<Ports, "desk">,
  id: string,
  actor: string,
): Promise<NoticeOutcome> {
  const letter = isDocumentId(id) ? await ports.desk.deadLetter(id) : null;
  if (letter === null) throw new AppError("not_found", "There is no dead letter with this id.");
  const outcome = await applyNotification(ports, messageOf(letter), { cause: "admin", actor });
  if (outcome.kind === "handled") await ports.desk.removeDeadLetter(id, replayed(ports, letter, actor));
  return outcome;
}

function replayed({ clock }: Pick<Ports, "clock">, { id, reason }: StoredLetter, actor: string) {
  const deed = { actor, customerId: null, purchaseId: null, grantId: null };
  return auditAct({ ...deed, summary: `dead letter ${id} (${reason}) replayed by hand` }, [], clock.now());
}
