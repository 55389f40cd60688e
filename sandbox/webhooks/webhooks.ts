import { Webhook } from "standardwebhooks";
import type { Clock } from "../clock.ts";

export type ReceivedWebhook = {
  receivedAt: string;
  headers: Record<string, string>;
  body: string;
  /** Whether the Standard Webhooks signature holds; null while no secret is set. */
  verified: boolean | null;
  /** Its `webhook-id` came to this endpoint before, whatever it was answered with. */
  duplicate: boolean;
  /** The status it was answered with. */
  answered: number;
};

export type Webhooks = {
  url(name: string): string;
  setSecret(name: string, secret: string): void;
  received(name: string): readonly ReceivedWebhook[];
  receive(name: string, headers: Record<string, string>, body: string, answered: number): ReceivedWebhook;
  names(): string[];
  clear(name?: string): void;
};

/** Endpoints that the owner of an app would have: any name works at once. */
export function createWebhooks(baseUrl: () => string, now: Clock): Webhooks {
  const secrets = new Map<string, string>();
  const inboxes = new Map<string, ReceivedWebhook[]>();
  const ids = new Map<string, Set<string>>();

  /** @returns Whether it is the first with this `webhook-id`; without one it is. */
  function isFirst(name: string, id: string | undefined): boolean {
    const known = ids.get(name) ?? new Set();
    if (id === undefined) return true;
    const { size } = known;
    ids.set(name, known.add(id));
    return known.size > size;
  }

  return {
    url: (name) => `${baseUrl()}/webhooks/${name}`,
    setSecret: (name, secret) => void secrets.set(name, secret),
    received: (name) => inboxes.get(name) ?? [],
    receive(name, headers, body, answered) {
      const inbox = inboxes.get(name) ?? [];
      const received = {
        receivedAt: new Date(now()).toISOString(),
        headers,
        body,
        verified: verify(secrets.get(name), headers, body),
        duplicate: !isFirst(name, headers["webhook-id"]),
        answered,
      };
      inbox.push(received);
      inboxes.set(name, inbox);
      return received;
    },
    names: () => [...new Set([...secrets.keys(), ...inboxes.keys()])],
    clear(name) {
      for (const each of name === undefined ? [...inboxes.keys()] : [name]) {
        inboxes.delete(each);
        ids.delete(each);
      }
    },
  };
}

function verify(secret: string | undefined, headers: Record<string, string>, body: string): boolean | null {
  if (secret === undefined) return null;
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
