import type { MailRecords } from "../../ports.ts";
import { letterId } from "../shared/letter-outcome.ts";
import type { MemoryTables } from "./tables.ts";

/** What became of letters. */
export function createMailRecords({ mails, audit: history }: MemoryTables): MailRecords {
  return {
    isSent: async (letter) => mails.has(letter),
    settle: async (letter, outcome, audit) => {
      const id = letterId(letter, outcome);
      if (mails.has(id)) return;
      mails.set(id, { outcome, at: audit.at });
      history.push(audit);
    },
  };
}
