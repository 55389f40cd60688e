import type { MailRecords } from "../../ports.ts";
import type { MemoryTables } from "./tables.ts";

/** What became of letters. */
export function createMailRecords({ mails, audit: history }: MemoryTables): MailRecords {
  return {
    isSettled: async (id) => mails.has(id),
    settle: async (id, outcome, audit) => {
      if (mails.has(id)) return;
      mails.set(id, { outcome, at: audit.at });
      history.push(audit);
    },
  };
}
