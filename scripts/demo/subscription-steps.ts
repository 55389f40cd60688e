import { acknowledgedOnce, buy, type Scene, type Step, tokenOf } from "./scene.ts";
import { LICENCE, licenceEnds, studioIs } from "./studio.ts";
import { check } from "./teller.ts";
import { told } from "./telling.ts";
import { keyIn, masked, minute } from "./wording.ts";

/** A subscription's life: bought and renewed. */
export const subscriptionSteps: readonly Step[] = [
  { title: 'Somchai subscribes to "studio", a month at a time', run: subscribed },
  { title: "A month has passed: Google renews it", run: renewed },
];

async function subscribed(scene: Scene): Promise<void> {
  const { somchai, keythai, news, witness } = scene;
  const since = news.fromNow();
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
  const events = ["created", "delivered"];
  await told(since, { licence: LICENCE, events, key, mail: "Use this key to unlock Studio licence." });
  await acknowledgedOnce(scene, token);
  await witness.lastNoticesAgain(token);
}

async function renewed(scene: Scene): Promise<void> {
  const { play, witness, keythai, news } = scene;
  const token = tokenOf(scene, "studio");
  const before = structuredClone(await witness.licenceOf(LICENCE));
  const licences = keythai.licences.length;
  const since = news.fromNow();
  play.act(token, "renew");
  const firstEnd = before?.expiresAt ?? 0;
  const secondEnd = await licenceEnds(scene, (endsAt) => endsAt > firstEnd);
  const days = Math.round((secondEnd - firstEnd) / 86_400);
  const after = await witness.licenceOf(LICENCE);
  const same = after?.keyHash === before?.keyHash && keythai.licences.length === licences;
  check(`KeyThai: that is ${days} days later than before, on the same key`, same && days >= 28, after);
  await witness.lastNoticesAgain(token);
  const silent = since.webhooks().length + since.mails().length === 0;
  check("No webhook and no mail: his grant is the same", silent);
}
