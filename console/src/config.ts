/** What the page must know before anybody signs in. */
export interface Config {
  authentication: "api_key" | "cognito" | "iam";
  region: string;
  version: string;
  /** What the page calls itself. */
  title: string;
  /** The form of CloudOps requests; empty where the settings name none. */
  cloudops_url: string;
  /** Where the user pool has sign-in pages: their URL, the page's app client and the pool's id. */
  sign_in?: { url: string; client: string; pool: string };
}

export const API = new URL("..", document.baseURI.split("#")[0]).href.replace(/\/$/, "");

/** Read config.json. Where that fails, return the sentence that says so. */
export async function readConfig(): Promise<Config | string> {
  try {
    const answer = await fetch("config.json");
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    return (await answer.json()) as Config;
  } catch (error) {
    return `The console's settings cannot be read (${error instanceof Error ? error.message : error}). Reload the page.`;
  }
}
