/** A table's filter as text for the URL. Anybody may have written the URL: what is not a filter counts as none. */
import type { PropertyFilterProps } from "@cloudscape-design/components/property-filter";

type Query = PropertyFilterProps.Query;

const OPERATORS = ["=", "!=", ":", "!:"];

const isToken = (token: unknown, keys: readonly string[]): token is PropertyFilterProps.Token => {
  if (typeof token !== "object" || token === null) return false;
  const { propertyKey, operator, value } = token as Record<string, unknown>;
  return (
    (propertyKey === undefined || keys.includes(propertyKey as string)) &&
    OPERATORS.includes(String(operator)) &&
    typeof value === "string"
  );
};

/** `keys` are those of the properties that can be filtered by: with another one, as `__proto__`, the table would break. */
export function readFilter(text: string | null, keys: readonly string[]): Query {
  try {
    const [operation, ...tokens] = JSON.parse(text ?? "") as unknown[];
    if ((operation === "and" || operation === "or") && tokens.every((token) => isToken(token, keys))) return { operation, tokens: tokens as Query["tokens"] };
  } catch {
    // Not a filter.
  }
  return { operation: "and", tokens: [] };
}

export const filterText = ({ operation, tokens }: Query): string =>
  tokens.length ? JSON.stringify([operation, ...tokens.map(({ propertyKey, operator, value }) => ({ propertyKey, operator, value }))]) : "";
