import { type Scene, type Step, tokenOf } from "./scene.ts";
import { LICENCE, licenceEnds, studioIs } from "./studio.ts";
import { check, soon } from "./teller.ts";
import { told } from "./telling.ts";

/** How it ends: cancelled, over, refunded; and all notices once more. */
export const endSteps: readonly Step[] = [
  { title: "Somchai cancels: paid is paid, so he keeps it to the end of the period", run: cancelled },
  { title: "The period ends", run: ended },
  { title: 'Google refunds "lifetime"', run: refunded },
  { title: "Google sends every notice of this story again, as it may", run: allAgain },
];

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
  const { play, news, witness, holdings } = scene;
  const token = tokenOf(scene, "studio");
  const since = news.fromNow();
  play.act(token, "expire");
  await studioIs(scene, "not active any more, since", { active: false, state: "expired", will_renew: false });
  await revoked(scene, LICENCE);
  await told(since, {
    licence: LICENCE,
    events: ["revoked"],
    reason: "subscription_cancelled",
    mail: "Your subscription was canceled, and its paid period is over.",
  });
  await soon(
    `${holdings.name}: what he bought for good is still his`,
    () => holdings.entitlement("premium"),
    (found) => found?.active === true,
  );
  await witness.lastNoticesAgain(token);
}

async function refunded(scene: Scene): Promise<void> {
  const { play, news, witness } = scene;
  const token = tokenOf(scene, "lifetime");
  const since = news.fromNow();
  play.act(token, "refund");
  await revoked(scene, "desktop");
  await told(since, {
    licence: "desktop",
    events: ["revoked"],
    reason: "refund",
    mail: "The payment for this purchase was returned.",
  });
  await witness.lastNoticesAgain(token);
}

/** The licence is gone at KeyThai, and so says its grant. */
async function revoked({ holdings, witness }: Scene, licenceOf: string): Promise<void> {
  const licence = await witness.licenceOf(licenceOf);
  await soon(
    ([found]) => `${holdings.name}: the licence's grant is Revoked (${found?.revocation_reason})`,
    () => holdings.grants(licenceOf),
    ([found]) => found?.status === "Revoked",
  );
  await soon(
    "KeyThai: the licence is revoked",
    () => licence?.status,
    (status) => status === "revoked",
  );
}

async function allAgain({ witness, news }: Scene): Promise<void> {
  await witness.allNoticesAgain();
  const { webhooks, mails, flaws } = news.all();
  check(
    `In all: ${webhooks} webhooks and ${mails} mails, each once, each signature holds`,
    flaws.length === 0,
    flaws,
  );
}
