import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Sandbox, startSandbox } from "../../sandbox/sandbox.ts";
import { createLog } from "../../src/adapters/log/log.ts";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { compose, type Service } from "../../src/compose.ts";
import type { Billed } from "./cost-meter.ts";
import { ADMIN_KEY, costedConfig, type ShopOptions } from "./costed-settings.ts";
import { PUSH_ACCOUNT, PUSH_AUDIENCE } from "./shop.ts";
import { type Stored, storedIn } from "./stored-size.ts";

/** What something took of all that is paid for or limited. */
export interface Spent extends Billed {
  /** Calls of Google's API about purchases. */
  readonly google: number;
  /** Pages of Google's list of voids. */
  readonly voidLists: number;
  readonly keythai: number;
  readonly webhooks: number;
  readonly mails: number;
  readonly logBytes: number;
}

export const NOTHING_SPENT: Spent = {
  ...{ reads: 0, writes: 0, deletes: 0, google: 0, voidLists: 0 },
  ...{ keythai: 0, webhooks: 0, mails: 0, logBytes: 0 },
};

/** A service as `compose.ts` puts it together, whose time is moved by hand and whose every expense is counted. */
export interface CostedShop {
  readonly sandbox: Sandbox;
  readonly ports: Service["ports"];
  /** All that lies in its database, by collection. */
  stored(): Promise<Readonly<Record<string, Stored>>>;
  /** What the first notice of each minute sets going in each process: apart, since of many it belongs to none. */
  heardGoogle(): Promise<void>;
  /** Bytes of each notice so far, as Google writes it. */
  readonly noticeBytes: readonly number[];
  now(): number;
  /** Never back. */
  moveTo(at: number): void;
  /** What it takes until all that it sets going is done. */
  spend(run: () => Promise<unknown>): Promise<Spent>;
  /** Notices that Google has sent since the last call. */
  notices(): Promise<readonly Request[]>;
  ask(uid: string, path: string, body?: object): Promise<Request>;
  askAsAdmin(path: string): Request;
  /** @throws Error where it isn't answered well. */
  send(request: Request): Promise<void>;
  close(): Promise<void>;
}

const ORIGIN = "http://costs.invalid";
const ENDPOINT = "owner";

export async function openCostedShop(billed: () => Billed, options: ShopOptions): Promise<CostedShop> {
  const folder = mkdtempSync(join(tmpdir(), "playgrant-costs-"));
  const time = movableTime();
  const sent: object[] = [];
  const sandbox = await startSandbox({
    now: time.now,
    automatic: true,
    smtpPort: 0,
    rtdn: { kind: "function", deliver: ({ body }) => void sent.push(body as object) },
  });
  let logBytes = 0;
  const write = (line: string) => {
    logBytes += Buffer.byteLength(line);
  };
  const config = costedConfig(sandbox, folder, options);
  const service = compose(config, createLog("info", { write }));
  const { ports } = service;
  const { heardGoogle } = ports.sweepRecords;
  Object.assign(ports.sweepRecords, { heardGoogle: async () => undefined });
  const app = await service.app();
  const noticeBytes: number[] = [];

  const used = (): Spent => {
    const { voidedlist, status429: _, ...google } = sandbox.play.calls;
    return {
      ...billed(),
      google: sum(google),
      voidLists: voidedlist,
      keythai: sum(sandbox.keythai.calls),
      webhooks: sandbox.webhooks.received(ENDPOINT).length,
      mails: sandbox.mailbox.mails.length,
      logBytes,
    };
  };

  const shop: CostedShop = {
    sandbox,
    ports,
    heardGoogle: () => heardGoogle(time.now()),
    stored: () => storedIn(config.GOOGLE_CLOUD_PROJECT ?? ""),
    noticeBytes,
    now: time.now,
    moveTo: time.moveTo,
    async spend(run) {
      const before = used();
      await run();
      await service.idle();
      return combine(used(), before, (after, earlier) => after - earlier);
    },
    async notices() {
      const token = await sandbox.identity.pushToken({ audience: PUSH_AUDIENCE, email: PUSH_ACCOUNT });
      return sent.splice(0).map((body) => {
        noticeBytes.push(Buffer.byteLength(JSON.stringify(body)));
        return requestOf("/v1/rtdn", token, envelope(body));
      });
    },
    ask: async (uid, path, body) =>
      requestOf(path, await sandbox.identity.token({ uid, email: `${uid}@costs.example` }), body),
    askAsAdmin: (path) => requestOf(path, ADMIN_KEY),
    async send(request) {
      const response = await app.fetch(request);
      if (!response.ok) throw new Error(`${request.url}: ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    },
    async close() {
      await service.close();
      await sandbox.close();
      time.restore();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  if (options.tells) {
    const endpoint = { url: `${sandbox.url}/webhooks/${ENDPOINT}`, description: "all" };
    await shop.send(requestOf("/v1/admin/webhook_endpoints", ADMIN_KEY, endpoint));
    await service.warmUp();
  }
  return shop;
}

/** Of two, name by name. */
export function combine(a: Spent, b: Spent, how: (a: number, b: number) => number): Spent {
  const names = Object.keys(NOTHING_SPENT) as (keyof Spent)[];
  return Object.fromEntries(names.map((name) => [name, how(a[name], b[name])])) as unknown as Spent;
}

export const plus = (a: Spent, b: Spent): Spent => combine(a, b, (one, other) => one + other);

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** The service's clock and the sandbox's, moved together; Firestore's own goes on as it does. */
function movableTime() {
  const { now: before } = systemClock;
  let ahead = 0;
  const now = () => before() + ahead;
  Object.assign(systemClock, { now });
  return {
    now,
    moveTo: (at: number) => {
      ahead += Math.max(0, at - now());
    },
    restore: () => void Object.assign(systemClock, { now: before }),
  };
}

function requestOf(path: string, bearer: string, body?: object): Request {
  const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
  const said = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  return new Request(`${ORIGIN}${path}`, { headers, ...said });
}

/** As Pub/Sub wraps a message. */
function envelope(notice: object): object {
  const data = Buffer.from(JSON.stringify(notice)).toString("base64");
  const messageId = String(Math.floor(Math.random() * 1e15));
  const publishTime = new Date().toISOString();
  return {
    message: { data, messageId, publishTime },
    subscription: "projects/costs/subscriptions/playgrant",
  };
}
