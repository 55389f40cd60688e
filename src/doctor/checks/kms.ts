import { createEnvelopeSecretBox } from "../../adapters/crypto/envelope-secret-box.ts";
import { createKmsKeyWrapper } from "../../adapters/crypto/kms-key-wrapper.ts";
import { AppError } from "../../domain/errors.ts";
import { Secret } from "../../domain/secret.ts";
import { type Check, type CheckContext, type Finding, failed, ok, skippedWithout } from "../check.ts";
import { enable, memberOf } from "../google-api.ts";

/** The key in Cloud KMS wraps a key and unwraps it again, as the service has it do. Nothing is stored. */
export const kms: Check = {
  name: "kms",
  needs: ({ config }) => (config.LICENSE_KMS_KEY === undefined ? [] : ["google"]),
  async run(context) {
    const { config, issues, google, roots, clock, timeoutMs } = context;
    const keyName = config.LICENSE_KMS_KEY;
    if (keyName === undefined) return [skippedWithout("LICENSE_KMS_KEY", issues)];
    const wrapper = createKmsKeyWrapper({
      keyName,
      rootUrl: roots.kms,
      timeoutMs: timeoutMs / 2,
      credentials: google.headers,
    });
    try {
      const sealed = await createEnvelopeSecretBox(wrapper, clock).seal(new Secret("doctor"), "doctor");
      // Another box: the one that sealed knows the key still, and wouldn't ask.
      await createEnvelopeSecretBox(wrapper, clock).open(sealed, "doctor");
      return [ok(`${keyName} wraps and unwraps`)];
    } catch (error) {
      if (error instanceof AppError) return [await explain(error, keyName, context)];
      throw error;
    }
  },
};

/** `Cloud KMS answered 403 to encrypt` */
const ANSWERED = /answered (\d{3}) to (encrypt|decrypt)/;

async function explain({ cause }: AppError, keyName: string, context: CheckContext): Promise<Finding> {
  const [, project = "", , location = "", , ring = "", , key = ""] = keyName.split("/");
  const [, status, verb] = ANSWERED.exec(cause instanceof Error ? cause.message : "") ?? [];
  const place = `--project=${project} --location=${location} --keyring=${ring}`;
  switch (status) {
    case undefined:
      return failed(
        "Cloud KMS gives no answer",
        "Look whether this machine may reach https://cloudkms.googleapis.com",
      );
    case "400":
    case "404":
      return failed(
        `Cloud KMS has no usable key of this name (${status} to ${verb})`,
        `gcloud kms keys create ${key} ${place} --purpose=encryption, or correct LICENSE_KMS_KEY; its primary version must be enabled`,
      );
    case "403":
      return failed(
        `Cloud KMS refuses to ${verb} (403)`,
        `gcloud kms keys add-iam-policy-binding ${key} ${place} --member=${await memberOf(context)} ` +
          `--role=roles/cloudkms.cryptoKeyEncrypterDecrypter; if its API is off: ${enable("cloudkms.googleapis.com", project)}`,
      );
    default:
      return failed(`Cloud KMS answered ${status} to ${verb}`, "Try again in some minutes");
  }
}
