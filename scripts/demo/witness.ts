import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { Holdings } from "./holdings.ts";
import type { News } from "./news.ts";
import type { Shop } from "./shop.ts";
import type { Stage } from "./stage.ts";
import { check, until } from "./teller.ts";

type Licence = Sandbox["keythai"]["licences"][number];

/** Looks at the story from all sides: what we keep, what KeyThai has, what Google, the shop and Somchai were told. */
export interface Witness {
  /** KeyThai's licence of this entitlement, by the grant that its metadata names: the first one of its key. */
  licenceOf(entitlementId: string): Promise<Licence | null>;
  /** Google tells its last notices of a purchase three times more: nothing may change anywhere. */
  lastNoticesAgain(purchaseToken: string): Promise<void>;
  /** Every notice of the story three times more, the old ones among the new. */
  allNoticesAgain(): Promise<void>;
}

const TIMES = 3;

interface Sides {
  readonly stage: Stage;
  readonly holdings: Holdings;
  readonly shop: Shop;
  readonly news: News;
}

export function createWitness({ stage, holdings, shop, news }: Sides): Witness {
  const { play, keythai } = stage.sandbox;
  const notices = createNoticeCount(stage);

  async function everything(): Promise<Record<string, string>> {
    const { create, update } = keythai.calls;
    return {
      "what is kept, and when it was written": await holdings.fingerprint(),
      "the licences at KeyThai": JSON.stringify(keythai.licences),
      "how often KeyThai was told something": JSON.stringify({ create, update }),
      "how often Google Play was told something": JSON.stringify(play.calls.acknowledge),
      "webhooks and mails": JSON.stringify(news.all()),
    };
  }

  /** What a notice sets going ends after it: webhooks, mails, and the records of them. */
  const allDone = () => until("nothing left to do", shop.effectsDue, (due) => due === 0);

  async function nothingChangesBy(what: string, repeat: () => number): Promise<void> {
    await notices.settled();
    await allDone();
    const before = await everything();
    const sent = await notices.allHandledOf(repeat);
    await allDone();
    const after = await everything();
    const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
    check(`${what} (${sent} messages): nothing has changed anywhere`, changed.length === 0, changed);
  }

  return {
    async licenceOf(entitlementId) {
      const ids = new Set<unknown>((await holdings.grants(entitlementId)).map(({ id }) => id));
      return keythai.licences.findLast(({ metadata }) => ids.has(metadata.grant)) ?? null;
    },
    lastNoticesAgain: (purchaseToken) =>
      nothingChangesBy(
        "The notice comes three times more",
        () => play.republish(purchaseToken, TIMES).length,
      ),
    allNoticesAgain: () =>
      nothingChangesBy("All of them come three times more, in any order", () => {
        const all = Array.from({ length: TIMES }, () => play.notifications).flat();
        const shuffled = all.map((notice) => ({ notice, place: Math.random() }));
        shuffled.sort((a, b) => a.place - b.place);
        for (const { notice } of shuffled) play.redeliver(notice);
        notices.redelivered(all.length);
        return all.length;
      }),
  };
}

/** What Google sent against what the service says it has dealt with. */
function createNoticeCount({ sandbox, service }: Stage) {
  const { play } = sandbox;
  let redelivered = 0;

  async function handled(count: number): Promise<void> {
    await play.delivered();
    const look = () => {
      service.mustLive();
      return service.noticesHandled();
    };
    await until(`${count} notices dealt with`, look, (seen) => seen >= count);
  }

  return {
    settled: () => handled(play.notifications.length + redelivered),
    async allHandledOf(send: () => number): Promise<number> {
      const before = service.noticesHandled();
      const sent = send();
      await handled(before + sent);
      return sent;
    },
    redelivered: (count: number) => {
      redelivered += count;
    },
  };
}
