import type { Firestore } from "@google-cloud/firestore";
import type { MailRecords } from "../../ports.ts";
import { letterId } from "../shared/letter-outcome.ts";
import { writeAuditEntry, writeMail } from "./documents.ts";
import { guarded } from "./errors.ts";
import { unlessThere } from "./guarded-writes.ts";
import { paths } from "./paths.ts";

/** What became of letters: one document each, with its history in the same commit. */
export function createFirestoreMailRecords(db: Firestore): MailRecords {
  const { mails, auditEvents } = paths(db);
  return {
    isSent: async (id) => (await guarded(() => mails.doc(id).get())).exists,

    settle: async (id, outcome, audit) => {
      const batch = db.batch();
      batch.create(mails.doc(letterId(id, outcome)), writeMail(outcome, audit));
      batch.create(auditEvents.doc(), writeAuditEntry(audit));
      await unlessThere(() => batch.commit());
    },
  };
}
