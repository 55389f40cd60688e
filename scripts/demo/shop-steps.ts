import type { Scene, Step } from "./scene.ts";
import { check, soon } from "./teller.ts";

/** Before anybody buys. */
export const shopSteps: readonly Step[] = [
  { title: "The shop's own system is to hear of licences: its owner registers it", run: registered },
];

async function registered({ shop, news }: Scene): Promise<void> {
  const { id, enabled, secret } = await shop.register();
  const words = `playgrant will tell ${shop.address}; the secret that signs is shown once`;
  check(words, enabled && secret.startsWith("whsec_"));
  const since = news.fromNow();
  await shop.tryOut(id);
  await soon(
    "The shop's system: a test event; its signature holds",
    () => since.webhooks(),
    (webhooks) => webhooks.length === 1 && webhooks.every(({ verified }) => verified),
  );
}
