import { acknowledgedOnce, type Scene, type Step, tokenOf } from "./scene.ts";
import { LICENCE, licenceEnds, studioIs } from "./studio.ts";
import { check, soon } from "./teller.ts";
import { revokedFirst, told } from "./telling.ts";
import { keyIn, masked } from "./wording.ts";

/** What a subscription goes through: a payment that fails, another plan. */
export const changeSteps: readonly Step[] = [
  { title: "His card is refused: the subscription is on hold", run: held },
  { title: "He pays what he owes", run: recovered },
  { title: "Somchai changes to the team plan, which has a key of its own", run: planChanged },
];

async function held(scene: Scene): Promise<void> {
  const { play, news, witness } = scene;
  const token = tokenOf(scene, "studio");
  const since = news.fromNow();
  play.act(token, "hold");
  await studioIs(scene, "not active while it is on hold, since", {
    active: false,
    state: "on_hold",
    will_renew: true,
  });
  await told(since, {
    licence: LICENCE,
    events: ["revoked"],
    reason: "subscription_on_hold",
    mail: "Your subscription is paused, or its last payment didn’t go through.",
  });
  await soon(
    "KeyThai: the licence is suspended, not lost",
    () => witness.licenceOf(LICENCE),
    (licence) => licence?.status === "suspended",
  );
  await witness.lastNoticesAgain(token);
}

async function recovered(scene: Scene): Promise<void> {
  const { play, news, witness } = scene;
  const token = tokenOf(scene, "studio");
  const since = news.fromNow();
  play.act(token, "recover");
  await licenceEnds(scene, () => true);
  const events = ["created", "delivered"];
  await told(since, { licence: LICENCE, events, mail: "It’s the same key as before" });
  await witness.lastNoticesAgain(token);
}

async function planChanged(scene: Scene): Promise<void> {
  const { play, keythai, somchai, news, tokens, witness } = scene;
  const former = await witness.licenceOf(LICENCE);
  const since = news.fromNow();
  const change = { productId: "studio_team", basePlanId: "monthly" };
  const { purchaseToken } = play.act(tokenOf(scene, "studio"), "change_plan", change);
  tokens.set("studio", purchaseToken);
  const key = keyIn((await somchai.verify("studio_team", purchaseToken)).grants);
  const isNew = key !== null && keythai.findByKey(key)?.keyHash !== former?.keyHash;
  check(`The app shows the team plan's key: ${masked(key)}`, isNew);
  await told(since, {
    licence: LICENCE,
    events: ["revoked", "created", "delivered"],
    reason: "plan_changed",
    key,
    mail: "replaces your former one",
  });
  revokedFirst(since);
  await acknowledgedOnce(scene, purchaseToken);
  await witness.lastNoticesAgain(purchaseToken);
}
