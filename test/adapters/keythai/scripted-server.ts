import { createServer } from "node:http";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  /** Sent as it is when a text, else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers as told, for what the sandbox's KeyThai never says. The last answer is repeated. */
export async function startScripted(answers: readonly Answer[]) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const body = (await request.toArray()).join("");
    const answer = answers[Math.min(seen.length, answers.length - 1)] ?? {};
    seen.push({
      method: request.method ?? "",
      // As it came: a URL would tidy it up.
      path: request.url?.split("?")[0] ?? "",
      query: Object.fromEntries(url.searchParams),
      authorization: request.headers.authorization,
      body,
    });
    response.writeHead(answer.status ?? 200, answer.headers);
    response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
