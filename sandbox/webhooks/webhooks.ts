import { Webhook } from "standardwebhooks";
import type { Clock } from "../clock.ts";

export type ReceivedWebhook = {
  receivedAt: string;
  headers: Record<string, string>;
  body: string;
  /** Whether the Standard Webhooks signature holds; null while no secret is set. */
  verified: boolean | null;
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
  return {
    url: (name) => `${baseUrl()}/webhooks/${name}`,
    setSecret: (name, secret) => void secrets.set(name, secret),
    received: (name) => inboxes.get(name) ?? [],
    receive(name, headers, body, answered) {
      const receivedAt = new Date(now()).toISOString();
      const received = {
        receivedAt,
        headers,
        body,
        verified: verify(secrets.get(name), headers, body),
        answered,
      };
      const inbox = inboxes.get(name) ?? [];
      inbox.push(received);
      inboxes.set(name, inbox);
      return received;
    },
    names: () => [...new Set([...secrets.keys(), ...inboxes.keys()])],
    clear(name) {
      if (name === undefined) inboxes.clear();
      else inboxes.delete(name);
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
