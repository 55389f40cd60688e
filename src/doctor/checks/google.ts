import { within } from "../../adapters/shared/google-headers.ts";
import { type Check, type Finding, failed, ok, skipped } from "../check.ts";
import { usesGoogle } from "../local.ts";

const LOG_IN =
  "On your machine: gcloud auth application-default login --scopes=https://www.googleapis.com/auth/cloud-platform," +
  "https://www.googleapis.com/auth/androidpublisher (with --impersonate-service-account=… to see what the service sees). " +
  "Where the service runs: attach its service account";

/** Whether Google lets us in at all, and in whose name. */
export const google: Check = {
  name: "google",
  async run({ config, google, signal }) {
    if (!usesGoogle(config)) return [skipped("emulators and stand-ins want no credentials")];
    try {
      await within(signal, google.headers("https://pubsub.googleapis.com/"));
      const account = await within(signal, google.account());
      return [
        ok(
          `credentials work, in the name of ${account ?? "a person (gcloud auth application-default login)"}`,
        ),
      ];
    } catch (error) {
      return [explain(error, signal)];
    }
  },
};

/** The library's errors quote paths and answers: they are known by their words and told in ours. */
function explain(error: unknown, signal: AbortSignal): Finding {
  const message = error instanceof Error ? error.message : "";
  if (signal.aborted)
    return failed(
      "the token server gives no answer in time",
      "Look whether this machine may reach https://oauth2.googleapis.com",
    );
  if (/default credentials/i.test(message)) return failed("there are no Google credentials here", LOG_IN);
  if (/invalid_grant|invalid_rapt|reauth/i.test(message))
    return failed("the Google credentials have run out or were withdrawn", LOG_IN);
  if (/ENOENT|does not exist|not a file/i.test(message))
    return failed(
      "GOOGLE_APPLICATION_CREDENTIALS names a file that can't be read",
      "Correct or unset GOOGLE_APPLICATION_CREDENTIALS",
    );
  if (/JSON|PEM|DECODER|private key|client_email/i.test(message))
    return failed(
      "the file of GOOGLE_APPLICATION_CREDENTIALS is no key of a service account",
      "Make a new key, or better attach the service account",
    );
  return failed("no access token could be had", LOG_IN);
}
