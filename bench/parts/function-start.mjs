import { createServer, get } from "node:http";

/**
 * `node function-start.mjs <bundle> <function>`: loads the functions as an instance of one of them does, lets it do its
 * first and smallest piece of work, and says when.
 */
const [bundle, name] = process.argv.slice(2);
const functions = await import(bundle);
const loadedMs = performance.now();

const TEST_NOTICE = {
  version: "1.0",
  packageName: "com.example.app",
  eventTimeMillis: "1",
  testNotification: { version: "1.0" },
};

/** What a schedule runs in most minutes; at the full hour it asks Google for its list of refunds as well. */
const MOST_MINUTES = "2026-01-01T00:01:00.000Z";

async function askApi() {
  const server = createServer((request, response) => functions.api(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Not by fetch: that it has to be loaded first is not the function's time.
  const answer = await new Promise((resolve, reject) =>
    get({ host: "127.0.0.1", port: server.address().port, path: "/healthz" }, resolve).once("error", reject),
  );
  if (answer.statusCode !== 200) throw new Error(`the api answered ${answer.statusCode}`);
}

if (name === "api") await askApi();
else if (name === "developerNotifications") {
  const data = Buffer.from(JSON.stringify(TEST_NOTICE)).toString("base64");
  await functions[name].run({ data: { message: { messageId: "1", data } } });
} else await functions[name].run({ scheduleTime: MOST_MINUTES });

process.stdout.write(`${JSON.stringify({ loadedMs, readyMs: performance.now() })}\n`);
process.exit();
