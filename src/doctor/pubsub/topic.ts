import { type Finding, failed, ok } from "../check.ts";
import { type PubSubApi, shortName } from "./resources.ts";
import { checkRight } from "./rights.ts";

const PLAY = "google-play-developer-notifications@system.gserviceaccount.com";

/** The topic that Google Play publishes to, and Play's right to do so. */
export async function checkTopic(api: PubSubApi, topic: string): Promise<Finding[]> {
  const name = shortName(topic);
  const project = topic.split("/")[1] ?? api.project;
  if (!(await api.hasTopic(topic)))
    return [
      failed(
        `the topic ${name} is gone, so nothing arrives any more`,
        `gcloud pubsub topics create ${name} --project=${project}, make the subscription anew, and enter the topic in Play Console → Monetization setup`,
      ),
    ];
  const lacks = await checkRight(api, {
    resource: topic,
    role: "roles/pubsub.publisher",
    member: new RegExp(`^serviceAccount:${PLAY}$`, "i"),
    lack: `Google Play may not publish to the topic ${name}`,
    fix: `gcloud pubsub topics add-iam-policy-binding ${name} --project=${project} --member=serviceAccount:${PLAY} --role=roles/pubsub.publisher`,
  });
  if (lacks.length > 0) return lacks;
  const right = api.emulated
    ? "; the emulator has no rights to look at"
    : ", and Google Play may publish to it";
  return [ok(`the topic ${name} is there${right}`)];
}
