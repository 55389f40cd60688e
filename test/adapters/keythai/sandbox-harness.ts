import type { FaultInput } from "../../../sandbox/faults.ts";
import { startSandbox } from "../../../sandbox/sandbox.ts";
import { createKeyThaiClient } from "../../../src/adapters/keythai/keythai-client.ts";
import {
  createLicenseServer,
  type LicenseServerOptions,
} from "../../../src/adapters/keythai/license-server.ts";
import { Secret } from "../../../src/domain/secret.ts";

export type KeyThaiFault = Omit<FaultInput, "service">;

/** The real client against the sandbox's KeyThai, with pauses too short to wait for. */
export async function startKeyThai(
  changes: Partial<LicenseServerOptions> & { apiKey?: string; timeoutMs?: number } = {},
) {
  const sandbox = await startSandbox({ port: 0, smtpPort: null });
  const client = createKeyThaiClient({
    apiKey: new Secret(changes.apiKey ?? sandbox.keythai.apiKey),
    baseUrl: `${sandbox.url}/keythai/v1/`,
    timeoutMs: changes.timeoutMs ?? 5_000,
  });
  const options = { client, issueTimeoutMs: 5_000, maxPages: 5, retryDelayMs: 1, ...changes };
  const [policy] = sandbox.keythai.policies;
  return {
    client,
    keythai: sandbox.keythai,
    server: createLicenseServer(options),
    product: "my-app",
    policyId: policy?.id ?? "",
    fault: (fault: KeyThaiFault) => sandbox.faults.add({ service: "keythai", ...fault }),
    heal: () => sandbox.faults.clear(),
    close: () => sandbox.close(),
  };
}

export type KeyThaiHarness = Awaited<ReturnType<typeof startKeyThai>>;
