import { type RtdnTarget, startSandbox } from "./sandbox.ts";

const { env } = process;

/** The Pub/Sub emulator if it is there, else a push endpoint, else the notices are only kept. */
function rtdnTarget(): RtdnTarget {
  const topic = env.RTDN_TOPIC ?? "playgrant-rtdn";
  const emulatorHost = env.PUBSUB_EMULATOR_HOST;
  const projectId = env.GOOGLE_CLOUD_PROJECT;
  if (emulatorHost && projectId) return { kind: "pubsub", projectId, topic, emulatorHost };
  const url = env.RTDN_PUSH_URL;
  if (!url) return { kind: "none" };
  return {
    kind: "push",
    url,
    audience: env.RTDN_PUSH_AUDIENCE ?? url,
    serviceAccountEmail: env.RTDN_PUSH_SERVICE_ACCOUNT ?? "rtdn-push@sandbox.iam.gserviceaccount.com",
  };
}

const keythaiApiKey = env.KEYTHAI_API_KEY;
const rtdn = rtdnTarget();
const sandbox = await startSandbox({
  port: Number(env.SANDBOX_PORT ?? 8090),
  smtpPort: Number(env.SANDBOX_SMTP_PORT ?? 8025),
  ...(keythaiApiKey ? { keythaiApiKey } : {}),
  rtdn,
  automatic: true,
});
console.log(`sandbox on ${sandbox.url}, mail to 127.0.0.1:${sandbox.smtpPort}, notices: ${rtdn.kind}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void sandbox.close());
