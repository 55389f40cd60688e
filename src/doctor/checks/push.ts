import { GOOGLE_JWKS_URL } from "../../adapters/identity/push-identity.ts";
import { type Check, failed, skipped } from "../check.ts";
import { readKeys } from "./sign-in.ts";

/** Whom the push endpoint believes. Whether Pub/Sub pushes in that name is told by `pubsub`. */
export const push: Check = {
  name: "push",
  run({ config, signal }) {
    const { RTDN_PUSH_AUDIENCE: audience, RTDN_PUSH_SERVICE_ACCOUNT: account } = config;
    if (audience === undefined && account === undefined)
      return [
        skipped(
          "RTDN_PUSH_AUDIENCE and RTDN_PUSH_SERVICE_ACCOUNT are not set: POST /v1/rtdn answers 401 to all",
        ),
      ];
    if (audience === undefined || account === undefined) {
      const missing = audience === undefined ? "RTDN_PUSH_AUDIENCE" : "RTDN_PUSH_SERVICE_ACCOUNT";
      return [
        failed(
          `${missing} is not set, so POST /v1/rtdn answers 401 to all`,
          `Set ${missing} to what the push subscription has`,
        ),
      ];
    }
    const url = config.RTDN_PUSH_JWKS_URL;
    return readKeys(url ?? GOOGLE_JWKS_URL, url === undefined ? null : "RTDN_PUSH_JWKS_URL", signal);
  },
};
