import { startKeyThai } from "../adapters/keythai/sandbox-harness.ts";
import { licenseServerContract } from "./license-server.ts";

/** What isn't known of KeyThai (facts/keythai.md): whether `q` sees metadata, and under which name a list comes. */
for (const qMatchesMetadata of [true, false]) {
  for (const listEnvelope of ["licenses", "data"] as const) {
    const q = qMatchesMetadata ? "sees" : "doesn't see";
    licenseServerContract(`KeyThai, q ${q} metadata, lists under "${listEnvelope}"`, async () => {
      const harness = await startKeyThai();
      Object.assign(harness.keythai, { qMatchesMetadata, listEnvelope });
      return {
        ...harness,
        held: () =>
          harness.keythai.licences.map(({ status, expiresAt, metadata }) => ({
            status,
            expiresAt,
            metadata,
          })),
        make(fault) {
          if (fault === "up") harness.heal();
          else if (fault === "down") harness.fault({ kind: "status_503", count: null });
          else if (fault === "done_unheard") harness.fault({ kind: "cut_after" });
          else harness.fault({ kind: "status_429", retryAfterSeconds: 0 });
        },
      };
    });
  }
}
