import { acknowledgedOnce, buy, type Scene, type Step, tokenOf } from "./scene.ts";
import { check, note, soon } from "./teller.ts";
import { inTime, told } from "./telling.ts";
import { keyIn, masked } from "./wording.ts";

/** Bought once, kept for good: paid at once, or by a QR code that is paid later. */
export const oneTimeSteps: readonly Step[] = [
  { title: 'Somchai buys "lifetime" and pays at once; his app posts the purchase token', run: paidAtOnce },
  { title: "Malee got hold of Somchai's purchase token and posts it as hers", run: presentedByAnother },
  { title: 'Somchai buys "workbook" by PromptPay QR: not paid yet', run: paidLater },
  { title: 'He buys "brushes" by QR, and the app dies before it could post anything', run: neverPosted },
];

async function paidAtOnce(scene: Scene): Promise<void> {
  const { somchai, holdings, keythai, news, witness } = scene;
  const since = news.fromNow();
  const token = buy(scene, "lifetime");
  const { purchase, grants } = await somchai.verify("lifetime", token);
  check(`The app is told: ${purchase.state}, access`, purchase.state === "purchased" && purchase.access);
  const key = keyIn(grants);
  check(`The app shows his licence key: ${masked(key)}`, key !== null, grants);
  await soon(
    `${holdings.name}: premium is active, for good`,
    () => holdings.entitlement("premium"),
    (found) => found?.active === true && found.access_until === null,
  );
  await soon(
    `${holdings.name}: the licence's grant is Delivered`,
    () => holdings.grants("desktop"),
    ([found]) => found?.status === "Delivered" && found.license_key?.key.slice(-4) === key?.slice(-4),
  );
  const licence = keythai.findByKey(key ?? "");
  check(
    "KeyThai: one licence, live, without an end, and that key is its key",
    licence?.status === "active" && licence.expiresAt === null && keythai.licences.length === 1,
    keythai.licences,
  );
  const events = ["created", "delivered"];
  await told(since, { licence: "desktop", events, key, mail: "Use this key to unlock Desktop licence." });
  inTime(since);
  await acknowledgedOnce(scene, token);
  await witness.lastNoticesAgain(token);
}

async function presentedByAnother(scene: Scene): Promise<void> {
  const { malee, keythai } = scene;
  const { status, code } = await malee.verifyInVain("lifetime", tokenOf(scene, "lifetime"));
  const refused = status === 409 && code === "purchase_owned_by_another_customer";
  check(`She is refused: ${status} ${code}`, refused);
  check("KeyThai: still one licence", keythai.licences.length === 1, keythai.licences);
}

async function paidLater(scene: Scene): Promise<void> {
  const { somchai, play, witness } = scene;
  const token = buy(scene, "workbook", { pending: true });
  const { purchase, grants } = await somchai.verify("workbook", token);
  const pending = purchase.state === "pending" && !purchase.access && grants.length === 0;
  check(`The app is told: ${purchase.state}, no access, nothing granted`, pending, purchase);
  note("he kills the app, and pays the QR code in his bank's app");
  play.act(token, "pay");
  await grantedByNotice(scene, "workbook", token);
  const later = (await somchai.verify("workbook", token)).purchase;
  check(`The app, opened again, is told: ${later.state}, access`, later.access, later);
  await witness.lastNoticesAgain(token);
}

async function neverPosted(scene: Scene): Promise<void> {
  const { play, witness } = scene;
  const token = buy(scene, "brushes", { pending: true });
  play.act(token, "pay");
  note("paid; only the obfuscated account id that Google has with the purchase says whose it is");
  await grantedByNotice(scene, "brushes", token);
  await witness.lastNoticesAgain(token);
}

async function grantedByNotice(scene: Scene, entitlementId: string, token: string): Promise<void> {
  const { holdings } = scene;
  await soon(
    `${holdings.name}: ${entitlementId} is active, by Google's notice alone`,
    () => holdings.entitlement(entitlementId),
    (found) => found?.active === true,
  );
  await acknowledgedOnce(scene, token);
}
