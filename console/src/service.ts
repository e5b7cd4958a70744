/** The service's API, in the types of docs/openapi.json. */
import createClient from "openapi-fetch";
import type { components, paths } from "@openapi";
import { API } from "./config";

type Schemas = components["schemas"];
export type Instance = Schemas["ListedInstance"];
export type Me = Schemas["Me"];
export type OperationName = Schemas["OperationName"];
export type Place = Schemas["InstancePage"]["places"][number];

interface Told {
  error: string;
  code?: string;
  hint?: string;
}

/** What the service answered instead of what was asked for. Status 0: there was no answer. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code = "",
    readonly hint = "",
  ) {
    super(message);
  }

  /** Whether the credentials are the reason, not what they were used for. */
  get isSignedOut(): boolean {
    return this.status === 401 || this.code === "invalid_api_key";
  }
}

const UNREACHABLE = "The service cannot be reached. Check the network, then try again.";

async function told<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await asked.catch(() => {
    throw new Refusal(0, UNREACHABLE);
  });
  if (data !== undefined) return data;
  const said = (typeof error === "object" && error !== null ? error : {}) as Partial<Told>;
  throw new Refusal(response.status, said.error ?? `The service answered HTTP ${response.status}.`, said.code, said.hint);
}

export class Service {
  private readonly api;

  constructor(headers: Record<string, string>) {
    this.api = createClient<paths>({ baseUrl: API, headers });
  }

  me(): Promise<Me> {
    return told(this.api.GET("/me"));
  }

  /** Read the whole inventory, and hand on what has come so far after each page. */
  async instances(signal: AbortSignal, soFar: (found: Instance[], places: Place[]) => void): Promise<void> {
    let found: Instance[] = [];
    let next: string | undefined;
    do {
      const page = await told(this.api.GET("/instances", { params: { query: { limit: 100, next } }, signal }));
      signal.throwIfAborted();
      found = [...found, ...page.instances];
      soFar(found, page.places);
      next = page.next;
    } while (next);
  }
}
