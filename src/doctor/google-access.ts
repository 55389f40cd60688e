import type { AuthClient, GoogleAuth } from "google-auth-library";

/** Google's application default credentials, whoever they are. */
export interface GoogleAccess {
  /** The headers that let us in at a URL of Google's. */
  headers(url: string): Promise<Headers>;
  /** In whose name, as Google's consoles write it; null: a person, whose address the credentials don't hold. */
  account(): Promise<string | null>;
}

const SCOPES = [
  "https://www.googleapis.com/auth/cloud-platform",
  "https://www.googleapis.com/auth/androidpublisher",
];

/** Loaded with the first question: where all is emulated nobody asks. */
export function createGoogleAccess(): GoogleAccess {
  let loading: Promise<GoogleAuth> | null = null;
  const load = () => {
    loading ??= import("google-auth-library").then(({ GoogleAuth }) => new GoogleAuth({ scopes: SCOPES }));
    return loading;
  };
  return {
    headers: async (url) => (await load()).getRequestHeaders(url),
    async account() {
      const auth = await load();
      const impersonated = targetOf(await auth.getClient());
      return impersonated ?? (await auth.getCredentials()).client_email ?? null;
    },
  };
}

/** Whom `gcloud auth application-default login --impersonate-service-account` acts for. */
function targetOf(client: AuthClient | object): string | null {
  if (!("getTargetPrincipal" in client) || typeof client.getTargetPrincipal !== "function") return null;
  return String(client.getTargetPrincipal());
}
