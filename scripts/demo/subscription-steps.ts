import type { Entitlement } from "./customer.ts";
import { acknowledgedOnce, buy, type Scene, type Step, tokenOf } from "./scene.ts";
import { check, soon } from "./teller.ts";
import { keyIn, masked, minute } from "./wording.ts";

/** A subscription's life: bought, renewed, cancelled, over. */
export const subscriptionSteps: readonly Step[] = [
  { title: 'Somchai subscribes to "studio", a month at a time', run: subscribed },
  { title: "A month has passed: Google renews it", run: renewed },
  { title: "Somchai cancels: paid is paid, so he keeps it to the end of the period", run: cancelled },
  { title: "The period ends", run: ended },
];

async function subscribed(scene: Scene): Promise<void> {
  const { somchai, keythai, witness } = scene;
  const token = buy(scene, "studio", { basePlanId: "monthly" });
  const { purchase, grants } = await somchai.verify("studio", token);
  const paidUntil = minute(purchase.expires_at);
  check(`The app is told: ${purchase.state}, paid until ${paidUntil}`, purchase.access, purchase);
  const key = keyIn(grants);
  const known = key !== null && keythai.findByKey(key) !== undefined;
  check(`The app shows his licence key, and KeyThai knows it: ${masked(key)}`, known, grants);
  await studioIs(scene, "active and renews itself, until", {
    active: true,
    state: "active",
    will_renew: true,
  });
  await licenceEnds(scene, () => true);
  await acknowledgedOnce(scene, token);
  await witness.lastNoticesAgain(token);
}

async function renewed(scene: Scene): Promise<void> {
  const { play, witness, keythai } = scene;
  const token = tokenOf(scene, "studio");
  const before = structuredClone(await witness.licenceOf("studio_desktop"));
  const licences = keythai.licences.length;
  play.act(token, "renew");
  const firstEnd = before?.expiresAt ?? 0;
  const secondEnd = await licenceEnds(scene, (endsAt) => endsAt > firstEnd);
  const days = Math.round((secondEnd - firstEnd) / 86_400);
  const after = await witness.licenceOf("studio_desktop");
  const same = after?.keyHash === before?.keyHash && keythai.licences.length === licences;
  check(`KeyThai: that is ${days} days later than before, on the same key`, same && days >= 28, after);
  await witness.lastNoticesAgain(token);
}

async function cancelled(scene: Scene): Promise<void> {
  const { play, witness } = scene;
  const token = tokenOf(scene, "studio");
  play.act(token, "cancel");
  await studioIs(scene, "active and ends by itself, on", {
    active: true,
    state: "canceled",
    will_renew: false,
  });
  await licenceEnds(scene, (endsAt) => endsAt * 1000 > Date.now());
  await witness.lastNoticesAgain(token);
}

async function ended(scene: Scene): Promise<void> {
  const { play, witness, holdings } = scene;
  const token = tokenOf(scene, "studio");
  const licence = await witness.licenceOf("studio_desktop");
  play.act(token, "expire");
  await studioIs(scene, "not active any more, since", { active: false, state: "expired", will_renew: false });
  await soon(
    (found) => `${holdings.name}: the licence's grant is Revoked (${found?.revocation_reason})`,
    () => holdings.grant("studio_desktop"),
    (found) => found?.status === "Revoked",
  );
  await soon(
    "KeyThai: the licence is revoked",
    () => licence?.status,
    (status) => status === "revoked",
  );
  await soon(
    `${holdings.name}: what he bought for good is still his`,
    () => holdings.entitlement("premium"),
    (found) => found?.active === true,
  );
  await witness.lastNoticesAgain(token);
}

type Wanted = Pick<Entitlement, "active" | "state" | "will_renew">;

async function studioIs({ holdings }: Scene, words: string, wanted: Wanted): Promise<void> {
  await soon(
    (found) => `${holdings.name}: studio is ${words} ${minute(found?.access_until)}`,
    () => holdings.entitlement("studio"),
    (found) =>
      found?.active === wanted.active &&
      found.state === wanted.state &&
      found.will_renew === wanted.will_renew,
  );
}

/** Waits until the licence ends when the entitlement does. @returns When that is, in seconds since 1970. */
async function licenceEnds(
  { holdings, witness }: Scene,
  wanted: (endsAt: number) => boolean,
): Promise<number> {
  const found = await soon(
    ({ licence }) => `KeyThai: the licence is live, until ${minute((licence?.expiresAt ?? 0) * 1000)}`,
    async () => ({
      licence: await witness.licenceOf("studio_desktop"),
      until: (await holdings.entitlement("studio_desktop"))?.access_until ?? null,
    }),
    ({ licence, until }) => {
      const endsAt = licence?.expiresAt ?? 0;
      return licence?.status === "active" && sameSecond(endsAt, until) && wanted(endsAt);
    },
  );
  return found.licence?.expiresAt ?? 0;
}

/** KeyThai counts in seconds. */
function sameSecond(seconds: number, time: string | null): boolean {
  return time !== null && Math.abs(seconds * 1000 - Date.parse(time)) <= 1000;
}
