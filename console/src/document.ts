/** The fields of an operation's form, from the service's own API document. */
import { API } from "./config";
import type { OperationName } from "./service";

export interface Field {
  name: string;
  kind: "text" | "flag" | "tags";
  description: string;
  isRequired: boolean;
  initial: boolean;
  pattern?: RegExp;
  example: string;
  most?: number;
}

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  pattern?: string;
  examples?: string[];
  maxLength?: number;
  maxItems?: number;
  description?: string;
  default?: unknown;
}

interface Spec {
  components: { schemas: Record<string, Schema & { discriminator?: { mapping: Record<string, string> } }> };
}

let kept: Promise<Spec> | undefined;

async function read(): Promise<Spec> {
  const answer = await fetch(`${API}/openapi.json`);
  if (!answer.ok) throw new Error(`The API document cannot be read: HTTP ${answer.status}.`);
  return (await answer.json()) as Spec;
}

/** Return the fields of the operation's parameters, in the document's order. */
export async function fieldsOf(operation: OperationName): Promise<Field[]> {
  kept ??= read().catch((error) => {
    kept = undefined;
    throw error;
  });
  const { schemas } = (await kept).components;
  const named = (schema: Schema): Schema => (schema.$ref ? schemas[schema.$ref.split("/").pop()!] : schema);
  const request = named({ $ref: schemas.Request.discriminator!.mapping[operation] });
  const { properties = {}, required = [] } = named(request.properties!.parameters);
  return Object.entries(properties).map(([name, given]) => {
    const schema = named(given);
    const types = [schema.type].flat();
    return {
      name,
      kind: types.includes("boolean") ? "flag" : types.includes("array") ? "tags" : "text",
      description: schema.description ?? "",
      isRequired: required.includes(name),
      initial: schema.default === true,
      pattern: schema.pattern ? new RegExp(schema.pattern, "u") : undefined,
      example: schema.examples?.[0] ?? "",
      most: schema.maxLength ?? schema.maxItems,
    };
  });
}

/** Return what is wrong with a text, empty where nothing is. */
export function problem({ isRequired, pattern, most, example }: Field, text: string): string {
  if (!text) return isRequired ? "Enter a value." : "";
  if (most !== undefined && text.length > most) return `At most ${most} characters.`;
  return pattern && !pattern.test(text) ? `Enter a value such as ${example}.` : "";
}

export const labelOf = (name: string): string => {
  const words = name.replaceAll("_", " ").replace(/\bid\b/, "name");
  return words[0].toUpperCase() + words.slice(1);
};
