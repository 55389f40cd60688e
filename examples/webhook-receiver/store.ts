import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { afterMessage, type Grant, type GrantMessage } from "./grants.ts";

/**
 * Where grants are kept: put your database here. One transaction does both, so that a crash can't come between them:
 * insert the webhook-id (a primary key), and write the grant that the message makes of the one that is there.
 */
export interface GrantStore {
  /** @returns False when this message was taken before; then nothing changes. */
  take(webhookId: string, message: GrantMessage): Promise<boolean>;
  list(): Promise<readonly Grant[]>;
}

interface Entry {
  readonly webhookId: string;
  readonly grant: Grant;
}

/**
 * Grants in memory, and where a file is named, each taken message as a line in it before the sender hears that it was taken.
 * For one process; the file is read again when it starts.
 */
export function createGrantStore(file: string | null): GrantStore {
  const taken = new Set<string>();
  const grants = new Map<string, Grant>();
  const remember = ({ webhookId, grant }: Entry) => {
    taken.add(webhookId);
    grants.set(grant.id, grant);
  };
  if (file !== null) readEntries(file).forEach(remember);

  return {
    async take(webhookId, message) {
      if (taken.has(webhookId)) return false;
      const entry = { webhookId, grant: afterMessage(grants.get(message.data.id), message) };
      if (file !== null) appendFileSync(file, `${JSON.stringify(entry)}\n`, { flush: true });
      remember(entry);
      return true;
    },
    async list() {
      return [...grants.values()];
    },
  };
}

/** What was taken before. A line that a crash cut off was never answered, and comes again: it is dropped. */
function readEntries(file: string): Entry[] {
  if (!existsSync(file)) writeFileSync(file, "", { mode: 0o600 });
  const text = readFileSync(file, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  writeFileSync(`${file}.new`, whole, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  return whole
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}
