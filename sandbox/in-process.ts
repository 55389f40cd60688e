import type { Hono } from "hono";
import { type Clock, createClock, type SandboxClock } from "./clock.ts";
import { createFaults, type Faults } from "./faults.ts";
import { createApp } from "./http/app.ts";
import type { SandboxEnv } from "./http/env.ts";
import { createIdentity, type Identity } from "./identity/identity.ts";
import { createKeyThai, type KeyThai, SANDBOX_API_KEY } from "./keythai/keythai.ts";
import { createMailbox, type Mailbox } from "./mailbox/mailbox.ts";
import { createPlay, type Play } from "./play/play.ts";
import type { UnacknowledgedTells } from "./play/unacknowledged.ts";
import { cryptoRandom, type Random } from "./random.ts";
import { createPublisher, type RtdnTarget } from "./rtdn/publisher.ts";
import { aimAt } from "./rtdn/target.ts";
import { realSleep, type Sleep } from "./timers.ts";
import { createWebhooks, type Webhooks } from "./webhooks/webhooks.ts";

export type InProcessOptions = {
  /** Where its services seem to be; no socket listens there. */
  url?: string;
  keythaiApiKey?: string;
  /** Packages of the developer account; default: any. */
  packageNames?: readonly string[];
  rtdn?: RtdnTarget;
  /** Per Google bucket; not enforced unless set (Google's default is 3000). */
  playQuotaPerMinute?: number;
  /** A clock from outside; default: real time, which `clock` can move forward. */
  now?: Clock;
  /**
   * Google acts by itself as time goes by: it renews, holds, expires, takes back what is not acknowledged, and
   * changes no plan before. Default: only what is asked for happens.
   */
  automatic?: boolean;
  /** What is told, beside the void, of a purchase that was not acknowledged in time: not known. */
  unacknowledgedTells?: UnacknowledgedTells;
  /** All chance: tokens, order ids, keys, what a fault with a probability strikes. Default: true chance. */
  random?: Random;
  /** How slow answers, delayed notices and the next try after a nack wait. Default: real time. */
  sleep?: Sleep;
};

export type InProcess = {
  readonly url: string;
  readonly play: Play;
  readonly keythai: KeyThai;
  readonly identity: Identity;
  readonly mailbox: Mailbox;
  readonly webhooks: Webhooks;
  readonly faults: Faults;
  readonly clock: SandboxClock;
  readonly app: Hono<SandboxEnv>;
  /** Asks the services as over the network; a cut connection rejects as `fetch` does, with a TypeError. */
  fetch(request: Request): Promise<Response>;
  /** Where notices go from now on: a service that is started after the sandbox gets its push URL so. */
  setRtdn(target: RtdnTarget): void;
  close(): Promise<void>;
};

/**
 * The whole sandbox without a socket. With `now`, `random` and `sleep` given, and notices handed over by
 * `rtdn: {kind: "function"}`, it waits for no real time and the same calls give the same answers; only the
 * RSA key that signs identity tokens is always a new one.
 */
export function createSandbox(options: InProcessOptions = {}): InProcess {
  const {
    url = "http://sandbox.invalid",
    random = cryptoRandom(),
    sleep = realSleep,
    packageNames,
  } = options;
  const clock = createClock(options.now, () => play.tick());
  const { now } = clock;
  const faults = createFaults(random, sleep);
  const publisher = createPublisher(faults, now, random);
  const identity = createIdentity(`${url}/identity`, now);
  const play = createPlay({
    clock,
    publisher,
    packageNames,
    quotaPerMinute: options.playQuotaPerMinute,
    random,
    automatic: options.automatic,
    unacknowledgedTells: options.unacknowledgedTells,
  });
  const keythai = createKeyThai(options.keythaiApiKey ?? SANDBOX_API_KEY, now, random);
  const mailbox = createMailbox(now);
  const webhooks = createWebhooks(() => url, now);
  const parts = { play, keythai, identity, mailbox, webhooks, faults };
  const app = createApp({ ...parts, clock, packageNames });
  const setRtdn = (target: RtdnTarget) => aimAt(publisher, target, identity, now);
  setRtdn(options.rtdn ?? { kind: "none" });
  return {
    url,
    ...parts,
    clock,
    app,
    async fetch(request) {
      const response = await app.fetch(request, {});
      if (response.type === "error") throw new TypeError("fetch failed");
      return response;
    },
    setRtdn,
    close: async () => publisher.close(),
  };
}
