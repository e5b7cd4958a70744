/** The service's API, in the types of docs/openapi.json. */
import createClient from "openapi-fetch";
import type { components, paths } from "@openapi";
import { API } from "./config";

type Schemas = components["schemas"];
export type Instance = Schemas["ListedInstance"];
export type Me = Schemas["Me"];
export type OperationName = Schemas["OperationName"];
export type Live = Schemas["LiveInstance"];
export type Request = Schemas["Request"];
export type DryRun = Schemas["DryRunAccepted"];
export type Place = Schemas["InstancePage"]["places"][number];

export type AuditRecord = Schemas["Record"];
export type Query<Path extends "/operations" | "/records"> = NonNullable<paths[Path]["get"]["parameters"]["query"]>;

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

export const UNREACHABLE = "The service cannot be reached. Check the network, then try again.";

async function told<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await asked.catch((error) => {
    throw error instanceof Refusal ? error : new Refusal(0, UNREACHABLE);
  });
  if (data !== undefined) return data;
  const said = (typeof error === "object" && error !== null ? error : {}) as Partial<Told>;
  throw new Refusal(response.status, said.error ?? `The service answered HTTP ${response.status}.`, said.code, said.hint);
}

export class Service {
  private readonly api;

  /** The credentials are asked for at each request: a token may have to be renewed. */
  constructor(credentials: () => Promise<Record<string, string>>) {
    this.api = createClient<paths>({ baseUrl: API });
    this.api.use({
      async onRequest({ request }) {
        for (const [name, value] of Object.entries(await credentials())) request.headers.set(name, value);
      },
    });
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

  instance(instance_id: string, account_id?: string, region?: string): Promise<Live> {
    return told(this.api.GET("/instances/{instance_id}", { params: { path: { instance_id }, query: { account_id, region } } }));
  }

  /** Ask what the request would be answered. Throws the Refusal that the request itself would get. */
  async tried(request: Request): Promise<DryRun> {
    const answer = await told(this.api.POST("/operations", { body: { ...request, dry_run: true } }));
    if ("accepted" in answer) return answer;
    throw new Refusal(500, "The service did not answer a dry run.");
  }

  /** Send the request under a key: the same key starts it once, however often it is sent. */
  async started(request: Request, key: string): Promise<string> {
    const header = { "Idempotency-Key": key };
    const answer = await told(this.api.POST("/operations", { body: request, params: { header } }));
    if ("operation_id" in answer) return answer.operation_id;
    throw new Refusal(500, "The service did not start an operation.");
  }

  operation(operation_id: string) {
    return told(this.api.GET("/operations/{operation_id}", { params: { path: { operation_id } } }));
  }

  async operations(query: Query<"/operations">) {
    return told(this.api.GET("/operations", { params: { query } }));
  }

  async records(query: Query<"/records">) {
    return told(this.api.GET("/records", { params: { query } }));
  }

  /** Read what is open: for an auditor everybody's, so that not all of it may be on the page. */
  async open() {
    const page = await told(this.api.GET("/operations", { params: { query: { finished: "false", limit: 100 } } }));
    return page.operations;
  }
}

export type Operation = Awaited<ReturnType<Service["operation"]>>;
