/** Gives the headers that let us in at a URL of Google's. */
export type GoogleHeaders = (url: string) => Promise<Headers>;

/**
 * Google's application default credentials, for APIs that are called too rarely for a client of their own. The library is
 * loaded with the first call: most processes never make one.
 */
export function googleHeaders(scope: string): GoogleHeaders {
  let loading: Promise<{ getRequestHeaders(url: string): Promise<Headers> }> | null = null;
  return async (url) => {
    loading ??= import("google-auth-library").then(({ GoogleAuth }) => new GoogleAuth({ scopes: [scope] }));
    return (await loading).getRequestHeaders(url);
  };
}

/** The library knows no deadline for all that it does. @throws What the work throws, or the signal's reason. */
export async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => late.reject(signal.reason), { once: true });
  return Promise.race([work, late.promise]);
}
