import { DAY, HOUR, SECOND } from "../../src/domain/instant.ts";
import { buys, firstOf, hearsOf, settled, swept, verifies } from "./costed-acts.ts";
import { passTime, total } from "./costed-life.ts";
import { type CostedShop, plus, type Spent } from "./costed-shop.ts";
import type { PurchaseType } from "./shop.ts";

/** One thing that happens, each time to a new customer; what comes before it is not counted. */
export interface Story {
  readonly name: string;
  /** Only of a shop that gives this. */
  readonly of?: "licence";
  run(shop: CostedShop): Promise<Spent>;
}

/** Something happens at Google, and its notices come. */
function told(name: string, ...actions: readonly string[]): Story {
  return {
    name,
    run: async (shop) => {
      const { token } = await settled(shop);
      for (const action of actions.slice(0, -1)) {
        shop.sandbox.play.act(token, action);
        await shop.spend(() => hearsOf(shop));
      }
      shop.sandbox.play.act(token, actions.at(-1) ?? "");
      return shop.spend(() => hearsOf(shop));
    },
  };
}

function verified(name: string, type: PurchaseType): Story {
  return {
    name,
    run: async (shop) => {
      const customer = await buys(shop, type);
      const spent = await shop.spend(() => verifies(shop, customer));
      await shop.spend(() => hearsOf(shop));
      return spent;
    },
  };
}

/** What the app or the owner asks for about a customer who has all. */
function asked(name: string, path: string): Story {
  return {
    name,
    run: async (shop) => {
      const { uid } = await settled(shop);
      const request = path.startsWith("/v1/admin")
        ? shop.askAsAdmin(`${path}/${uid}`)
        : await shop.ask(uid, path);
      return shop.spend(() => shop.send(request));
    },
  };
}

/** Late enough for what is looked at daily. */
const A_DAY_LATER = 27 * HOUR;

/** The shop's first customer alone: a sweep would find others as well. */
async function foundBySweep(shop: CostedShop): Promise<Spent> {
  const { token } = firstOf(shop);
  shop.sandbox.play.act(token, "renew");
  await shop.notices();
  return swept(shop, "due", 30 * DAY + SECOND);
}

/** Google has not charged it yet, and says nothing. */
async function lookedAtInVain(shop: CostedShop): Promise<Spent> {
  const { token } = firstOf(shop);
  shop.sandbox.play.act(token, "decline");
  return swept(shop, "due", 30 * DAY + SECOND);
}

/** All that comes of a charge that Google can make at last: a day in which it says nothing, then days of grace. */
async function refusedCharge(shop: CostedShop): Promise<Spent> {
  const { token } = firstOf(shop);
  shop.sandbox.play.act(token, "decline", { silentHours: 24, graceDays: 3 });
  // Licences are compared daily whatever happens.
  const { licenses: _, ...ledger } = await passTime(shop, shop.now() + 33.9 * DAY);
  shop.sandbox.play.act(token, "accept");
  return plus(total(ledger), await shop.spend(() => hearsOf(shop)));
}

export const STORIES: readonly Story[] = [
  verified("first verify of a one-time product", "one_time"),
  verified("first verify of a subscription", "subscription"),
  {
    name: "notice of a purchase that the app verified",
    run: async (shop) => {
      await shop.spend(async () => verifies(shop, await buys(shop, "subscription")));
      return shop.spend(() => hearsOf(shop));
    },
  },
  {
    name: "notice of a purchase that no app told of",
    run: async (shop) => {
      await buys(shop, "subscription");
      return shop.spend(() => hearsOf(shop));
    },
  },
  {
    name: "verify repeated within `VERIFY_FRESH_SECONDS`",
    run: async (shop) => {
      const customer = await buys(shop, "subscription");
      await shop.spend(() => verifies(shop, customer));
      await shop.notices();
      return shop.spend(() => verifies(shop, customer));
    },
  },
  {
    name: "verify repeated later",
    run: async (shop) => {
      const customer = await settled(shop);
      Object.assign(shop.ports.settings, { verifyFreshMs: 0 });
      return shop.spend(() => verifies(shop, customer));
    },
  },
  told("notice: renewed", "renew"),
  told("notice: canceled, access to its end", "cancel"),
  told("notice: restarted", "cancel", "restart"),
  told("notice: grace period", "grace"),
  told("notice: on hold", "hold"),
  told("notice: recovered", "hold", "recover"),
  told("notice: expired", "cancel", "expire"),
  told("notices: revoked and voided, by a refund", "revoke"),
  { name: "renewal found by the sweep, its notice lost", run: foundBySweep },
  { name: "renewal that is overdue, looked at by the sweep", run: lookedAtInVain },
  { name: "charge refused, then paid: a silent day, 3 days of grace", run: refusedCharge },
  {
    name: "licence compared by the daily sweep",
    of: "licence",
    run: (shop) => swept(shop, "licenses", A_DAY_LATER),
  },
  asked("`GET /v1/entitlements`", "/v1/entitlements"),
  asked("`GET /v1/grants`", "/v1/grants"),
  asked("`GET /v1/admin/customers/{uid}`", "/v1/admin/customers"),
];
