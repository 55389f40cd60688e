import type { AuditEntry } from "../../../domain/purchase-file.ts";
import { stamp } from "./fields.ts";

/** That it is there says that the letter was sent, or given up: nothing of it is read. */
export function writeMail(outcome: "sent" | "given_up", { at, customerId }: AuditEntry) {
  return { outcome, at: stamp(at), customer_id: customerId };
}
