import { createLocalSecretBox, parseEncryptionKeys } from "../../adapters/crypto/local-secret-box.ts";
import { Secret } from "../../domain/secret.ts";
import { type Check, ok, skipped, warning } from "../check.ts";

/** The owner's own keys: they parse, and what they seal opens again. Nothing is stored. */
export const encryption: Check = {
  name: "encryption",
  async run({ config, issues }) {
    const text = config.LICENSE_ENCRYPTION_KEYS;
    if (issues.some(({ variable }) => variable === "LICENSE_ENCRYPTION_KEYS"))
      return [skipped("because LICENSE_ENCRYPTION_KEYS is not right: see settings")];
    if (text === undefined && config.LICENSE_KMS_KEY !== undefined)
      return [skipped("LICENSE_ENCRYPTION_KEYS is not set: Cloud KMS seals")];
    if (text === undefined)
      return [
        warning(
          "neither LICENSE_ENCRYPTION_KEYS nor LICENSE_KMS_KEY is set: secrets of webhook endpoints lie unsealed",
          'Before you make endpoints, set LICENSE_ENCRYPTION_KEYS to what this prints: echo "k1:$(openssl rand -base64 32)"',
        ),
      ];
    const keys = parseEncryptionKeys(text.reveal());
    const box = createLocalSecretBox(keys);
    // What can't be opened, or as something else, is thrown.
    await box.open(await box.seal(new Secret("doctor"), "doctor"), "doctor");
    return [
      ok(
        `${keys.length} of your own, and what they seal opens again. Keep a copy: without it licenses are lost`,
      ),
    ];
  },
};
